"""torch's modules and functions as references. torch is in use already, or they could not have been handed
in.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..structure import leaves
from ..tensors import in_float64, is_tensor, to_arrays, to_tensors
from .kinds import Arrays, Gradients
from .reading import Leaf


class ModuleReference:
    """A torch.nn.Module: a copy in float64."""

    def __init__(self, original: Any, kwargs: dict[str, Any]) -> None:
        self.module = copy.deepcopy(original).double().cpu()
        self.name = type(original).__name__
        parameters = inspect.signature(self.module.forward).parameters
        named = [p for p in parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self.kwargs = {k: v for k, v in kwargs.items() if k in parameters}
        least = sum(p.default is inspect.Parameter.empty for p in named)
        self.takes = (1 if self._attends() else max(1, least), len(named) or 99)
        self.held = dict(self.module.named_parameters())
        self.held |= {n: b for n, b in self.module.named_buffers() if b.is_floating_point()}
        self.shapes: dict[str, tuple[int, ...] | None] = {n: tuple(t.shape) for n, t in self.held.items()}
        self.optional = set(self.shapes)
        self.numbers = {
            f"{path}.{n}" if path else n: float(v)
            for path, m in self.module.named_modules()
            for n, v in vars(m).items()
            if type(v) is float
        }
        self.state = {n: t.detach().clone() for n, t in self.held.items()}

    def _attends(self) -> bool:
        return any(k.__name__ == "MultiheadAttention" for k in type(self.module).__mro__)

    def _run(
        self, torch: Any, inputs: Sequence[Any], values: Arrays, grad: bool
    ) -> tuple[list[Any], list[tuple[str, Any]]]:
        with torch.no_grad():
            for name, tensor in self.held.items():
                tensor.copy_(torch.from_numpy(np.array(values[name])) if name in values else self.state[name])
        tensors = [to_tensors(np.array(v)) if isinstance(v, np.ndarray) else to_tensors(v) for v in inputs]
        for tensor in tensors:
            if grad and is_tensor(tensor) and tensor.is_floating_point():
                tensor.requires_grad_()
        result = self.module(*self._packed(tensors), **to_tensors(self.kwargs))
        return tensors, tensor_leaves(result)

    def _packed(self, tensors: list[Any]) -> list[Any]:
        """The inputs in the grouping that torch asks for: (h, c) as a tuple, one tensor for query, key,
        value.
        """
        if self._attends() and len(tensors) < 3:
            return [*tensors, *[tensors[-1]] * (3 - len(tensors))]
        kind = type(self.module).__name__
        if kind in ("LSTM", "LSTMCell", "GRU", "RNN") and len(tensors) > 1:
            stacked = [
                t[None] if t.dim() == 2 and kind != "LSTMCell" else t for t in tensors[1:] if is_tensor(t)
            ]
            return [tensors[0], tuple(stacked) if kind.startswith("LSTM") else stacked[0]]
        return tensors

    def run(self, inputs: Sequence[Any], values: Arrays, seed: int = 0) -> list[Leaf]:
        with in_float64(seed) as torch:
            return as_arrays(self._run(torch, inputs, values, False)[1])

    def gradients(
        self, inputs: Sequence[Any], values: Arrays, upstream: dict[str, np.ndarray]
    ) -> Gradients | None:
        with in_float64(0, grad=True) as torch:
            tensors, outputs = self._run(torch, inputs, values, True)
            names = [n for n, t in self.held.items() if t.requires_grad]
            at = {i: t for i, t in enumerate(tensors) if is_tensor(t) and t.requires_grad}
            found = backward(torch, outputs, upstream, [*at.values(), *(self.held[n] for n in names)])
        return dict(zip(at, found, strict=False)), dict(zip(names, found[len(at) :], strict=True))

    def in_mode(self, training: bool) -> bool:
        if self.module.training == training:
            return False
        self.module.train(training)
        return True


class TensorFunction:
    """A function of tensors, such as those of torch.nn.functional; weights follow the inputs in
    their order.
    """

    optional: set[str]

    def __init__(self, function: Any, kwargs: dict[str, Any], inputs: int, weights: list[str]) -> None:
        self.function = function
        self.kwargs = kwargs
        self.name = getattr(function, "__name__", type(function).__name__)
        self.numbers: dict[str, float] = {}
        self.takes = (1, 99)
        try:
            named = [
                p for p in inspect.signature(function).parameters.values() if p.kind is not p.KEYWORD_ONLY
            ]
        except (TypeError, ValueError):
            self.shapes: dict[str, tuple[int, ...] | None] = dict.fromkeys(weights)
        else:
            least = sum(p.default is inspect.Parameter.empty for p in named)
            self.takes = (1, len(named))
            self.shapes = {
                p.name: None
                for i, p in enumerate(named[inputs:], inputs)
                if i < least or p.name in ("weight", "bias")
            }
            self.numbers = {p.name: p.default for p in named if type(p.default) is float}
        self.optional = set()

    def _run(
        self, inputs: Sequence[Any], values: Arrays, grad: bool
    ) -> tuple[list[Any], list[tuple[str, Any]]]:
        arrays = [*inputs, *(values.get(n) for n in self.shapes)]
        tensors = [to_tensors(np.array(v)) if isinstance(v, np.ndarray) else to_tensors(v) for v in arrays]
        for tensor in tensors:
            if grad and is_tensor(tensor) and tensor.is_floating_point():
                tensor.requires_grad_()
        return tensors, tensor_leaves(self.function(*tensors, **to_tensors(self.kwargs)))

    def run(self, inputs: Sequence[Any], values: Arrays, seed: int = 0) -> list[Leaf]:
        with in_float64(seed):
            return as_arrays(self._run(inputs, values, False)[1])

    def gradients(
        self, inputs: Sequence[Any], values: Arrays, upstream: dict[str, np.ndarray]
    ) -> Gradients | None:
        with in_float64(0, grad=True) as torch:
            tensors, outputs = self._run(inputs, values, True)
            if not any(t.requires_grad for _, t in outputs):
                return None
            at = {i: t for i, t in enumerate(tensors) if is_tensor(t) and t.requires_grad}
            found = dict(zip(at, backward(torch, outputs, upstream, list(at.values())), strict=True))
        named = {len(inputs) + k: n for k, n in enumerate(self.shapes)}
        return {i: g for i, g in found.items() if i < len(inputs)}, {
            named[i]: g for i, g in found.items() if i in named
        }

    def in_mode(self, training: bool) -> bool:
        return False


def tensor_leaves(result: Any) -> list[tuple[str, Any]]:
    """(name, tensor) of every floating tensor in an output, named as `leaves` would."""
    tensors: dict[int, Any] = {}

    def numbered(value: Any) -> Any:
        if is_tensor(value):
            if not value.is_floating_point():
                return None
            tensors[len(tensors)] = value
            return float(len(tensors) - 1)
        if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
            return type(value)(numbered(v) for v in value)
        if isinstance(value, dict):
            return {k: numbered(v) for k, v in value.items()}
        return float("nan") if isinstance(value, float) else value

    return [(name, tensors[int(i)]) for name, i in leaves(numbered(result)) if i == i]


def as_arrays(outputs: list[tuple[str, Any]]) -> list[Leaf]:
    return [(name, np.array(tensor.detach().cpu().numpy())) for name, tensor in outputs]


def backward(
    torch: Any, outputs: list[tuple[str, Any]], upstream: dict[str, np.ndarray], of: list[Any]
) -> list[Any]:
    """The gradients of sum(upstream * outputs)."""
    total = sum((t * torch.from_numpy(np.array(upstream[n]))).sum() for n, t in outputs if n in upstream)
    found = torch.autograd.grad(total, of, allow_unused=True)
    return [None if g is None else to_arrays(g) for g in found]
