"""A `torch.autograd.Function` as a subject: its static forward and backward as a plain pair on arrays.

Its own code is called, with a context of ours in the place of autograd's; so the doctor sees what it saves
and what it returns, and the numerical gradient knows nothing of torch.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .errors import AutogradError
from .tensors import in_float64, is_tensor, loaded_torch, to_arrays, to_tensors

Pair = tuple[Callable[..., Any], Callable[..., Any]]


def is_torch_function(subject: Any) -> bool:
    """Whether it is a subclass of torch.autograd.Function. torch is not imported to find out."""
    if loaded_torch() is None or not isinstance(subject, type):
        return False
    bases = subject.__mro__[1:]
    return any(k.__name__ == "Function" and k.__module__ == "torch.autograd.function" for k in bases)


class Context:
    """What forward keeps for backward: autograd's `ctx`, without autograd."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self.saved_tensors: tuple[Any, ...] = ()
        self.materialize_grads = True
        self.dirty_tensors: tuple[Any, ...] = ()
        self.non_differentiable: tuple[Any, ...] = ()

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        return self.saved_tensors

    def save_for_backward(self, *tensors: Any) -> None:
        for tensor in tensors:
            if tensor is not None and not is_tensor(tensor):
                kind = type(tensor).__name__
                raise TypeError(
                    f"save_for_backward can only save tensors, but got {kind}: keep it as ctx.NAME"
                )
        self.saved_tensors = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """For forward-mode derivatives, which nobody asks for here."""

    def mark_dirty(self, *tensors: Any) -> None:
        self.dirty_tensors = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        self.non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        self.materialize_grads = value


class _Call:
    """One forward, and what its backward needs. `arrays`: what was saved, for who looks for changes."""

    def __init__(self, context: Context, outputs: tuple[Any, ...], inputs: Sequence[Any]) -> None:
        self.context = context
        self.outputs = outputs
        self.shapes = [tuple(v.shape) if is_tensor(v) else None for v in inputs]
        known = {id(v) for v in context.non_differentiable}
        self.followed = [i for i, y in enumerate(outputs) if _is_float(y) and id(y) not in known]


def as_pair(subject: Any, inputs: Sequence[Any]) -> tuple[Pair, tuple[Any, ...]]:
    """(forward, backward), inputs: `out, cache = forward(*inputs)`, `backward(dout, cache)` gives the
    gradients in the order of the inputs. Tensors among the inputs become arrays.

    Both carry the user's functions as __wrapped__, so that files and lines are the user's.
    """
    arrays = tuple(v.copy() if isinstance(v, np.ndarray) else v for v in to_arrays(tuple(inputs)))
    separate = _sets_up_context(subject)
    names = _input_names(subject.forward, len(arrays), 0 if separate else 1)
    with in_float64(seed=0):
        first = _run(subject, arrays, separate, dirty=True)
    dirty, count = bool(first.context.dirty_tensors), max(1, len(first.followed))

    def forward(*values: Any) -> Any:
        with in_float64(seed=0):
            call = _run(subject, values, separate, dirty)
            outputs = [to_arrays(call.outputs[i]) for i in call.followed]
        kept = [to_arrays(t) for t in call.context.saved_tensors if t is not None]
        return (*outputs, (call, *kept))

    def backward(*gradients_and_cache: Any) -> Any:
        *gradients, (call, *_) = gradients_and_cache
        with in_float64(seed=1):
            found = subject.backward(call.context, *_upstream(call, gradients))
            returned = _checked(subject, found, call)
        return returned[0] if len(returned) == 1 else returned

    upstreams = ["dout"] if count == 1 else [f"dout{i}" for i in range(count)]
    _stand_in(forward, subject.forward, subject.__name__, names)
    _stand_in(backward, subject.backward, subject.__name__, [*upstreams, "cache"])
    return (forward, backward), arrays


def _run(subject: Any, values: Sequence[Any], separate: bool, dirty: bool) -> _Call:
    """Forward, in the old style `forward(ctx, ...)`, or in the new one with setup_context."""
    tensors = to_tensors(tuple(values))
    if dirty:  # it writes into its inputs, and says so
        tensors = tuple(t.clone() if is_tensor(t) else t for t in tensors)
    context = Context(tuple(_is_float(t) for t in tensors))
    if separate:
        result = subject.forward(*tensors)
        subject.setup_context(context, tensors, result)
    else:
        result = subject.forward(context, *tensors)
    return _Call(context, result if isinstance(result, tuple) else (result,), tensors)


def _upstream(call: _Call, gradients: Sequence[Any]) -> list[Any]:
    """One gradient per output; none arrives for what is not differentiable: zeros, or None if so asked."""
    torch = loaded_torch()
    waiting = list(gradients)
    found: list[Any] = []
    for i, output in enumerate(call.outputs):
        if i in call.followed:
            value = waiting.pop(0)
            found.append(
                torch.from_numpy(value) if isinstance(value, np.ndarray) else torch.tensor(float(value))
            )
        elif is_tensor(output) and call.context.materialize_grads:
            found.append(torch.zeros_like(output))
        else:
            found.append(None)
    return found


def _checked(subject: Any, found: Any, call: _Call) -> tuple[Any, ...]:
    """The gradients as autograd would take them: one per input (None after the last is let pass), summed over
    what the input was broadcast along.
    """
    gradients = found if isinstance(found, tuple) else (found,)
    wanted = len(call.shapes)
    while len(gradients) > wanted and gradients[-1] is None:
        gradients = gradients[:-1]
    if len(gradients) != wanted:
        raise AutogradError(
            f"function {subject.__name__}Backward returned an incorrect number of gradients "
            f"(expected {wanted}, got {len(gradients)})"
        )
    return tuple(_summed(g, shape) for g, shape in zip(gradients, call.shapes, strict=True))


def _summed(gradient: Any, shape: tuple[int, ...] | None) -> Any:
    if gradient is None or not is_tensor(gradient):
        return gradient
    if shape is not None and tuple(gradient.shape) != shape and _expands(shape, tuple(gradient.shape)):
        gradient = gradient.sum_to_size(shape)
    return to_arrays(gradient)


def _expands(small: tuple[int, ...], large: tuple[int, ...]) -> bool:
    if len(small) > len(large):
        return False
    return all(a in (1, b) for a, b in zip(small[::-1], large[::-1], strict=False))


def _is_float(value: Any) -> bool:
    return is_tensor(value) and bool(value.is_floating_point())


def _sets_up_context(subject: type) -> bool:
    """Whether the class has a setup_context of its own."""
    return any("setup_context" in vars(k) for k in subject.__mro__ if not k.__module__.startswith("torch."))


def _input_names(function: Any, count: int, skip: int) -> list[str]:
    parameters = list(inspect.signature(function).parameters.values())[skip:]
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:count]
    return names + [f"input{i}" for i in range(len(names), count)]


def _stand_in(ours: Any, theirs: Any, name: str, arguments: list[str]) -> None:
    """Our function in the place of the user's: its source is theirs, its signature is our own."""
    ours.__wrapped__ = theirs
    ours.__name__ = ours.__qualname__ = name
    ours.__module__ = theirs.__module__
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    ours.__signature__ = inspect.Signature([inspect.Parameter(a, kind) for a in arguments])
