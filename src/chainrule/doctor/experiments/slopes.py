"""The derivative of an activation inside of a layer: a gate's, a cell's.

A statement of backward multiplies what arrives, number by number, with a factor that does not depend on it:
two gradients from above tell which factor. The slopes of forward's own activations are measured. If one of
these in the place of the factor makes every gradient right, the factor was meant to be that derivative.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from ..allowance import Allowance
from ..case import Case, close
from ..probe import Arrays
from ..report import Finding
from ..source.adjoints import BackwardTrace, Intermediates
from ..source.influence import influence, observed, overruled
from ..source.sites import Site
from ..source.slopes import Key, Slope, Slopes
from .counts import ratio

SECONDS = 1.5
MOST_VALUES = 6  # of backward that one statement may have met


Way = list[Slope]  # one elementwise step of forward, at the executions that belong to a statement's


@dataclass
class Factor:
    """A statement's value is `rest` + factor * `arrives`, at each of its executions."""

    site: Site
    executions: list[int]
    arrives: list[Key]
    rest: list[Key] | None
    values: list[np.ndarray]

    def with_slopes(self, way: Way, run: dict[Key, np.ndarray]) -> np.ndarray:
        """What the statement would give with the slopes in the place of the factor."""
        given = []
        for n, slope in enumerate(way):
            rest: Any = 0.0 if self.rest is None else run[self.rest[n]]
            given.append(rest + run[self.arrives[n]] * slope.values)
        return np.stack(given)


def slopes(case: Case) -> Iterator[Finding]:
    """The first statement whose factor, exchanged for a measured slope, makes all wrong gradients right."""
    backward, forward = BackwardTrace(case), Intermediates(case)
    if not (backward.available and forward.available and case.wrong) or backward.one_step or case.misshapen:
        return
    rng = np.random.default_rng([41, 8_191])
    other = {n: rng.normal(size=g.shape) for n, g in case.probe.upstream.items()}
    with backward.running():
        runs = [_values(case, backward, g) for g in (case.probe.upstream, other)]
    steps, allowance = Slopes(case, forward), Allowance(SECONDS)
    for site, factors in groupby(_factors(backward, *runs), key=lambda factor: factor.site):
        keys = [k for k in runs[0] if k[0] == site.id]
        lever = None if allowance.spent() else influence(case, backward, {k: runs[0][k] for k in keys})
        if lever is None or not lever.suffices:
            continue
        before = np.stack([runs[0][k] for k in keys])
        for factor in factors:
            ways = _ways(factor, steps)
            for way in _once(ways):
                if (
                    lever.fits(factor.with_slopes(way, runs[0]) - before)
                    and _is_derivative(factor, way, ways, forward)
                    and _lasts(case, backward, factor, way, runs[1], other)
                ):
                    yield _finding(case, forward, factor, way, backward.taps.sites[factor.arrives[0][0]])
                    return


def _values(case: Case, trace: BackwardTrace, upstream: Arrays) -> dict[Key, np.ndarray]:
    """Everything that backward meets, in order."""
    seen: dict[Key, np.ndarray] = {}

    def note(site: Site, execution: int, value: Any) -> Any:
        if isinstance(value, np.ndarray) and value.size > 2:
            seen[site.id, execution] = value.copy()
        return value

    observed(case, trace, note, upstream)
    return seen


# ------------------------------------------------------------ what backward does


def _factors(
    trace: BackwardTrace, one: dict[Key, np.ndarray], two: dict[Key, np.ndarray]
) -> Iterator[Factor]:
    """For each statement, in order, the factors with which it may be said to multiply something."""
    order = [k for k in one if k in two and one[k].shape == two[k].shape]
    place = {key: n for n, key in enumerate(order)}
    statements: dict[int, list[Key]] = {}
    for key in order:
        if trace.taps.sites[key[0]].kind in ("assign", "return"):
            statements.setdefault(key[0], []).append(key)
    for site, mine in statements.items():
        met = _met(trace, order[: place[mine[0]]], trace.taps.sites[site], one, two, one[mine[0]].shape)
        for arrives in met:
            for rest in (None, *(w for w in met if w != arrives)):
                factor = _factor(trace.taps.sites[site], mine, arrives, rest, place, one, two)
                if factor is not None:
                    yield factor


def _met(
    trace: BackwardTrace,
    before: list[Key],
    site: Site,
    one: dict[Key, np.ndarray],
    two: dict[Key, np.ndarray],
    shape: tuple[int, ...],
) -> list[int]:
    """The sites in the same function, the nearest first, whose value depends on g and has this shape."""
    found: list[int] = []
    known: list[np.ndarray] = []
    for key in reversed(before):
        there = trace.taps.sites[key[0]]
        if (there.function, there.file) != (site.function, site.file) or one[key].shape != shape:
            continue
        if np.array_equal(one[key], two[key]) or any(np.array_equal(one[key], v) for v in known):
            continue
        found.append(key[0])
        known.append(one[key])
        if len(found) == MOST_VALUES:
            break
    return found


def _factor(
    site: Site,
    mine: list[Key],
    arrives: int,
    rest: int | None,
    place: dict[Key, int],
    one: dict[Key, np.ndarray],
    two: dict[Key, np.ndarray],
) -> Factor | None:
    """None if what arrives is multiplied with different numbers for different g."""
    keys = [[_latest(k, s, place) for k in mine] for s in ((arrives,) if rest is None else (arrives, rest))]
    if any(key is None for found in keys for key in found):
        return None
    values = []
    for n, key in enumerate(mine):
        quotients = []
        for run in (one, two):
            through: Any = keys[0][n]
            added: Any = 0.0 if rest is None else run[keys[1][n]]  # type: ignore[index]
            if run[through].shape != run[key].shape or np.shape(added) not in ((), run[key].shape):
                return None
            quotients.append(_quotient(run[key] - added, run[through]))
        if any(q is None for q in quotients) or not close(*quotients, tolerance=1e-7):  # type: ignore[arg-type]
            return None
        values.append(quotients[0])
    if not any(map(np.any, values)):
        return None
    chosen: Any = keys
    return Factor(site, [k[1] for k in mine], chosen[0], chosen[1] if rest is not None else None, values)


def _quotient(value: np.ndarray, through: np.ndarray) -> np.ndarray | None:
    """value / through; where nothing arrives, nothing must come out, and the factor is not known: 0."""
    dead = np.abs(through) < 1e-12 * np.abs(through).max(initial=0)
    if np.count_nonzero(~dead) < 3 or np.any(value[dead]):
        return None
    found = np.zeros(value.shape)
    found[~dead] = value[~dead] / through[~dead]
    return found if np.all(np.isfinite(found)) else None


def _latest(key: Key, site: int, place: dict[Key, int]) -> Key | None:
    """The last value at a site before this one."""
    return max(
        (k for k in place if k[0] == site and place[k] < place[key]), key=place.__getitem__, default=None
    )


# ------------------------------------------------------------ what forward asks for


def _ways(factor: Factor, steps: Slopes) -> list[Way]:
    """The elementwise steps of forward of this shape that were run as often, in the order of backward's."""
    slopes = steps.between(factor.values[0].shape)
    if len(factor.values) == 1:
        return [[s] for s in slopes]
    sites: dict[tuple[int, int], dict[int, Slope]] = {}
    for slope in slopes:
        sites.setdefault((slope.start[0], slope.end[0]), {}).setdefault(slope.start[1], slope)
    ways = [list(found.values()) for found in sites.values() if len(found) == len(factor.values)]
    return [order for way in ways for order in (way[::-1], way)]


def _once(ways: list[Way]) -> list[Way]:
    """The steps that bend, each slope once."""
    found: dict[bytes, Way] = {}
    for way in ways:
        if any(s.bends for s in way):
            slopes = np.stack([s.values for s in way])
            found.setdefault(np.round(slopes / np.abs(slopes).max(), 6).tobytes(), way)
    return list(found.values())


def _is_derivative(factor: Factor, way: Way, ways: list[Way], forward: Intermediates) -> bool:
    """Whether it is the derivative of an activation that is wrong, and not a constant, a branch, or another
    factor that is missing beside it.
    """
    if ratio(np.stack(factor.values), np.stack([s.values for s in way])) is not None:
        return False
    twins = [w for w in ways if _same(w, way)]
    alike = [w for w in ways if _equal(factor, w)]
    return not any(_only_a_part(other, twin, ways, forward) for twin in twins for other in alike)


def _equal(factor: Factor, way: Way) -> bool:
    return all(close(f, s.values, tolerance=1e-5) for f, s in zip(factor.values, way, strict=True))


def _same(one: Way, two: Way) -> bool:
    return all(close(a.values, b.values, tolerance=1e-6) for a, b in zip(one, two, strict=True))


def _only_a_part(other: Way, way: Way, ways: list[Way], forward: Intermediates) -> bool:
    """Whether `other` is one of several ways through this step, or the step up to a product behind the
    activation.
    """
    start, end = way[0].start, way[0].end
    if not np.array_equal(forward.values[other[0].start], forward.values[start]):
        return False
    if other[0].end == end:
        return True
    rest = next((w[0] for w in ways if (w[0].start, w[0].end) == (other[0].end, end)), None)
    return rest is not None and not rest.bends and not _constant(rest.values)


def _constant(values: np.ndarray) -> bool:
    return close(values, np.full_like(values, values.flat[0]), tolerance=1e-6)


# ------------------------------------------------------------ the proof


def _lasts(
    case: Case, trace: BackwardTrace, factor: Factor, way: Way, run: dict[Key, np.ndarray], other: Arrays
) -> bool:
    """Whether it is right for another gradient from above, too."""
    given = dict(zip(factor.executions, factor.with_slopes(way, run), strict=True))
    gradients = overruled(case, trace, factor.site.id, given, other)
    return gradients is not None and all(
        close(gradients[n], case.numeric.gradient(n, other), 1e-3 * case.scale, 1e-5) for n in case.wrong
    )


def _finding(case: Case, forward: Intermediates, factor: Factor, way: Way, arrives: Site) -> Finding:
    site, start, end = factor.site, forward.site(way[0].start), forward.site(way[0].end)
    missing = all(close(v, np.ones(v.shape), tolerance=1e-6) for v in factor.values)
    used = [float(min(v.min() for v in factor.values)), float(max(v.max() for v in factor.values))]
    right = [float(min(s.values.min() for s in way)), float(max(s.values.max() for s in way))]
    step = f"from `{start.text}` to `{end.text}`"
    what = f"`{arrives.text}` unchanged" if missing else f"`{arrives.text}` times another factor"
    whose = ", ".join(case.wrong[:6])
    return case.finding(
        "activation-derivative-missing" if missing else "activation-derivative-misplaced",
        list(case.wrong),
        verified=True,
        place=(site.file, site.made_at),
        evidence={"factor used, from / to": used, f"slope {step}, from / to": right},
        detail=f"`{site.text}` in line {site.made_at} takes {what}. With the measured slope "
        f"{step} in its place, the gradient of {whose} is right",
    )


__all__ = ["slopes"]
