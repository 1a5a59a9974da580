"""Functions that are meant as a pair, but are not called like one.

sigmoid(x), sigmoid_prime(x)          a derivative, to be multiplied with what arrives mse(y, t),
mse_gradient(y, t)         a loss and its gradient
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

Function = Callable[..., Any]
Pair = tuple[Function, Function]


def derivative_pairs(function: Function, derivative: Function) -> dict[str, Pair]:
    """The ways in which a derivative can be meant: taken at the input, or at the output."""

    def at_input(x: Any) -> Any:
        return function(x), x

    def at_output(x: Any) -> Any:
        y = function(x)
        return y, y

    def backward(dy: Any, cache: Any) -> Any:
        return dy * derivative(cache)

    back = wearing(backward, derivative)
    return {
        "": (wearing(at_input, function), back),
        "taken at the output": (wearing(at_output, function), back),
    }


def loss_pairs(loss: Function, gradient: Function, place: int, others: tuple[Any, ...]) -> dict[str, Pair]:
    """The ways in which a loss and its gradient can be meant: the gradient of the first argument itself, or
    of the logits behind it.

    place: which argument is the prediction; others: the values of the other arguments.
    """

    lengths = {np.shape(other)[0] for other in others if isinstance(other, np.ndarray) and other.ndim}

    def arguments(prediction: Any) -> list[Any]:
        if not lengths - {1} <= set(np.shape(prediction)):
            raise ValueError("there are no labels for other samples than these")
        filled = list(others)
        filled.insert(place, prediction)
        return filled

    def pair_of(link: Function | None) -> Pair:
        def forward(prediction: Any) -> Any:
            before = link(prediction) if link is not None else prediction
            return loss(*arguments(before)), before

        def backward(dloss: Any, cache: Any) -> Any:
            return _scaled(gradient(*arguments(cache)), dloss)

        return wearing(forward, loss), wearing(backward, gradient)

    return {
        "": pair_of(None),
        "its gradient is that of the logits before a softmax": pair_of(_softmax),
        "its gradient is that of the logits before a sigmoid": pair_of(_sigmoid),
    }


def loss_of_all(loss: Function, gradient: Function) -> Pair:
    """A loss whose gradient function returns a gradient for each of its arguments: kl(mu, logvar)."""

    def forward(*inputs: Any) -> Any:
        return loss(*inputs), inputs

    def backward(dloss: Any, cache: Any) -> Any:
        return tuple(_scaled(found, dloss) for found in gradient(*cache))

    return wearing(forward, loss, inspect.signature(loss)), wearing(backward, gradient)


def _scaled(gradient: Any, dloss: Any) -> Any:
    scale = np.asarray(dloss)
    return gradient * scale.reshape(scale.shape + (1,) * (np.ndim(gradient) - scale.ndim))


def meant(pairs: dict[str, Pair], inputs: tuple[Any, ...]) -> str:
    """The first of the ways that is right along a random direction; "" if none is."""
    rng = np.random.default_rng(3)
    for name, (forward, backward) in pairs.items():
        try:
            x = np.asarray(inputs[0], dtype=float)
            y, cache = forward(x)
            upstream = rng.normal(size=np.shape(y))
            direction = rng.normal(size=x.shape)
            found = float(np.vdot(backward(upstream, cache), direction))
            step = 1e-6
            more, less = (np.vdot(upstream, forward(x + s * direction)[0]) for s in (step, -step))
            slope = float(more - less) / (2 * step)
        except Exception:
            continue
        if abs(found - slope) <= 1e-5 * (abs(found) + abs(slope)) + 1e-9:
            return name
    return ""


def wearing(adapter: Function, original: Function, signature: inspect.Signature | None = None) -> Function:
    """The adapter is shown as the original: its name, its place in the file; it keeps its own arguments (or
    says others).
    """
    signature = signature or inspect.signature(adapter)
    adapter.__name__ = getattr(original, "__name__", "function")
    adapter.__doc__ = original.__doc__
    adapter.__wrapped__ = original  # type: ignore[attr-defined]
    adapter.__signature__ = signature  # type: ignore[attr-defined]
    return adapter


def _softmax(z: Any) -> Any:
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))
