"""The numerical gradient of every intermediate of forward, and what
backward has at each of its statements.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..case import Case, close
from ..effort import done
from ..errors import SubjectError
from ..naming import UPSTREAMS
from ..probe import Arrays
from .freeze import _Swapped
from .sites import Site
from .taps import Taps, focused

MAX_EVALUATIONS = 12_000


@dataclass
class Moment:
    """One execution of one statement of backward."""

    site: Site
    execution: int
    order: int
    value: np.ndarray


class Intermediates:
    """Forward's values by (site, execution), with their numerical gradients when asked for."""

    def __init__(self, case: Case) -> None:
        self.case = case
        subject = case.probe.subject
        self.taps = Taps([subject.forward_function], subject.owner)
        self.values: dict[tuple[int, int], np.ndarray] = {}
        self.order: list[tuple[int, int]] = []
        self._adjoints: dict[tuple[int, int], np.ndarray] = {}
        self._directions: dict[tuple[int, int], list[tuple[np.ndarray, float]]] = {}
        self.evaluations, self.most = 0, MAX_EVALUATIONS
        self.available = bool(self.taps.sites)
        if self.available:
            self._record()

    def running(self) -> Any:
        return _Swapped(self.case, self.taps)

    def limit(self, seconds: float) -> None:
        """No more evaluations than fit into so many seconds: one gradient element by element may take longer
        than all there is to be found.
        """
        start = done()
        with self.running(), focused(()):
            self._evaluate(None)
        self.most = min(MAX_EVALUATIONS, int(seconds / max(done() - start, 1e-6)))

    def _record(self) -> None:
        def note(site: Site, execution: int, value: Any) -> Any:
            if isinstance(value, np.ndarray):
                self.values[site.id, execution] = value.copy()
                self.order.append((site.id, execution))
            return value

        try:
            with self.running():
                self._evaluate(note)
        except SubjectError:
            self.available = False

    def _evaluate(self, action: Any) -> dict[str, np.ndarray]:
        self.taps.begin(action)
        return self.case.probe.outputs()

    def site(self, key: tuple[int, int]) -> Site:
        return self.taps.sites[key[0]]

    def _moved(
        self, key: tuple[int, int], change: np.ndarray, watch: tuple[int, int] | None = None
    ) -> tuple[float, np.ndarray | None]:
        """The scalar, and the value at another site, with one value changed as it passes."""
        seen: list[np.ndarray] = []

        def action(site: Site, execution: int, value: Any) -> Any:
            if (site.id, execution) == key and np.shape(value) == change.shape:
                value = value + change
            if watch is not None and (site.id, execution) == watch and isinstance(value, np.ndarray):
                seen.append(value.copy())
            return value

        with focused({key[0]} if watch is None else {key[0], watch[0]}):
            outputs = self._evaluate(action)
        g = self.case.probe.upstream
        return float(sum(np.vdot(g[n], v) for n, v in outputs.items())), seen[0] if seen else None

    def adjoint(self, key: tuple[int, int]) -> np.ndarray | None:
        """The numerical gradient with respect to one value, None when that would take too long."""
        if key not in self._adjoints:
            value = self.values[key]
            twin = self._same_slopes(key)
            if twin is not None:
                self._adjoints[key] = self._adjoints[twin]
                return self._adjoints[key]
            if self.evaluations + 2 * value.size > self.most:
                return None
            self.evaluations += 2 * value.size
            h = _step(value)
            result = np.zeros(value.shape)
            for i in range(value.size):
                change = np.zeros(value.shape)
                change.flat[i] = h
                result.flat[i] = (self._moved(key, change)[0] - self._moved(key, -change)[0]) / (2 * h)
            self._adjoints[key] = result
        return self._adjoints[key]

    def _same_slopes(self, key: tuple[int, int]) -> tuple[int, int] | None:
        """Another value whose gradient is known and must be the same: the slopes along two random directions
        are. A variable and its uses, for one.
        """
        shape = self.values[key].shape
        for other in self._adjoints:
            if self.values[other].shape == shape and all(
                abs(a - b) <= 1e-6 * (abs(a) + abs(b))
                for (_, a), (_, b) in zip(self._slopes(key), self._slopes(other), strict=True)
            ):
                return other
        return None

    def agrees(self, key: tuple[int, int], gradient: np.ndarray, scale: float) -> bool:
        """Whether a gradient of one value may be right: along random directions, not number by number."""
        for direction, slope in self._slopes(key):
            size = float(np.linalg.norm(gradient)) + abs(slope) + scale
            if abs(slope - float(np.vdot(gradient, direction))) > 1e-4 * size:
                return False
        return True

    def _slopes(self, key: tuple[int, int]) -> list[tuple[np.ndarray, float]]:
        if key not in self._directions:
            value = self.values[key]
            found = []
            for direction in np.random.default_rng([31, 8_191]).normal(size=(2, *value.shape)):
                h = _step(value)
                up, down = self._moved(key, h * direction)[0], self._moved(key, -h * direction)[0]
                found.append((direction, (up - down) / (2 * h)))
            self._directions[key] = found
        return self._directions[key]

    def slope_at(self, key: tuple[int, int], value: np.ndarray, watch: tuple[int, int]) -> np.ndarray | None:
        """d (value at watch) / d (value at key), element by element, were another value at key."""
        here = self.values[key]
        h = _step(value)
        up = self._moved(key, value - here + h, watch)[1]
        down = self._moved(key, value - here - h, watch)[1]
        return None if up is None or down is None or up.shape != down.shape else (up - down) / (2 * h)

    def jacobian(self, key: tuple[int, int], watch: tuple[int, int]) -> np.ndarray | None:
        """d (value at watch) / d (value at key), flat."""
        value, out = self.values[key], self.values[watch]
        if value.size * out.size > 400_000 or self.evaluations + 2 * value.size > 3 * MAX_EVALUATIONS:
            return None
        self.evaluations += 2 * value.size
        h = _step(value)
        columns = []
        for i in range(value.size):
            change = np.zeros(value.shape)
            change.flat[i] = h
            up, down = self._moved(key, change, watch)[1], self._moved(key, -change, watch)[1]
            if up is None or down is None or up.shape != out.shape:
                return None
            columns.append(((up - down) / (2 * h)).ravel())
        return np.stack(columns, 1)


class BackwardTrace:
    """What each statement of backward gives, and backward with one of them overruled."""

    def __init__(self, case: Case) -> None:
        self.case = case
        subject = case.probe.subject
        self.taps = Taps([subject.backward_function], subject.owner, backward=True)
        forward = getattr(subject.forward_function, "__name__", "")
        self.moments: list[Moment] = []
        # in one step, forward and backward share a function: there, names tell what a gradient is
        self.one_step = _code(subject.forward_function) is _code(subject.backward_function)
        self.available = self.one_step or any(
            s.kind in ("assign", "return", "augment")
            for s in self.taps.sites.values()
            if s.function != forward
        )

    def running(self) -> Any:
        return _Swapped(self.case, self.taps)

    def record(self) -> list[Moment]:
        """Every assigned or returned array, and every buffer as it is read, in order."""
        self.moments = []

        def note(site: Site, execution: int, value: Any) -> Any:
            told = site.kind in ("assign", "return", "augment") or site.stored is not None
            told = told and (not self.one_step or _is_gradient(site.name))
            if told and isinstance(value, np.ndarray) and value.size:
                self.moments.append(Moment(site, execution, len(self.moments), value.copy()))
            return value

        self.observed(note)
        return self.moments

    def observed(
        self, action: Any, upstream: Arrays | None = None, changes: Arrays | None = None
    ) -> dict[str, Any] | None:
        """The gradients of one run, in which `action` sees what backward does, and nothing of forward."""

        def begin(*_: Any) -> None:
            self.taps.begin(action)

        self.taps.action = None
        try:
            if self.one_step:  # forward's taps may stand in the same function
                with self.running():
                    return self.case.again(upstream=upstream, changes=changes, between=begin)
            return self.case.again(upstream=upstream, changes=changes, between=begin)
        finally:
            self.taps.action = None

    def overruled(
        self, site: int, truths: dict[int, np.ndarray], upstream: Arrays | None = None
    ) -> dict[str, Any] | None:
        """The gradients when a statement gives other values, by execution."""

        def put(where: Site, execution: int, value: Any) -> Any:
            if where.id == site and execution in truths and np.shape(value) == truths[execution].shape:
                return truths[execution].copy()
            return value

        with focused({site}):
            return self.observed(put, upstream)


def _is_gradient(name: str) -> bool:
    """By its name: `dh`, `grad`, but not `diff`, `data`, `dist`, `gamma`."""
    return bool(UPSTREAMS.match(name)) and not re.match(r"^(diff|data|dist|dim|den|gamma|gate|gain)", name)


def _code(function: Any) -> Any:
    function = inspect.unwrap(function)
    return getattr(getattr(function, "__func__", function), "__code__", function)


def _step(value: np.ndarray) -> float:
    """How far to move one number of an array; what a mask has set to -inf does not count."""
    finite = value[np.isfinite(value)]
    return 1e-5 * max(1e-3, float(np.sqrt(np.mean(finite**2)))) if finite.size else 1e-5


def equal(a: np.ndarray, n: np.ndarray | None, scale: float) -> bool:
    return n is not None and close(a, n, 1e-3 * scale, 2e-5)
