"""The derivative of an activation inside of a layer: a gate's, a cell's.

A statement of backward multiplies what arrives, number by number, with a factor that does not depend on it:
two gradients from above tell which factor. The slopes of forward's own activations are measured. If one of
these in the place of the factor makes every gradient right, the factor was meant to be that derivative.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np

from ..allowance import Allowance
from ..case import Case, close
from ..probe import Arrays
from ..report import Finding
from ..source.adjoints import BackwardTrace, Intermediates
from ..source.influence import influence
from ..source.multiplied import Factor, Way, factors, flat
from ..source.sites import Key, Site
from ..source.slopes import Slope, Slopes
from .another import Another
from .counts import ratio

SECONDS = 0.8
Shape = tuple[int, ...]


def slopes(case: Case) -> Iterator[Finding]:
    """The first statement whose factor, exchanged for a measured slope, makes all wrong gradients right."""
    backward, forward = BackwardTrace(case), Intermediates(case)
    if not (backward.available and forward.available and case.wrong) or backward.one_step or case.misshapen:
        return
    other = Another(case)
    with backward.running():
        runs = [_values(backward, case.probe.upstream)]
        with other.arriving():
            runs.append(_values(backward, other.upstream))
    statements, levers = [], {}
    allowance = Allowance(SECONDS)
    multiplied = factors(backward, runs[0], runs[1], case.suspects)
    for site, found in groupby(multiplied, key=lambda f: f.site.id):
        mine = list(found)
        keys = [k for k in runs[0] if k[0] == site]
        if allowance.spent():
            break
        lever = influence(case, backward, {k: runs[0][k] for k in keys})
        if lever is not None and lever.suffices:
            statements.append(mine)
            levers[site] = lever
    ways = Ways(Slopes(case, forward, SECONDS), forward)
    for mine in _most_suspect_first(statements, ways):
        lever = levers[mine[0].site.id]
        keys = [k for k in runs[0] if k[0] == mine[0].site.id]
        before = flat(runs[0][k] for k in keys)
        for factor in mine:
            for way in ways.once(factor):
                if (
                    lever.fits(flat(factor.with_slopes(way, runs[0])) - before)
                    and ways.is_derivative(factor, way)
                    and not ways.is_right_here(mine, way)
                    and _lasts(case, backward, factor, way, runs[1], other)
                ):
                    arrives = backward.taps.sites[factor.arrives[0][0]]
                    yield _finding(case, forward, factor, way, arrives, ways.is_missing(factor, way))
                    return


def _most_suspect_first(statements: list[list[Factor]], ways: Ways) -> list[list[Factor]]:
    """In order, those whose factor is no slope of forward; then the others, the last one first: what they
    give is right for something, and a step is left out behind it.
    """
    plain = [any(f.rest is None and any(ways.alike(f, varying=True)) for f in mine) for mine in statements]
    odd = [mine for mine, is_plain in zip(statements, plain, strict=True) if not is_plain]
    return odd + [mine for mine, is_plain in zip(statements, plain, strict=True) if is_plain][::-1]


def _values(trace: BackwardTrace, upstream: Arrays) -> dict[Key, np.ndarray]:
    """Everything that backward meets, in order."""
    seen: dict[Key, np.ndarray] = {}

    def note(site: Site, execution: int, value: Any) -> Any:
        if isinstance(value, np.ndarray) and value.size > 2:
            seen[site.id, execution] = value.copy()
        return value

    trace.observed(note, upstream)
    return seen


# ------------------------------------------------------------ what forward asks for


class Ways:
    """The elementwise steps of forward that a statement's factors may belong to: those of its shape that were
    run as often, in the order of backward's executions or in reverse.
    """

    def __init__(self, steps: Slopes, forward: Intermediates) -> None:
        self.steps, self.forward = steps, forward
        self._known: dict[tuple[Shape, ...], tuple[list[Way], np.ndarray]] = {}

    def of(self, factor: Factor) -> tuple[list[Way], np.ndarray]:
        """The ways, and their slopes: one row for each."""
        shapes = factor.shapes
        if shapes not in self._known:
            size = sum(v.size for v in factor.values)
            ways = [way for way in self._all(shapes) if sum(s.values.size for s in way) == size]
            rows = [flat(s.values for s in way) for way in ways]
            self._known[shapes] = ways, np.stack(rows) if rows else np.zeros((0, 1))
        return self._known[shapes]

    def _all(self, shapes: tuple[Shape, ...]) -> list[Way]:
        slopes = [s for shape in dict.fromkeys(shapes) for s in self.steps.between(shape)]
        if len(shapes) == 1:
            return [[s] for s in slopes]
        sites: dict[tuple[int, int], dict[int, Slope]] = {}
        for slope in slopes:
            sites.setdefault((slope.start[0], slope.end[0]), {}).setdefault(slope.start[1], slope)
        ways = [[found[n] for n in sorted(found)] for found in sites.values() if len(found) == len(shapes)]
        both = [order for way in ways for order in (way[::-1], way)]
        return [way for way in both if tuple(s.values.shape for s in way) == shapes]

    def alike(self, factor: Factor, varying: bool = False) -> list[Way]:
        """Those whose slope the factor is."""
        return self._equal_to(flat(factor.values), factor, varying)

    def _equal_to(self, row: np.ndarray, factor: Factor, varying: bool = False) -> list[Way]:
        ways, table = self.of(factor)
        if not ways or table.shape[1] != row.size:
            return []
        largest = np.maximum(np.abs(table).max(1), np.abs(row).max())
        same = np.abs(table - row).max(1) <= 1e-5 * largest
        if varying:
            same &= np.ptp(table, axis=1) > 1e-5 * largest
        return [ways[i] for i in np.flatnonzero(same)]

    def once(self, factor: Factor) -> list[Way]:
        """The steps that bend, each slope once."""
        ways, table = self.of(factor)
        found: dict[tuple[float, bytes], Way] = {}
        for way, row in zip(ways, table, strict=True):
            if any(s.bends for s in way):
                size = np.abs(row).max()
                found.setdefault((float(f"{size:.5g}"), np.round(row / size, 6).tobytes()), way)
        return list(found.values())

    def is_derivative(self, factor: Factor, way: Way) -> bool:
        """Whether it is the derivative of an activation that is wrong, and not a constant, a branch, or
        another factor that is missing beside it.
        """
        if ratio(flat(factor.values), flat(s.values for s in way)) is not None:
            return False
        twins = self._equal_to(flat(s.values for s in way), factor)
        return not any(self._is_part(part, twin) for twin in twins for part in self.alike(factor))

    def is_right_here(self, mine: list[Factor], way: Way) -> bool:
        """Whether the statement has this activation's derivative: then what arrives at it is wrong."""
        twins = self._equal_to(flat(s.values for s in way), mine[0])
        starts = {twin[0].start for twin in twins}
        return any(
            other[0].bends and other[0].start in starts
            for factor in mine
            if factor.rest is None
            for other in self.alike(factor)
        )

    def is_missing(self, factor: Factor, way: Way) -> bool:
        """Whether the factor is what is left without the activation: 1, or the slope behind it."""
        if all(close(v, np.ones(v.shape), tolerance=1e-6) for v in factor.values):
            return True
        known = {(s.start, s.end): s for s in self.steps.between(way[0].values.shape)}
        twins = self._equal_to(flat(s.values for s in way), factor)
        return any(
            behind[0].end == twin[0].end
            for twin in twins
            for behind in self.alike(factor)
            if (twin[0].start, behind[0].start) in known and known[twin[0].start, behind[0].start].bends
        )

    def _is_part(self, part: Way, way: Way) -> bool:
        """Whether a step is one of several ways through another, or that other up to a product behind the
        activation.
        """
        values, (first, whole) = self.forward.values, (part[0], way[0])
        if not np.array_equal(values[first.start], values[whole.start]):
            return False
        if first.end == whole.end:
            return True
        rest = next(
            (
                s
                for s in self.steps.between(whole.values.shape)
                if (s.start, s.end) == (first.end, whole.end) and close(s.values * first.values, whole.values)
            ),
            None,
        )
        return rest is not None and not rest.bends and float(np.ptp(rest.values)) > 1e-6


# ------------------------------------------------------------ the proof


def _lasts(
    case: Case, trace: BackwardTrace, factor: Factor, way: Way, run: dict[Key, np.ndarray], other: Another
) -> bool:
    """Whether it is right for another gradient from above, too."""
    given = dict(zip(factor.executions, factor.with_slopes(way, run), strict=True))
    with trace.running(), other.arriving():
        gradients = trace.overruled(factor.site.id, given, other.upstream)
    return gradients is not None and all(
        close(gradients[n], other.gradient(n), 1e-3 * case.scale, 1e-5) for n in case.wrong
    )


def _finding(
    case: Case, forward: Intermediates, factor: Factor, way: Way, arrives: Site, missing: bool
) -> Finding:
    site, start, end = factor.site, forward.site(way[0].start), forward.site(way[0].end)
    used = [float(min(v.min() for v in factor.values)), float(max(v.max() for v in factor.values))]
    right = [float(min(s.values.min() for s in way)), float(max(s.values.max() for s in way))]
    step = f"from `{start.text}` to `{end.text}`"
    what = f"`{arrives.text}` " + (
        "without the activation's derivative" if missing else "times another factor"
    )
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
