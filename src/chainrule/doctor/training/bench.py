"""The conventions of optimizers: what holds the parameters, and what is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..arrays_inside import places
from ..calling import parameters_of, required
from ..naming import LEARNING_RATES
from .bench_base import Bench, functions, made_up
from .bench_single import gradients_alone, layers
from .updating import METHODS

RATE = 0.01  # where one is asked for, and none is known


def benches(optimizer: Any, rate: float | None) -> Iterator[Bench]:
    """All ways in which this optimizer may be meant to be called, likely ones first."""
    if inspect.isfunction(optimizer):
        yield from functions(optimizer, rate)
        return
    if isinstance(optimizer, type):
        yield from _classes(optimizer, rate)
        return
    yield from _of_object(optimizer, rate)


# ------------------------------------------------------------ classes


def _classes(kind: type, rate: float | None) -> Iterator[Bench]:
    """Made without arguments, with a rate, with parameters, with parameters and gradients."""
    parameters, gradients = made_up()
    held = [_Held(p, g) for p, g in zip(parameters, gradients, strict=True)]
    by_rate = next((p.name for p in parameters_of(kind) if LEARNING_RATES.match(p.name)), None)
    more = (
        {by_rate: rate if rate is not None else RATE}
        if by_rate and (rate is not None or by_rate in {p.name for p in required(kind)})
        else {}
    )
    for arguments in (
        (),
        (held,),
        (parameters,),
        (parameters, gradients),
        (_named(parameters),),
        (_named(parameters), _named(gradients)),
    ):
        try:
            made = kind(*arguments, **more)
        except Exception:
            continue
        yield from _of_object(made, rate)


class _Held:
    """A parameter with data and grad."""

    def __init__(self, data: np.ndarray, grad: np.ndarray) -> None:
        self.data, self.grad, self.requires_grad = data, grad, True
        self.shape = data.shape


def _named(arrays: list[np.ndarray]) -> dict[str, np.ndarray]:
    return dict(zip(("W", "b", "V"), arrays, strict=True))


def rate_of(optimizer: Any) -> float | None:
    found = [p for p in places(optimizer) if LEARNING_RATES.match(p.name) and np.ndim(p.get()) == 0]
    return float(found[0].get()) if found else None


# ------------------------------------------------------------ objects


def _methods(optimizer: Any) -> Iterator[Callable[..., Any]]:
    for name in METHODS:
        if callable(getattr(optimizer, name, None)):
            yield getattr(optimizer, name)


def _of_object(optimizer: Any, rate: float | None) -> Iterator[Bench]:
    yield from _own_parameters(optimizer, rate)
    yield from _handed_over(optimizer, rate)
    yield from gradients_alone(optimizer, rate_of(optimizer) or rate)
    yield from layers(optimizer, rate_of(optimizer) or rate)


def _own_parameters(optimizer: Any, rate: float | None) -> Iterator[Bench]:
    """step() with parameters and gradients that the optimizer holds."""
    rate = rate_of(optimizer) or rate
    pairs = list(_pairs(optimizer))
    if not pairs:
        return
    rng = np.random.default_rng(59)
    gradients = [
        rng.choice([-1.0, 1.0], size=np.shape(g)) * rng.uniform(3, 9, size=np.shape(g)) for _, _, g in pairs
    ]
    for method in _methods(optimizer):
        if required(method):
            continue

        def step(method: Callable[..., Any] = method) -> None:
            for (_, _, g), value in zip(pairs, gradients, strict=True):
                g[...] = value
            method()

        for _, p, _ in pairs:
            p[...] = 1e-3 * rng.normal(size=p.shape)

        def write(i: int, value: np.ndarray) -> None:
            pairs[i][1][...] = value

        yield Bench(
            [n for n, _, _ in pairs],
            gradients,
            lambda: [p for _, p, _ in pairs],
            write,
            step,
            optimizer,
            rate,
        )


def _pairs(optimizer: Any) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(name, parameter, gradient) of what it holds: objects with data and grad, parallel containers."""
    attributes = getattr(optimizer, "__dict__", {})
    for value in attributes.values():
        items = (
            list(value.items())
            if isinstance(value, dict)
            else list(enumerate(value))
            if isinstance(value, (list, tuple))
            else []
        )
        both = [
            (k, getattr(v, "data", None), getattr(v, "grad", None))
            for k, v in items
            if not isinstance(v, np.ndarray)
        ]
        fits = [
            (str(k), p, g)
            for k, p, g in both
            if isinstance(p, np.ndarray) and isinstance(g, np.ndarray) and p.shape == g.shape
        ]
        if fits and len(fits) == len(items):
            yield from fits
            return
    for name in ("params", "parameters", "weights", "param_list"):
        for other in ("grads", "gradients", "grad_list"):
            ours, theirs = attributes.get(name), attributes.get(other)
            keys = (
                list(ours) if isinstance(ours, dict) else range(len(ours)) if isinstance(ours, list) else []
            )
            if ours is None or theirs is None or len(ours) != len(theirs) or not keys:
                continue
            yield from ((f"{name}.{k}", ours[k], theirs[k]) for k in keys)
            return


def _handed_over(optimizer: Any, rate: float | None) -> Iterator[Bench]:
    """update(params, grads) with dicts, lists, or one array after the other."""
    rate = rate_of(optimizer) or rate
    for method in _methods(optimizer):
        wanted = len(required(method)) or len(parameters_of(method))
        if wanted < 2:
            continue
        asked = [p.name for p in parameters_of(method) if LEARNING_RATES.match(p.name)]
        own = rate or (RATE if set(asked) & {p.name for p in required(method)} else None)
        named = {name: own for name in asked if own is not None}
        for style in (dict, list):
            yield _container_bench(optimizer, method, style, named, own)


def _container_bench(
    optimizer: Any, method: Callable[..., Any], style: type, named: dict[str, Any], rate: float | None
) -> Bench:
    parameters, gradients = made_up()
    keys: list[Any] = ["W", "b", "V"] if style is dict else [0, 1, 2]
    params: Any = _named(parameters) if style is dict else list(parameters)

    def step() -> None:
        grads: Any = _named([g.copy() for g in gradients]) if style is dict else [g.copy() for g in gradients]
        result = method(params, grads, **named)
        if isinstance(result, tuple) and result and isinstance(result[0], style):
            result = result[0]
        if isinstance(result, (dict, list)) and isinstance(result, style) and result is not params:
            for key in keys:
                params[key] = result[key]

    def write(i: int, value: np.ndarray) -> None:
        params[keys[i]][...] = value

    return Bench(
        [str(k) for k in keys] if style is dict else [f"params.{k}" for k in keys],
        gradients,
        lambda: [params[k] for k in keys],
        write,
        step,
        optimizer,
        rate,
    )
