"""The same weights and inputs in PyTorch: the same outputs and gradients, in float64 and in float32."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from chainrule.layers import Layer, Parameter, randomness

from .layers import holders
from .trees import is_array, is_float, leaves, map_arrays, map_tree
from .upstream import draw_upstream

TOLERANCES = {"float64": 1e-10, "float32": 1e-4}  # relative to the largest number of each array


def torch_or_skip() -> Any:
    """The torch module; skips the test, saying why, where it is not installed."""
    torch = pytest.importorskip(
        "torch", reason="PyTorch is not installed, so there is nothing to compare with"
    )
    torch.set_num_threads(1)
    return torch


def compare_function(
    forward: Callable[..., Any],
    backward: Callable[[Any, Any], Any],
    theirs: Callable[..., Any],
    arrays: Sequence[Any],
    *,
    kwargs: dict[str, Any] | None = None,
    torch_kwargs: dict[str, Any] | None = None,
    differentiable: Sequence[int] | None = None,
    outputs: int = 1,
    tolerances: dict[str, float] = TOLERANCES,
    seed: int = 0,
) -> None:
    """Raises AssertionError unless both give the same output and, for one random upstream, the same
    gradients.

    theirs: called with tensors in place of the arrays, None where an array is None, and torch_kwargs
        (default: kwargs).
    tolerances: {dtype: relative tolerance}, the dtypes to compare in.
    """
    kwargs = kwargs or {}
    if differentiable is None:
        differentiable = [i for i, tree in enumerate(arrays) if any(is_float(leaf) for leaf in leaves(tree))]
    for dtype, tolerance in tolerances.items():
        given = tuple(_cast(tree, dtype) for tree in arrays)
        result = forward(*given, **_cast(kwargs, dtype))
        y = result[0] if outputs == 1 else tuple(result[:outputs])
        dy = draw_upstream(y, np.random.default_rng(seed))
        gradients = backward(dy, result[-1])
        gradients = (
            gradients if isinstance(gradients, tuple) and len(gradients) == len(given) else (gradients,)
        )

        tensors = [_tensor(tree, i in differentiable) for i, tree in enumerate(given)]
        their_y = _quietly(theirs, *tensors, **(kwargs if torch_kwargs is None else torch_kwargs))
        _run_backward(their_y, dy)
        label = f"{getattr(forward, '__name__', forward)} in {dtype}"
        _require_close(y, their_y, tolerance, f"{label}: the output")
        for i in differentiable:
            theirs_i = [None if t is None else t.grad for t in leaves(tensors[i])]
            _require_close(gradients[i], theirs_i, tolerance, f"{label}: the gradient of argument {i}")


def compare_layer(
    ours: Layer,
    theirs: Any,
    *inputs: Any,
    kwargs: dict[str, Any] | None = None,
    call: Callable[..., Any] | None = None,
    differentiable: Sequence[int] | None = None,
    outputs: int = 1,
    tolerances: dict[str, float] = TOLERANCES,
    seed: int = 0,
) -> None:
    """Raises AssertionError unless both layers have the same state dict keys and, with the same state, the
    same answers.

    The state moves from theirs to ours by load_state_dict, with no mapping. Compared are the outputs, the
    gradients of the inputs and of every parameter, and the buffers after the step. Neither of the two is
    changed: copies are cast and run.

    call: call(module, *tensors) where PyTorch's module is not called with the inputs alone.
    """
    torch = torch_or_skip()
    if differentiable is None:
        differentiable = [i for i, tree in enumerate(inputs) if any(is_float(leaf) for leaf in leaves(tree))]
    label = type(ours).__name__
    ours_keys, their_keys = list(ours.state_dict()), list(theirs.state_dict())
    assert ours_keys == their_keys, (
        f"{label}: the state dicts have other keys: {ours_keys}, PyTorch: {their_keys}"
    )
    for dtype, tolerance in tolerances.items():
        mine = cast_layer(ours, dtype)
        module = copy.deepcopy(theirs).to(getattr(torch, dtype)).train(ours.training)
        mine.load_state_dict({name: tensor.detach().numpy() for name, tensor in module.state_dict().items()})
        mine.zero_grad()
        given = tuple(_cast(tree, dtype) for tree in inputs)
        with randomness(seed, step=1):
            result = mine.forward(*given, **(kwargs or {}))
        y = result[0] if outputs == 1 else tuple(result[:outputs])
        dy = draw_upstream(y, np.random.default_rng(seed))
        dinputs = mine.backward(dy, result[-1])
        dinputs = dinputs if isinstance(dinputs, tuple) and len(dinputs) >= len(given) > 1 else (dinputs,)

        tensors = [_tensor(tree, i in differentiable) for i, tree in enumerate(given)]
        their_y = _quietly(call, module, *tensors) if call else _quietly(module, *tensors)
        _run_backward(their_y, dy)
        _require_close(y, their_y, tolerance, f"{label} in {dtype}: the output")
        for i in differentiable:
            theirs_i = [None if t is None else t.grad for t in leaves(tensors[i])]
            _require_close(dinputs[i], theirs_i, tolerance, f"{label} in {dtype}: the gradient of input {i}")
        their_grads = {name: parameter.grad for name, parameter in module.named_parameters()}
        our_grads = {name: parameter.grad for name, parameter in mine.named_parameters()}
        assert list(our_grads) == list(their_grads), (
            f"{label}: parameters {list(our_grads)}, PyTorch: {list(their_grads)}"
        )
        for name, grad in our_grads.items():
            _require_close(grad, their_grads[name], tolerance, f"{label} in {dtype}: the gradient of {name}")
        mine.update_running_statistics()
        their_state = module.state_dict()
        for name, value in mine.state_dict().items():
            _require_close(value, their_state[name], tolerance, f"{label} in {dtype}: {name} after the step")


def cast_layer(layer: Layer, dtype: Any) -> Layer:
    """A copy of a layer whose floating point parameters and buffers hold another dtype."""
    layer = copy.deepcopy(layer)
    for holder in holders(layer):
        if holder.dtype.kind == "f":
            # a Parameter never rebinds its arrays; a test may
            holder._data = holder.data.astype(dtype)
            if isinstance(holder, Parameter):
                holder._grad = np.zeros_like(holder.data)
    return layer


def _cast(tree: Any, dtype: str) -> Any:
    return map_arrays(lambda a: np.array(a, dtype=dtype if is_float(a) else a.dtype, order="C"), tree)


def _tensor(tree: Any, differentiable: bool) -> Any:
    torch = torch_or_skip()

    def one(leaf: Any) -> Any:
        if not is_array(leaf):
            return leaf
        tensor = torch.tensor(leaf)
        return tensor.requires_grad_() if differentiable and tensor.is_floating_point() else tensor

    return map_tree(one, tree)


def _quietly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Warnings are errors in our tests, but PyTorch may warn about itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


def _run_backward(y: Any, dy: Any) -> None:
    """Backpropagates Σ dy · y through PyTorch's graph."""
    torch = torch_or_skip()
    pairs = [(a, torch.tensor(g)) for a, g in zip(leaves(y), leaves(dy), strict=True) if g is not None]
    torch.autograd.backward([a for a, _ in pairs], [g.reshape(a.shape) for a, g in pairs])


def _require_close(ours: Any, theirs: Any, relative: float, label: str) -> None:
    for i, (a, b) in enumerate(zip(leaves(ours), leaves(theirs), strict=True)):
        if a is None and b is None:
            continue
        a = np.zeros(tuple(b.shape)) if a is None else np.asarray(a)
        b = np.zeros(a.shape) if b is None else b.detach().numpy()
        assert a.shape == b.shape, f"{label} (part {i}) has shape {a.shape}, PyTorch's {b.shape}"
        error, scale = np.abs(a - b).max(initial=0), np.abs(b).max(initial=0)
        assert error <= relative * max(scale, 1e-3), (
            f"{label} (part {i}) differs by {error:.3g}, numbers go up to {scale:.3g}"
        )
