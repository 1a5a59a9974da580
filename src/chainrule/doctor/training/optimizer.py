"""A bare optimizer on the bench: made-up parameters under a constant gradient."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..calling import parameters_of
from ..case import source_place
from ..objects import find_method
from ..quiet import quietly, rewind
from ..report import Finding
from ..snapshot import Snapshot
from .adam_lines import line_of, updating_line
from .bench import benches
from .bench_base import Bench, Unusable
from .families import counts_from_zero, right, wrong_adam
from .sequences import is_uniform, read_betas

STEPS = 12


def check_optimizer(
    optimizer: Any, *, learning_rate: float | None = None, notes: list[str] | None = None
) -> list[Finding]:
    """Steps of an optimizer (a class, an object, a function `adam(w, dw, config)`) under a constant gradient.

    Finds `adam-bias-correction-wrong` and `update-disagrees` (a step uphill, none at all, or of a wrong
    length). notes: what could not be tested is added here.
    """
    notes = [] if notes is None else notes
    with quietly():
        state = Snapshot([optimizer])
        try:
            for bench in benches(optimizer, learning_rate):
                state.restore()
                rewind()
                try:
                    steps = run(bench)
                except Exception:  # not its convention: the next one
                    continue
                return judge(bench, steps, optimizer)
        finally:
            state.restore()
    notes.append(
        f"{_name(optimizer)}: no way was found to call it: step(), update(params, grads), f(w, dw, config)"
    )
    return []


def run(bench: Bench) -> list[list[np.ndarray]]:
    """steps[t][i]: what step t + 1 added to parameter i. Raises Unusable where nothing fits."""
    found = []
    for _ in range(STEPS):
        before = [np.array(p, dtype=float) for p in bench.read()]
        bench.step()
        after = bench.read()
        if any(np.shape(a) != b.shape for a, b in zip(after, before, strict=True)):
            raise Unusable("shapes change")
        found.append([np.asarray(a, dtype=float) - b for a, b in zip(after, before, strict=True)])
        bench.hold(before)
    return found


def judge(bench: Bench, steps: list[list[np.ndarray]], optimizer: Any) -> list[Finding]:
    gradients = bench.gradients
    if not all(np.all(np.isfinite(step)) for step in steps[0]):
        return [_no_number(bench, steps, optimizer)]
    count = len(gradients)
    idle = [i for i in range(count) if not any(np.any(step[i]) for step in steps)]
    if len(idle) == count:
        return [
            _say(
                optimizer,
                "update-disagrees",
                [],
                {"applied": 0.0},
                f"{len(steps)} steps under a gradient move nothing",
            )
        ]
    if idle:
        names = [bench.names[i] for i in idle]
        return [
            _say(
                optimizer,
                "parameter-not-updated",
                names,
                {"moved": count - len(idle)},
                f"{', '.join(names)} never moved, others did",
            )
        ]
    uphill = [i for i in range(count) if all(float(np.vdot(step[i], gradients[i])) > 0 for step in steps)]
    if uphill:
        names = [bench.names[i] for i in uphill] if len(uphill) < count else []
        return [
            _say(
                optimizer,
                "update-disagrees",
                names,
                {"ratio": -1.0},
                "every step goes along the gradient, uphill, instead of against it",
            )
        ]
    rate = bench.rate
    adam = _adam(bench, steps, optimizer, rate)
    if adam is not None:
        return [adam]
    return _scale(bench, steps, optimizer, rate)


def _no_number(bench: Bench, steps: list[list[np.ndarray]], optimizer: Any) -> Finding:
    """The first step is NaN or infinite: an Adam whose counter begins at 0 divides by 1 - beta**0."""
    betas = _betas(bench, optimizer)
    later = np.array([float(np.median(np.abs(step[0]))) for step in steps[1:]]) / (bench.rate or 1.0)
    said = "under a constant gradient the first step is not a number"
    if betas is None or not counts_from_zero(later, betas):
        return _say(optimizer, "update-disagrees", [], {"first step": "NaN"}, said)
    words = "the step counter reads 0, 1, 2, ... instead of 1, 2, 3, ..."
    return _say(
        optimizer,
        "adam-bias-correction-wrong",
        [],
        {"first step": "NaN"},
        f"{said}: {words}; 1 - beta ** 0 is 0",
        words,
    )


def _adam(bench: Bench, steps: list[list[np.ndarray]], optimizer: Any, rate: float | None) -> Finding | None:
    betas = _betas(bench, optimizer)
    sequences = {}
    for i, name in enumerate(bench.names):
        if not is_uniform(np.abs(steps[0][i])):
            return None
        sequences[name] = np.array([float(np.median(np.abs(step[i]))) for step in steps])
    for scale in [rate] if rate else _scales(sequences):
        wrong = {}
        for name, sequence in sequences.items():
            units = sequence / scale
            if not right(units, betas is not None or "adam" in _name(optimizer).lower()):
                match = wrong_adam(units, betas)
                if match is not None:
                    wrong[name] = units, match
        if wrong:
            units, match = next(iter(wrong.values()))
            shown = ", ".join(f"{v:.3g}" for v in units[:4])
            names = list(wrong) if len(wrong) < len(sequences) else []
            return _say(
                optimizer,
                "adam-bias-correction-wrong",
                names,
                {n: [round(float(v), 4) for v in u] for n, (u, _) in wrong.items()},
                f"under a constant gradient the steps are {shown}, ... learning rates long "
                f"instead of 1, 1, 1, ...: {match.words}",
                match.words,
            )
    return None


def _scales(sequences: dict[str, np.ndarray]) -> list[float]:
    """The learning rate is not known: the usual ones."""
    return [m * 10.0**-e for e in range(0, 6) for m in (1, 2, 3, 5)]


def _scale(bench: Bench, steps: list[list[np.ndarray]], optimizer: Any, rate: float | None) -> list[Finding]:
    """Plain descent whose steps are not learning rate times gradient."""
    if not rate:
        return []
    factors = []
    for i, gradient in enumerate(bench.gradients):
        first = steps[0][i]
        if any(not np.allclose(step[i], first, rtol=1e-6, atol=0) for step in steps):
            return []  # momentum, a schedule, adaptive steps
        factor = -float(np.vdot(first, gradient)) / (rate * float(np.vdot(gradient, gradient)))
        if not np.allclose(first, -factor * rate * gradient, rtol=1e-2, atol=1e-9):
            return []
        factors.append(factor)
    if (
        max(factors) - min(factors) > 0.01 * max(factors)
        or abs(factors[0] - 1) < 0.04
        or bench.clips(factors[0])
    ):
        return []
    return [
        _say(
            optimizer,
            "update-disagrees",
            [],
            {"ratio": factors[0]},
            f"each step is {factors[0]:.4g} times learning rate x gradient",
        )
    ]


def _betas(bench: Bench, optimizer: Any) -> tuple[float, float] | None:
    found = read_betas([bench.holder, *([optimizer] if not isinstance(optimizer, type) else [])])
    if found is not None:
        return found
    named = {}
    for parameter in parameters_of(optimizer) if callable(optimizer) else []:
        default = parameter.default
        if isinstance(default, float) and 0 < default < 1 and "1" in parameter.name and "b" in parameter.name:
            named[1] = default
        if isinstance(default, float) and 0 < default < 1 and "2" in parameter.name and "b" in parameter.name:
            named[2] = default
    return (named[1], named[2]) if len(named) == 2 else None


def _say(
    optimizer: Any, code: str, names: list[str], evidence: dict[str, Any], detail: str, words: str = ""
) -> Finding:
    """words: what is wrong with an Adam; then its statement is looked for."""
    function: Callable[..., Any] | None = optimizer if inspect.isfunction(optimizer) else None
    if function is None:
        for name in ("step", "update", "update_params", "apply_gradients", "apply", "__call__"):
            if find_method(optimizer, name) is not None or (
                isinstance(optimizer, type) and hasattr(optimizer, name) and name != "__call__"
            ):
                function = getattr(optimizer, name)
                break
    file, line = source_place(function) if function is not None else ("", 0)
    if function is not None:
        line = (line_of(function, words) if words else updating_line(function)) or line
    return Finding(
        code,
        target=names[0] if names else "",
        targets=names,
        subject=_name(optimizer),
        verified=True,
        evidence=evidence,
        detail=detail,
        file=file,
        line=line,
    )


def _name(optimizer: Any) -> str:
    own = getattr(optimizer, "__name__", None)
    return str(own) if own else type(optimizer).__name__
