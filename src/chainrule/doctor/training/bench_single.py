"""Optimizers whose step takes one thing: the gradients of parameters that they hold, or a layer.

Adam(params).step(grads)
optimizer.pre_update_params(); optimizer.update_params(layer); optimizer.post_update_params()
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..calling import parameters_of, required
from ..naming import LEARNING_RATES
from ..objects import stored_attributes
from ..structure import is_array
from .bench_base import Bench, Unusable, made_up
from .updating import METHODS

LAYERS = (
    (("weights", "biases"), ("dweights", "dbiases")),
    (("W", "b"), ("dW", "db")),
    (("weight", "bias"), ("grad_weight", "grad_bias")),
    (("w", "b"), ("dw", "db")),
    (("weights", "bias"), ("grad_weights", "grad_bias")),
)


def _methods(optimizer: Any, rate: float | None) -> Iterator[Callable[[Any], Any]]:
    """What takes one argument beside the learning rate."""
    for name in METHODS:
        method = getattr(optimizer, name, None)
        if not callable(method):
            continue
        rates = {p.name: rate for p in parameters_of(method) if LEARNING_RATES.match(p.name)}
        wanted = [p for p in required(method) if p.name not in rates]
        if len(wanted) == 1:
            named = rates if rate is not None else {}
            yield lambda given, method=method, named=named: method(given, **named)  # type: ignore[misc]


def gradients_alone(optimizer: Any, rate: float | None) -> Iterator[Bench]:
    """step(grads), with the parameters in a dict or a list of the optimizer's own."""
    held: Any = next((v for v in stored_attributes(optimizer).values() if _all_arrays(v)), None)
    if held is None:
        return
    keys: list[Any] = list(held) if isinstance(held, dict) else list(range(len(held)))
    rng = np.random.default_rng(61)
    gradients = [
        rng.choice([-1.0, 1.0], size=np.shape(held[k])) * rng.uniform(3, 9, size=np.shape(held[k]))
        for k in keys
    ]
    for method in _methods(optimizer, rate):

        def step(method: Callable[[Any], Any] = method) -> None:
            fresh = [g.copy() for g in gradients]
            method(dict(zip(keys, fresh, strict=True)) if isinstance(held, dict) else fresh)

        def write(i: int, value: np.ndarray) -> None:
            held[keys[i]] = value.copy()

        for k in keys:
            held[k][...] = 1e-3 * rng.normal(size=held[k].shape)
        names = [str(k) if isinstance(held, dict) else f"params.{k}" for k in keys]
        yield Bench(names, gradients, lambda: [held[k] for k in keys], write, step, optimizer, rate)


def _all_arrays(value: Any) -> bool:
    """Parameters, and not moments: these begin at 0."""
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return bool(items) and all(is_array(v) and v.dtype.kind == "f" for v in items) and any(map(np.any, items))


def layers(optimizer: Any, rate: float | None) -> Iterator[Bench]:
    """update(layer): two layers with a weight and a bias, under some usual names."""
    for method in _methods(optimizer, rate):
        for ours, theirs in LAYERS:
            yield _layer_bench(optimizer, method, ours, theirs, rate)


def _layer_bench(
    optimizer: Any,
    method: Callable[[Any], Any],
    ours: tuple[str, str],
    theirs: tuple[str, str],
    rate: float | None,
) -> Bench:
    values, gradients = made_up()
    values = [values[0], values[1], values[2], values[2][0].copy()]  # two weights with their biases
    gradients = [gradients[0], gradients[1], gradients[2], gradients[2][0].copy()]
    names = (*ours, *theirs)
    made = [
        SimpleNamespace(**dict(zip(names, (*values[i : i + 2], *gradients[i : i + 2]), strict=True)))
        for i in (0, 2)
    ]
    places = [(layer, name) for layer in made for name in ours]

    def read() -> list[np.ndarray]:
        return [getattr(layer, name) for layer, name in places]

    def step() -> None:
        for (layer, _), name, gradient in zip(places, theirs * 2, gradients, strict=True):
            setattr(layer, name, gradient.copy())
        before = [v.copy() for v in read()]
        _if_there(optimizer, "pre_update_params", "pre_update")
        for layer in made:
            method(layer)
        _if_there(optimizer, "post_update_params", "post_update")
        if all(np.array_equal(a, b) for a, b in zip(read(), before, strict=True)):
            raise Unusable("other names are meant")

    def write(i: int, value: np.ndarray) -> None:
        setattr(*places[i], value.copy())

    shown = [f"layer{i // 2}.{name}" for i, (_, name) in enumerate(places)]
    return Bench(shown, gradients, read, write, step, optimizer, rate)


def _if_there(optimizer: Any, *names: str) -> None:
    for name in names:
        if callable(getattr(optimizer, name, None)):
            getattr(optimizer, name)()
            return
