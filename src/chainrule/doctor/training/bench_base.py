"""One optimizer with made-up parameters, ready to step; and optimizers that are plain functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..calling import parameters_of
from ..naming import LEARNING_RATES

SIZES = ((5, 3), (3,), (4, 2))


class Unusable(TypeError):
    """This convention does not fit."""


@dataclass
class Bench:
    """Parameters, their constant gradients, and one step on them. holder: what keeps the settings."""

    names: list[str]
    gradients: list[np.ndarray]
    read: Callable[[], list[np.ndarray]]
    write: Callable[[int, np.ndarray], None]
    step: Callable[[], None]
    holder: Any
    rate: float | None

    def hold(self, values: list[np.ndarray]) -> None:
        for i, value in enumerate(values):
            self.write(i, value)

    def clips(self, factor: float) -> bool:
        """Whether the factor is that of a gradient clipped to a round norm or range."""
        norm = float(np.sqrt(sum(float(np.sum(g**2)) for g in self.gradients)))
        return any(abs(factor * norm - c) < 0.01 * c for c in (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0))


def made_up() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Small parameters, so that weight decay does not show, and gradients far above any epsilon."""
    rng = np.random.default_rng(53)
    parameters = [1e-3 * rng.normal(size=s) for s in SIZES]
    gradients = [rng.choice([-1.0, 1.0], size=s) * rng.uniform(3, 9, size=s) for s in SIZES]
    return parameters, gradients


def functions(function: Callable[..., Any], rate: float | None) -> Iterator[Bench]:
    """f(w, dw, config) -> w or (w, config), f(w, dw) -> w."""
    for with_config in (True, False):
        yield _function_bench(function, rate, with_config)


def _function_bench(function: Callable[..., Any], rate: float | None, with_config: bool) -> Bench:
    current, gradients = made_up()
    configs: list[Any] = [{} if rate is None else {"learning_rate": rate} for _ in current]
    rates = [p.name for p in parameters_of(function) if LEARNING_RATES.match(p.name)]
    named = {name: rate for name in rates if rate is not None}

    def step() -> None:
        for i, gradient in enumerate(gradients):
            arguments = [configs[i]] if with_config else []
            result = function(current[i].copy(), gradient.copy(), *arguments, **named)
            if isinstance(result, tuple):
                if with_config and len(result) > 1:
                    configs[i] = result[1]
                result = result[0]
            if not isinstance(result, np.ndarray):
                raise Unusable("returns no array")
            current[i] = result

    def write(i: int, value: np.ndarray) -> None:
        current[i] = value

    names = [f"w{i}" for i in range(len(current))]
    usual = _default_rate(function) if rate is None else rate
    return Bench(names, gradients, lambda: list(current), write, step, configs, usual)


def _default_rate(function: Callable[..., Any]) -> float | None:
    for parameter in parameters_of(function):
        if LEARNING_RATES.match(parameter.name) and isinstance(parameter.default, float):
            return parameter.default
    # what config.setdefault("learning_rate", 1e-3) puts there
    probe: dict[str, Any] = {}
    parameters, gradients = made_up()
    try:
        function(parameters[0].copy(), gradients[0].copy(), probe)
    except Exception:
        return None
    return next(
        (float(v) for k, v in probe.items() if LEARNING_RATES.match(str(k)) and np.ndim(v) == 0), None
    )
