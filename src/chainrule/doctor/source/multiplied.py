"""With what does a statement of backward multiply what arrives? Two gradients from above tell: the factor is
the same for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..case import Line, close
from ..effort import spend
from .adjoints import BackwardTrace
from .sites import Key, Site
from .slopes import Slope

MOST_EXECUTIONS = 1_000  # of one statement
PER_FACTOR = 40e-6  # seconds of work
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

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """One for each execution: in a loop over layers they differ."""
        return tuple(v.shape for v in self.values)

    def with_slopes(self, way: Way, run: dict[Key, np.ndarray]) -> list[np.ndarray]:
        """What the statement would give with the slopes in the place of the factor."""
        given = []
        for n, slope in enumerate(way):
            rest: Any = 0.0 if self.rest is None else run[self.rest[n]]
            given.append(rest + run[self.arrives[n]] * slope.values)
        return given


def flat(values: Iterable[np.ndarray]) -> np.ndarray:
    """All of them, one behind the other."""
    return np.concatenate([np.ravel(v) for v in values])


def factors(
    trace: BackwardTrace, one: dict[Key, np.ndarray], two: dict[Key, np.ndarray], first: list[Line]
) -> Iterator[Factor]:
    """For each statement, in order, the factors with which it may be said to multiply something. first: the
    lines that are asked before all others.
    """
    order = [k for k in one if k in two and one[k].shape == two[k].shape]
    place = {key: n for n, key in enumerate(order)}
    statements: dict[int, list[Key]] = {}
    for key in order:
        if trace.taps.sites[key[0]].kind in ("assign", "return"):
            statements.setdefault(key[0], []).append(key)
    for site in sorted(statements, key=lambda s: trace.taps.sites[s].place not in first):
        mine = statements[site]
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
    spend(PER_FACTOR)
    keys = [[_latest(k, s, place) for k in mine] for s in ((arrives,) if rest is None else (arrives, rest))]
    if any(key is None for found in keys for key in found):
        return None
    values = []
    for n, key in enumerate(mine):
        quotients: list[np.ndarray] = []
        for run in (one, two):
            through: Any = keys[0][n]
            added: Any = 0.0 if rest is None else run[keys[1][n]]  # type: ignore[index]
            if run[through].shape != run[key].shape or np.shape(added) not in ((), run[key].shape):
                return None
            quotient = _quotient(run[key] - added, run[through])
            if quotient is None:
                return None
            quotients.append(quotient)
        if not close(quotients[0], quotients[1], tolerance=1e-7):
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
    latest = None
    for execution in range(MOST_EXECUTIONS):
        other = site, execution
        if place.get(other, place[key]) >= place[key]:
            break
        latest = other
    return latest
