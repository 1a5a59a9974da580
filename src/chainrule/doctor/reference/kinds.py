"""What can serve as a reference, and how it is run: a function, a pair, an object with forward, a chainrule
layer. (torch's modules and functions: torch_kinds.)
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from ..arrays_inside import Place, places
from ..calling import positional, required
from ..objects import backward_of, forward_of
from ..precision import Promoter
from ..quiet import same_draws
from ..snapshot import Snapshot
from ..subject import Subject
from .reading import Leaf, backward_beside, floats, is_counted, is_gradient, put_into_mode, tidy

Arrays = dict[str, np.ndarray]
Gradients = tuple[dict[int, Any], dict[str, Any]]  # by the input's index, by the parameter's name


class NotComparable(TypeError):
    """The reference cannot be run on the subject's inputs."""


class Reference(Protocol):
    """Something to compare with. `shapes`: its parameters; None where any shape may do."""

    name: str
    shapes: dict[str, tuple[int, ...] | None]
    optional: set[str]  # parameters that may be left out
    numbers: dict[str, float]  # eps, slopes: its floating constants
    takes: tuple[int, int]  # so many inputs, at least and at most

    def run(self, inputs: Sequence[Any], values: Arrays, seed: int = 0) -> list[Leaf]: ...

    def gradients(
        self, inputs: Sequence[Any], values: Arrays, upstream: dict[str, np.ndarray]
    ) -> Gradients | None: ...

    def in_mode(self, training: bool) -> bool: ...


class FunctionReference:
    """A function of the inputs, and of weights where it takes more than these. Of a pair: its
    backward, too.
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any] | None,
        kwargs: dict[str, Any],
        inputs: int,
    ) -> None:
        self.function = forward
        self.backward_function = backward or backward_beside(forward)
        names = [p.name for p in positional(forward)]
        self.kwargs = (
            {k: v for k, v in kwargs.items() if k in inspect.signature(forward).parameters} if names else {}
        )
        least = len(required(forward))
        variadic = not names or any(
            p.kind is p.VAR_POSITIONAL for p in inspect.signature(forward).parameters.values()
        )
        self.name = getattr(forward, "__name__", type(forward).__name__)
        self.takes = (1, 99) if variadic else (min(1, len(names)), len(names))
        extra = names[inputs:] if not variadic else []
        self.shapes: dict[str, tuple[int, ...] | None] = {
            n: None for i, n in enumerate(extra) if inputs + i < least or _is_weight(n)
        }
        self.optional = {n for i, n in enumerate(extra) if inputs + i >= least}
        self.numbers = {p.name: float(p.default) for p in positional(forward) if isinstance(p.default, float)}

    def _arguments(self, inputs: Sequence[Any], values: Arrays) -> tuple[Any, ...]:
        missing = [n for n in self.shapes if n not in values and n not in self.optional]
        if missing:
            raise TypeError(f"{self.name} also takes {', '.join(missing)}")
        return (*inputs, *(values.get(n) for n in self.shapes))

    def run(self, inputs: Sequence[Any], values: Arrays, seed: int = 0) -> list[Leaf]:
        # module-level random numbers: others for another seed
        np.random.random(3 * seed)  # noqa: NPY002
        with same_draws(seed):
            result = self.function(*self._arguments(inputs, values), **self.kwargs)
        if self.backward_function is not None and isinstance(result, tuple) and len(result) > 1:
            result = result[0] if len(result) == 2 else result[:-1]
        return floats(result)

    def gradients(
        self, inputs: Sequence[Any], values: Arrays, upstream: dict[str, np.ndarray]
    ) -> Gradients | None:
        if self.backward_function is None:
            return None
        arguments = self._arguments(inputs, values)
        found = _gradients(
            Subject((self.function, self.backward_function), arguments, self.kwargs), arguments, upstream
        )
        names = [p.name for p in positional(self.function)]
        return (
            {i: found[n] for i, n in enumerate(names[: len(inputs)]) if n in found},
            {n: found[n] for n in self.shapes if n in found},
        )

    def in_mode(self, training: bool) -> bool:
        return False


def _is_weight(name: str) -> bool:
    return name.lower() in ("weight", "w", "bias", "b", "kernel", "gamma", "beta", "weights", "biases")


class ObjectReference:
    """An object with forward (and backward): a copy of it, in float64, put back after each run."""

    def __init__(self, original: Any, kwargs: dict[str, Any]) -> None:
        self.object = copy.deepcopy(original)
        Promoter().object(self.object)
        self.name = type(original).__name__
        method = getattr(self.object, str(forward_of(original)))
        names = [p.name for p in positional(method)]
        self.kwargs = {k: v for k, v in kwargs.items() if k in names}
        self.takes = (max(1, len(required(method))), max(1, len(names) or 99))
        self.method = method
        found = places(self.object)
        self.numbers = {p.path: float(p.get()) for p in found if np.ndim(p.get()) == 0}
        arrays = [p for p in found if isinstance(p.get(), np.ndarray)]
        self.places: dict[str, Place] = {tidy(p.path): p for p in arrays if not is_gradient(p, arrays)}
        self.shapes: dict[str, tuple[int, ...] | None] = {
            n: np.shape(p.get()) for n, p in self.places.items()
        }
        self.optional = set(self.shapes)
        self.state = Snapshot([self.object])

    def _set(self, values: Arrays, seed: int = 0) -> None:
        self.state.restore()
        for _ in range(seed):
            self.state.advance_random()
        for name, value in values.items():
            self.places[name].set(np.array(value))

    def run(self, inputs: Sequence[Any], values: Arrays, seed: int = 0) -> list[Leaf]:
        self._set(values, seed)
        np.random.random(3 * seed)  # noqa: NPY002
        try:
            with same_draws(seed):
                result = self.method(*inputs, **self.kwargs)
            if backward_of(self.object) is not None:
                face = Subject(self.object, inputs, self.kwargs)
                face.learn_conventions(face.forward(inputs))
                self._set(values, seed)
                with same_draws(seed):
                    result = face.forward(inputs).outputs
            return [(n, np.array(v)) for n, v in floats(result)]
        finally:
            self.state.restore()

    def gradients(
        self, inputs: Sequence[Any], values: Arrays, upstream: dict[str, np.ndarray]
    ) -> Gradients | None:
        if backward_of(self.object) is None:
            return None
        self._set(values)
        try:
            face = Subject(self.object, inputs, self.kwargs)
            before = {p.path: np.array(p.get(), dtype=float) for p in places(self.object)}
            found = _gradients(face, inputs, upstream, before)
            return (
                {i: found[n] for i, n in enumerate(face.input_names) if n in found},
                {tidy(n): g for n, g in found.items() if tidy(n) in self.shapes},
            )
        finally:
            self.state.restore()

    def in_mode(self, training: bool) -> bool:
        """Puts it into training or evaluation mode, where it has modes."""
        self.state.restore()
        changed = put_into_mode(self.object, training)
        self.state = Snapshot([self.object])
        return changed


def _gradients(
    face: Subject, inputs: Sequence[Any], upstream: dict[str, np.ndarray], before: Arrays | None = None
) -> dict[str, Any]:
    """Gradients of inputs and parameters under their names."""
    face.learn_conventions(face.forward(inputs))
    forward = face.forward(inputs)
    if is_counted(forward.outputs):
        upstream = {"0": upstream.get("sum", 0.0) + upstream.get("mean", 0.0) / forward.outputs[1]}
    full = {n: upstream.get(n, np.zeros(np.shape(v))) for n, v in forward.leaves.items()}
    returned = face.backward(forward, full, inputs, 0.0)
    if before is not None and face.call.learning_rate is None:
        face.discover(before, set())
    found, rest = face.input_gradients(returned, inputs)
    if face.owner is not None:
        found |= face.parameter_gradients(rest, before or {}, 1.0)
    # copies, because the arrays themselves are put back
    return {name: np.array(g) for name, g in found.items() if g is not None}
