"""backward is linear in the gradient from above: backward(0) = 0, backward(c g) = c backward(g).

What breaks it has names: a constant that is added, weight decay, clipping, a mask or a sign taken from g.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..case import TINY_RATE, Case, close
from ..probe import Arrays
from ..report import Finding
from .deliberate import clips_at
from .unheard import unheard


def linearity(case: Case) -> Iterator[Finding]:
    """backward(0) = 0, backward(c g) = c backward(g), backward(g + h) = backward(g) + backward(h)."""
    probe = case.probe
    g = probe.upstream
    rng = np.random.default_rng([11, 8_191])
    h = {n: rng.normal(size=v.shape) for n, v in g.items()}
    base = case.again(rate=TINY_RATE) or {}
    zero = case.again(upstream=_times(g, 0.0), rate=TINY_RATE) or {}
    other = case.again(upstream=h, rate=TINY_RATE) or {}
    both = case.again(upstream={n: g[n] + h[n] for n in g}, rate=TINY_RATE) or {}
    scaled = {c: case.again(upstream=_times(g, c), rate=TINY_RATE) or {} for c in (-1.0, 2.0, 1000.0)}
    ignoring: list[str] = []
    offset: list[str] = []
    bent: list[str] = []
    faint: list[str] = []
    for name in probe.names:
        arrays: list[Any] = [d.get(name) for d in (base, zero, other, both, *scaled.values())]
        if not all(
            isinstance(v, np.ndarray) and v.shape == np.shape(arrays[0]) and np.all(np.isfinite(v))
            for v in arrays
        ):
            continue
        a, a0, ah, ab = (np.asarray(v) for v in arrays[:4])
        size = max(float(np.abs(a).max(initial=0)), float(np.abs(ah).max(initial=0)))
        if size < 1e-9 * max(case.scale, 1e-300):
            faint += [name] if size and name in case.wrong else []
            continue
        if (
            close(a, ah, tolerance=1e-9)
            and close(a, np.asarray(scaled[2.0][name]), tolerance=1e-9)
            and close(a, a0, tolerance=1e-9)
        ):
            ignoring.append(name)
        elif np.abs(a0).max(initial=0) > 1e-6 * size:
            # what remains beside the constant must be linear, else it is no mere offset
            linear = close(ab - a0, (a - a0) + (ah - a0), size, 1e-5)
            (offset if linear else bent).append(name)
        elif not close(ab, a + ah, size, 1e-5) or any(
            not close(np.asarray(v[name]), c * a, abs(c) * size, 1e-5) for c, v in scaled.items()
        ):
            bent.append(name)
    if ignoring:
        yield case.finding(
            "ignores-upstream",
            ignoring,
            verified=True,
            evidence={"equal for every g": ignoring},
            detail="two random gradients from above, twice the first, and 0, all give the same result",
        )
    if offset:
        yield from _offset(case, offset, zero, h)
    if bent:
        yield _bent(case, bent, scaled)
    if faint:  # a sum that is 0 but for rounding: did g get lost in it?
        part = unheard(case, faint, h)
        if part is not None:
            yield part


def _offset(case: Case, names: list[str], zero: dict[str, Any], other: Arrays) -> Iterator[Finding]:
    plain = []
    for name in names:
        a0, w = zero[name], case.probe.value(name)
        factor = float(np.vdot(a0, w) / np.vdot(w, w))
        if case.probe.is_parameter(name) or name != case.probe.subject.input_names[0]:
            if close(a0, factor * w, tolerance=1e-6) and case.explains(name, case.a(name) - factor * w):
                yield case.finding(
                    "regularization-in-gradient",
                    [name],
                    verified=True,
                    evidence={"factor": factor},
                    detail=f"backward(0) is {factor:.4g} * {name}; without that term the gradient "
                    "equals the numerical one",
                )
                continue
            if case.explains(name, case.a(name) - a0) and close(
                a0, np.sign(w) * np.abs(a0).max(), tolerance=1e-6
            ):
                yield case.finding(
                    "regularization-in-gradient",
                    [name],
                    verified=True,
                    evidence={"L1 factor": float(np.abs(a0).max())},
                    detail=f"backward(0) is {np.abs(a0).max():.4g} * sign({name}); without it the "
                    "gradient is right",
                )
                continue
        plain.append(name)
    if plain:
        healed = [n for n in plain if case.explains(n, case.a(n) - zero[n])]
        lost = [n for n in plain if n not in healed and n in case.wrong]
        part = unheard(case, lost, other) if lost and case.run and not case.run.changed else None
        if part is not None:
            yield part
            plain = [n for n in plain if n not in part.targets]
    if plain:
        yield case.finding(
            "constant-offset",
            plain,
            verified=True,
            evidence={n: float(np.abs(zero[n]).max()) for n in plain},
            detail="backward(0) is not 0" + ("; without that term the gradient is right" if healed else ""),
        )


def _bent(case: Case, names: list[str], scaled: dict[float, dict[str, Any]]) -> Finding:
    """Not linear in g: clipping, or a mask, sign or size taken from g."""
    clipped, limits = [], {}
    for name in names:
        for factor in (1.0, 2.0, 1000.0):
            a = case.a(name) if factor == 1 else np.asarray(scaled[factor][name])
            n = factor * case.n(name)
            limit = float(np.abs(a).max())
            norm = float(np.linalg.norm(a))
            if case.same(a, n) or not np.all(np.isfinite(a)) or limit == 0:
                continue
            rescaled = n * norm / max(float(np.linalg.norm(n)), 1e-300)
            if close(a, np.clip(n, -limit, limit)) or (close(a, rescaled) and norm < np.linalg.norm(n)):
                clipped.append(name)
                limits[name] = limit if close(a, np.clip(n, -limit, limit)) else norm
                break
    if not clipped:
        clipped = _clipped_inside(case, names, limits)
    if clipped:
        return case.finding(
            "clipped-in-backward",
            names,
            verified=True,
            place=clips_at(case),
            evidence={"limit": limits},
            detail=f"for large gradients backward({clipped[0]}) equals the numerical gradient cut at "
            f"{limits[clipped[0]]:.4g}",
        )
    return case.finding(
        "nonlinear-backward",
        names,
        verified=True,
        evidence={"backward(-g) / backward(g)": _ratios(case, names[0], scaled[-1.0])},
        detail="backward(-g) != -backward(g), or backward(2g) != 2 backward(g), or backward(g + h) is "
        "not the sum",
    )


def _clipped_inside(case: Case, names: list[str], limits: dict[str, float]) -> list[str]:
    """Clipping further inside: small gradients pass unharmed, and every
    gradient has a ceiling or is odd in g.
    """
    small = case.again(upstream=_times(case.probe.upstream, 1e-4), rate=TINY_RATE)
    flipped = case.again(upstream=_times(case.probe.upstream, -1.0), rate=TINY_RATE)
    if small is None or flipped is None:
        return []
    smaller = case.again(upstream=_times(case.probe.upstream, 1e-5), rate=TINY_RATE) or {}
    found = []
    for name in names:
        if not close(
            np.asarray(small[name]) * 1e4, np.asarray(smaller.get(name, np.nan)) * 1e5, tolerance=1e-11
        ):
            continue  # bent everywhere, as a tanh is: no clipping
        if case.explains(name, np.asarray(small[name]) * 1e4) and close(
            -np.asarray(flipped[name]), case.a(name)
        ):
            found.append(name)
            limits[name] = float(np.abs(case.a(name)).max())
    return found


def _ratios(case: Case, name: str, flipped: dict[str, Any]) -> float:
    a = case.a(name)
    i = int(np.argmax(np.abs(a)))
    return float(np.asarray(flipped[name]).flat[i] / a.flat[i])


def _times(g: Arrays, factor: float) -> Arrays:
    return {n: factor * v for n, v in g.items()}
