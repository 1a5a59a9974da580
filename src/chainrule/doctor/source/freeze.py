"""Which path does backward leave out?

In forward, one use of one value is frozen: it keeps the number that it has at the point, whatever is varied.
The numerical gradient of that forward is what a backward gives that treats this use as a constant. Where it
equals the gradient under test, the forgotten path is found: the skip connection, the hidden state of the step
before, the mean of a norm, the second use of a tied weight.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..allowance import Allowance
from ..case import Case
from ..errors import SubjectError
from .sites import Site
from .taps import Taps, focused

MAX_PAIRS, MAX_UNLIKELY = 700, 150
SECONDS = 0.8
SECONDS_WHEN_NAMED = 0.4  # what is left then is most often a consequence


@dataclass(frozen=True)
class Frozen:
    """Some sites, at some of their executions, that backward treats as constants."""

    sites: tuple[Site, ...]
    kept: int | None = None  # the one execution that backward does follow; None: none of them
    executions: int = 1


class Freezer:
    """Numerical gradients of forward with parts of it frozen."""

    def __init__(self, case: Case) -> None:
        self.case = case
        subject = case.probe.subject
        self.taps = Taps([subject.forward_function], subject.owner)
        self.values: dict[int, list[Any]] = {}
        self._directions: dict[str, np.ndarray] = {}
        self._explained: set[str] = set()
        self._slopes: dict[tuple[str, int, Frozen], float] = {}
        self.available = bool(self.taps.sites)
        if self.available:
            self._record()

    def _record(self, changes: dict[str, np.ndarray] | None = None) -> None:
        def note(site: Site, execution: int, value: Any) -> Any:
            self.values.setdefault(site.id, []).append(
                np.array(value) if isinstance(value, np.ndarray) else value
            )
            return value

        try:
            with self.running():
                self.taps.action = note
                self._outputs(changes or {})
        except SubjectError:
            self.available = False

    def moved_by(self, name: str) -> set[int]:
        """The sites whose values at the point change with an input or a parameter."""
        kept, self.values = self.values, {}
        try:
            self._record({name: self.case.probe.value(name) * 1.01 + 1e-3})
            now = self.values
        finally:
            self.values = kept
        return {
            i
            for i, values in kept.items()
            if i in now and any(not np.array_equal(a, b) for a, b in zip(values, now[i], strict=False))
        }

    def running(self) -> Any:
        return _Swapped(self.case, self.taps)

    def _outputs(self, changes: dict[str, np.ndarray]) -> float:
        self.taps.begin(self.taps.action)
        return self.case.probe.scalar(changes)

    def slope(self, name: str, which: int, frozen: Frozen) -> float:
        """The derivative along one of three random directions with the sites frozen."""
        key = name, which, frozen
        if key not in self._slopes:
            self._slopes[key] = self._slope(name, self.directions(name)[which], frozen)
        return self._slopes[key]

    def directions(self, name: str) -> np.ndarray:
        if name not in self._directions:
            shape = self.case.probe.value(name).shape
            self._directions[name] = np.random.default_rng([17, 8_191]).normal(size=(3, *shape))
        return self._directions[name]

    def _slope(self, name: str, direction: np.ndarray, frozen: Frozen) -> float:
        keys = {s.id for s in frozen.sites}

        def action(site: Site, execution: int, value: Any) -> Any:
            if site.id not in keys or execution == frozen.kept:
                return value
            recorded = self.values[site.id]
            if execution >= len(recorded) or np.shape(recorded[execution]) != np.shape(value):
                return value
            return recorded[execution].copy() if isinstance(value, np.ndarray) else recorded[execution]

        self.taps.action = action
        point = self.case.probe.value(name)
        h = 1e-5 * max(1e-3, float(np.sqrt(np.mean(point**2)))) / float(np.sqrt(np.mean(direction**2)))
        with focused(keys):
            up = self._outputs({name: point + h * direction})
            down = self._outputs({name: point - h * direction})
        return (up - down) / (2 * h)

    def candidates(self) -> list[Frozen]:
        """Single sites, whole and with one execution kept; then pairs of uses."""
        single = [s for s in self.taps.sites.values() if s.id in self.values and s.kind != "product"]
        found = self._from_before(single)
        found += [Frozen((s,), None, len(self.values[s.id])) for s in single]
        for s in single:
            times = len(self.values[s.id])
            if 2 <= times <= 64:
                found += [Frozen((s,), kept, times) for kept in (0, times - 1)]
        return found

    def _from_before(self, sites: list[Site]) -> list[Frozen]:
        """All reads of a variable in a loop before the loop assigns it anew: the value of the step before."""
        groups: dict[tuple[tuple[int, ...], str], list[Site]] = {}
        assigned: dict[tuple[tuple[int, ...], str], int] = {}
        for site in sites:
            if site.carried and site.loop:
                key = (site.loop, site.name)
                if site.kind == "assign":
                    assigned[key] = min(site.line, assigned.get(key, site.line))
                elif site.kind == "use":
                    groups.setdefault(key, []).append(site)
        found = []
        for key, uses in groups.items():
            before = [s for s in uses if s.line <= assigned.get(key, 0)]
            if len(before) > 1:
                found.append(Frozen(tuple(before), None, len(self.values[before[0].id])))
        return found

    def pairs(self, name: str) -> Iterable[Frozen]:
        """Two uses at once. Paths that do not meet add up: where the gradient without both would be that
        of backward, by what the single ones take away, the pair comes first.
        """
        uses = [
            s
            for s in self.taps.sites.values()
            if s.id in self.values and s.kind not in ("return", "product") and np.ndim(self.values[s.id][0])
        ]
        a = self.case.a(name)
        direction = self.directions(name)[0]
        try:
            whole = self.slope(name, 0, Frozen(()))
            taken = {
                s.id: whole - self.slope(name, 0, Frozen((s,), None, len(self.values[s.id]))) for s in uses
            }
        except SubjectError:
            return
        missing = whole - float(np.vdot(a, direction))

        def unlikely(pair: tuple[Site, Site]) -> bool:
            left = missing - taken[pair[0].id] - taken[pair[1].id]
            return abs(left) > 1e-4 * (abs(whole) + abs(missing))

        both = list(itertools.islice(itertools.combinations(uses, 2), MAX_PAIRS))
        likely = [pair for pair in both if not unlikely(pair)]
        rest = [pair for pair in both if unlikely(pair)][:MAX_UNLIKELY]
        yield from (Frozen(pair) for pair in likely + rest)

    def forgotten(self, names: list[str], near: bool) -> Iterator[tuple[Frozen, list[str]]]:
        """Frozen sites that predict the gradients under test, and which of them they predict. near: single
        sites that predict the first input's; else all that is left.
        """
        if not self.available:
            return
        target = next((n for n in names if not self.case.probe.is_parameter(n)), names[0])
        order = [target] if near else [target, *[n for n in names if n != target]]
        with self.running():
            allowance = Allowance(SECONDS_WHEN_NAMED if self.case.kept.get("proved") else SECONDS)
            for name in order:
                for frozen in self._of(name, near, first=name == target):
                    if allowance.spent():
                        return
                    if self._predicts(name, frozen):
                        others = [n for n in names if n != name and self._predicts(n, frozen)]
                        self._explained.add(name)
                        allowance.shorten(SECONDS_WHEN_NAMED)
                        yield frozen, [name, *others]

    def _of(self, name: str, near: bool, first: bool) -> Iterator[Frozen]:
        """What to try for one gradient: single sites, and pairs if none of them says enough."""
        if near or not first:
            yield from self.candidates()
        if not near and not self._explained:
            yield from self.pairs(name)

    def _predicts(self, name: str, frozen: Frozen) -> bool:
        a = self.case.a(name)
        norm = float(np.linalg.norm(a))
        for which, direction in enumerate(self.directions(name)):
            try:
                slope = self.slope(name, which, frozen)
            except SubjectError:
                return False
            if abs(slope - float(np.vdot(a, direction))) > 1e-5 * (norm + abs(slope)) + 1e-9:
                return False
        # a gradient that is 0 is predicted by every cut: that says nothing
        return norm > 1e-9 * max(self.case.scale, 1e-300)


class _Swapped:
    """The tapped functions in the place of the originals, also where the subject keeps hold of them."""

    def __init__(self, case: Case, taps: Taps) -> None:
        self.subject, self.taps = case.probe.subject, taps

    def __enter__(self) -> None:
        self.taps.__enter__()
        subject = self.subject
        self.kept = subject.forward_function, subject.backward_function
        if subject.owner is not None:
            subject.forward_function = getattr(subject.owner, self.kept[0].__name__, self.kept[0])
            subject.backward_function = getattr(subject.owner, self.kept[1].__name__, self.kept[1])
        else:
            subject.forward_function = self._twin(self.kept[0])
            subject.backward_function = self._twin(self.kept[1])

    def _twin(self, function: Any) -> Any:
        return self.taps.tapped.get(getattr(function, "__code__", None), function)  # type: ignore[arg-type]

    def __exit__(self, *error: Any) -> None:
        self.subject.forward_function, self.subject.backward_function = self.kept
        self.taps.action = None
        self.taps.__exit__(*error)
