"""What other gradient checkers say of a wrapped subject: "" where they are content."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from wrapped import Wrapped

STEP, LIMIT = 1e-6, 1e-5


def plain_relative_error(wrapped: Wrapped) -> str:
    """max|a - n| / max(|a|, |n|) of each array; n by central differences, at the point given."""
    g = np.random.default_rng(0).normal(size=wrapped.size)
    gradients = wrapped.backward(wrapped.values, g)
    complaints = []
    for i, (name, a) in enumerate(zip(wrapped.names, gradients, strict=True)):
        if a is None:
            continue
        n = _slope(wrapped, i, g)
        if a.shape != n.shape:
            return f"{name}: operands could not be broadcast together with shapes {a.shape} {n.shape}"
        largest = max(np.abs(a).max(initial=0), np.abs(n).max(initial=0))
        error = np.abs(a - n).max(initial=0) / largest if largest else 0.0
        if not error <= LIMIT:
            complaints.append(f"{name} {error:.1e}")
    return f"relative error: {', '.join(complaints)}" if complaints else ""


def _slope(wrapped: Wrapped, i: int, g: np.ndarray) -> np.ndarray:
    n = np.zeros_like(wrapped.values[i])
    for place in range(n.size):
        at = []
        for step in (STEP, -STEP):
            values = [value.copy() for value in wrapped.values]
            values[i].reshape(-1)[place] += step
            at.append(float(g @ wrapped.forward(values)))
        n.reshape(-1)[place] = (at[0] - at[1]) / (2 * STEP)
    return n


def torch_gradcheck(wrapped: Wrapped) -> str:
    """torch.autograd.gradcheck, with its defaults, of a torch.autograd.Function around the subject."""
    import torch

    class Foreign(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            ctx.save_for_backward(*tensors)
            return torch.from_numpy(wrapped.forward([t.detach().numpy().copy() for t in tensors]))

        @staticmethod
        def backward(ctx: Any, dy: Any) -> Any:
            values = [t.detach().numpy().copy() for t in ctx.saved_tensors]
            gradients = wrapped.backward(values, dy.numpy().copy())
            return tuple(None if g is None else torch.from_numpy(g.copy()) for g in gradients)

    torch.set_num_threads(1)
    wanted = _with_gradient(wrapped)
    tensors = [
        torch.from_numpy(value.copy()).requires_grad_(i in wanted) for i, value in enumerate(wrapped.values)
    ]
    return _complaint(lambda: torch.autograd.gradcheck(Foreign.apply, tensors))


def jax_check_grads(wrapped: Wrapped) -> str:
    """jax.test_util.check_grads, reverse mode, first order, of a jax.custom_vjp around callbacks."""
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)
    result = jax.ShapeDtypeStruct((wrapped.size,), np.float64)
    shapes = tuple(jax.ShapeDtypeStruct(value.shape, np.float64) for value in wrapped.values)

    def called(*values: Any) -> np.ndarray:
        return wrapped.forward([np.array(value) for value in values])

    def called_back(upstream: Any, *values: Any) -> tuple[np.ndarray, ...]:
        gradients = wrapped.backward([np.array(value) for value in values], np.array(upstream))
        found = zip(gradients, wrapped.values, strict=True)
        return tuple(np.zeros_like(value) if g is None else g for g, value in found)

    @jax.custom_vjp
    def foreign(*values: Any) -> Any:
        return jax.pure_callback(called, result, *values)

    def forward(*values: Any) -> Any:
        return foreign(*values), values

    def backward(values: Any, upstream: Any) -> Any:
        return jax.pure_callback(called_back, shapes, upstream, *values)

    foreign.defvjp(forward, backward)
    wanted = _with_gradient(wrapped)

    def of_wanted(*free: Any) -> Any:
        values = [jax.numpy.asarray(value) for value in wrapped.values]
        for i, value in zip(wanted, free, strict=True):
            values[i] = value
        return foreign(*values)

    point = tuple(wrapped.values[i] for i in wanted)
    return _complaint(lambda: check_grads(of_wanted, point, order=1, modes=["rev"]))


def _with_gradient(wrapped: Wrapped) -> list[int]:
    """Which values have a gradient: of the others nothing is asked."""
    try:
        gradients = wrapped.backward(wrapped.values, np.ones(wrapped.size))
    except Exception:
        return list(range(len(wrapped.names)))
    return [i for i, g in enumerate(gradients) if g is not None] or list(range(len(wrapped.names)))


def _complaint(call: Callable[[], Any]) -> str:
    try:
        call()
    except Exception as error:  # their way to say that something is wrong
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return f"{type(error).__name__}: {lines[0] if lines else ''}"[:200]
    return ""


@functools.cache
def checkers() -> dict[str, Callable[[Wrapped], str]]:
    """Those that are installed."""
    import importlib.util

    found: dict[str, Callable[[Wrapped], str]] = {"plain relative error": plain_relative_error}
    if importlib.util.find_spec("torch"):
        found["torch gradcheck"] = torch_gradcheck
    if importlib.util.find_spec("jax"):
        found["jax check_grads"] = jax_check_grads
    return found
