"""The facts about one subject at one point: what backward says, what
the numbers say, and where they differ.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from .errors import SubjectError, TooLarge
from .excused import in_steps, only_padding, straight_through
from .numeric import Numeric, flat
from .overlooked import needs_none, told
from .probe import Arrays, Probe, Run
from .report import Finding

TOLERANCE = 2e-6
DIRECTIONS = 2
TINY_RATE = 1e-7
FAR = 0.01


def close(a: Any, b: Any, scale: float = 0.0, tolerance: float = 1e-5) -> bool:
    """Whether two arrays agree, relative to the larger of them (and to `scale`)."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or not np.all(np.isfinite(a)):
        return False
    largest = max(_largest(a), _largest(b), scale)
    return largest == 0 or _largest(a - b) <= tolerance * largest


Line = tuple[str, int]  # of a file


class Case:
    """One layer's probe with everything known about it.

    a: gradients as backward gives them. n(name): the numerical one. wrong: names where they differ.
    """

    def __init__(self, probe: Probe, path: str = "", intent: frozenset[str] = frozenset()) -> None:
        self.probe, self.path, self.intent = probe, path, intent
        self.numeric = Numeric(probe)
        self.run: Run | None = None
        self.error: SubjectError | None = probe.backward_error
        self.wrong: list[str] = []
        self.right: list[str] = []
        self.vacuous: list[str] = []
        self.misshapen: list[str] = []
        self.absent: list[str] = []
        self.stepwise: list[str] = []  # the derivative is 0 almost everywhere, what backward gives is not
        self.not_tested: list[str] = []
        self.not_yet: list[str] = []  # without a gradient
        self._known_slopes: dict[str, list[tuple[np.ndarray, float, bool]]] = {}
        self.kept: dict[str, Any] = {}  # what an experiment has found and another may ask for
        self.suspects: list[Line] = []  # where the first wrong statement is or may be, once known
        if self.error is None:
            try:
                self.run = probe.run()
            except SubjectError as error:
                self.error = error
        if self.run is not None:
            self._compare()

    # ------------------------------------------------------------ comparing

    def _compare(self) -> None:
        assert self.run is not None
        for name in self.probe.names:
            gradient = self.run.gradients.get(name)
            shape = self.probe.value(name).shape
            if gradient is None or not isinstance(gradient, np.ndarray):
                self.absent.append(name)
            elif gradient.shape != shape:
                self.misshapen.append(name)
            elif self.agrees(name, gradient):
                self.right.append(name)
            else:
                self.wrong.append(name)
        kinked = [n for n in self.wrong if not self._really_wrong(n) or only_padding(self, n)]
        self.wrong = [n for n in self.wrong if n not in kinked]
        self.right += kinked
        self.stepwise = [n for n in self.wrong if in_steps(self, n)]
        self.wrong = [n for n in self.wrong if n not in self.stepwise]
        self.not_tested += [straight_through(self, self.stepwise)] if self.stepwise else []
        subject = self.probe.subject
        wanted = [n for n in self.absent if not needs_none(n, self.probe.value(n), subject.is_loss)]
        if getattr(type(subject.owner), "inputs_are_data", False) and len(wanted) < len(self.probe.names):
            wanted = []
        self.not_yet = [*wanted, *subject.overlooked]
        self.not_tested += [f"{n}: backward leaves no gradient for it" for n in wanted]
        self.not_tested += [told(*what) for what in subject.overlooked.items()]

    @cached_property
    def scale(self) -> float:
        """The size of the gradients here: what is much smaller counts as 0."""
        assert self.run is not None
        sizes = [_largest(g) for g in self.run.gradients.values() if isinstance(g, np.ndarray)]
        finite = [s for s in sizes if np.isfinite(s)]
        return max(finite, default=0.0)

    def agrees(self, name: str, gradient: np.ndarray, upstream: Arrays | None = None) -> bool:
        """Whether a gradient equals the numerical one along random directions."""
        loose = self.looseness
        if gradient.shape != self.probe.value(name).shape or not np.all(np.isfinite(gradient)):
            return False
        norm = float(np.linalg.norm(gradient))
        return all(
            abs(slope - float(np.vdot(gradient, direction)))
            <= TOLERANCE * loose * (norm + abs(slope)) + 1e-8 * loose * self.scale + 1e-10
            for direction, slope, _ in self.slopes(name, upstream)
        )

    def slopes(self, name: str, upstream: Arrays | None = None) -> Iterator[tuple[np.ndarray, float, bool]]:
        """Random directions, the numerical slope along each, and whether there is a kink."""
        known = self._known_slopes.setdefault(name, []) if upstream is None else []
        for i in range(DIRECTIONS):
            if i == len(known):
                rng = np.random.default_rng([7 + i, 8_191])
                direction = rng.normal(size=self.probe.value(name).shape)
                known.append((direction, *self.numeric.along(name, direction, upstream)))
            yield known[i]

    def _far_off(self, name: str, gradient: np.ndarray) -> bool:
        """Whether a gradient is wrong beyond any doubt, by directions in which the function is smooth."""
        size = float(np.linalg.norm(gradient)) + self.scale * 1e-3
        return self.looseness == 1 and any(
            not kink and abs(slope - float(np.vdot(gradient, direction))) > FAR * (size + abs(slope))
            for direction, slope, kink in self.slopes(name)
        )

    @cached_property
    def looseness(self) -> float:
        """1 for float64; more where the subject itself rounds to float32."""
        noise = self._noise()
        if noise < 1e-11:
            return 1.0
        self.numeric.step = 1e-2
        return float(np.clip(noise / 1e-11, 1.0, 1e4))

    def _noise(self) -> float:
        """How far the outputs are from moving in proportion to changes far below what matters: the rounding
        inside of the subject.
        """
        base = self.probe.outputs()
        size = max((_largest(v) for v in base.values()), default=0.0)
        rng = np.random.default_rng([37, 8_191])
        jump = 0.0
        for name in self.probe.names[:3]:
            value = self.probe.value(name)
            way = value * rng.uniform(0.5, 1.5, size=value.shape)
            large, small, tiny = (self.probe.outputs({name: value + h * way}) for h in (1e-6, 1e-9, 3e-13))
            for n in base:
                step = large[n] - base[n]
                jump = max(
                    jump,
                    _largest(small[n] - base[n] - 1e-3 * step),
                    _largest(tiny[n] - base[n] - 3e-7 * step),
                )
                if _largest(step) > 1e-8 * size and np.array_equal(small[n], base[n]):
                    jump = max(jump, 1e-7 * size)  # small changes are rounded away
        cast = any(
            np.asarray(v).dtype in (np.float32, np.float16)
            for v in (self.run.forward.leaves.values() if self.run and self.run.forward else ())
        )
        return max(jump / (size or 1.0), 1e-7 if cast else 0.0)

    def _really_wrong(self, name: str) -> bool:
        """Element by element, where the function is smooth."""
        if self._far_off(name, self.a(name)):
            return True
        try:
            smooth = self.numeric.smooth(name)
        except TooLarge as problem:
            direction = np.random.default_rng([7, 8_191]).normal(size=self.a(name).shape)
            slope, kink = self.numeric.along(name, direction, step=1e-6)  # between most of the kinks
            told = float(np.vdot(self.a(name), direction))
            off = abs(slope - told) / (float(np.linalg.norm(self.a(name))) + abs(slope) + 1e-300)
            if off > 1e-4:
                self.not_tested.append(f"{problem} (a slope along a random direction differs a little)")
            return off > FAR and not kink
        a, n = self.a(name), self.n(name)
        if not smooth.any():
            return False
        return not self.same(np.where(smooth, a, 0), np.where(smooth, n, 0))

    def same(self, a: Any, b: Any) -> bool:
        return close(a, b, 1e-3 * self.scale, 1e-5 * self.looseness)

    # ------------------------------------------------------------ asking

    def a(self, name: str) -> np.ndarray:
        assert self.run is not None
        gradient: np.ndarray = self.run.gradients[name]
        return gradient

    def n(self, name: str) -> np.ndarray:
        return self.numeric.gradient(name)

    def explains(self, name: str, prediction: Any) -> bool:
        """Whether a prediction of the gradient equals the numerical one, where that is smooth."""
        prediction = np.asarray(prediction, dtype=float)
        if prediction.shape != self.probe.value(name).shape or not np.all(np.isfinite(prediction)):
            return False
        if not self.numeric.known(name) and self._far_off(name, prediction):
            return False
        n = self.n(name)
        smooth = self.numeric.smooth(name)
        return self.same(np.where(smooth, prediction, 0), np.where(smooth, n, 0))

    def again(self, **how: Any) -> dict[str, Any] | None:
        """The gradients of another run, None where the code fails."""
        try:
            return self.probe.run(**how).gradients
        except SubjectError:
            return None

    @property
    def doubtful(self) -> list[str]:
        """All gradients that are not right."""
        return [*self.wrong, *self.misshapen]

    def repaired(self, gradients: dict[str, Any] | None) -> list[str]:
        """Which of the wrong gradients are right among these."""
        return [n for n in self.doubtful if gradients and self.explains(n, gradients.get(n, np.nan))]

    @property
    def outputs(self) -> Arrays:
        assert self.run is not None
        return self.run.outputs

    @property
    def upstream(self) -> np.ndarray:
        return flat(self.probe.upstream)

    # ------------------------------------------------------------ saying

    def finding(
        self,
        code: str,
        targets: list[str] | None = None,
        *,
        function: Callable[..., Any] | None = None,
        line: int = 0,
        place: tuple[str, int] | None = None,
        **more: Any,
    ) -> Finding:
        """A finding here, with the file and line of backward (of another function, or those of a place)."""
        function = function or self.probe.subject.backward_function
        file, first = source_place(function)
        targets = list(targets or [])
        if place is not None:
            file, line = place
        more.setdefault("file", file)
        return Finding(
            code,
            target=targets[0] if targets else "",
            targets=targets,
            where=self.path,
            subject=self.probe.subject.name,
            line=line or first,
            **more,
        )


def source_place(function: Callable[..., Any]) -> tuple[str, int]:
    """The file and first line of a function; ("", 0) where they are not known."""
    told: int = getattr(function, "first_line", 0)  # of a function inside of another one
    function = inspect.unwrap(function)
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return (code.co_filename, told or code.co_firstlineno) if code else ("", 0)


def _largest(array: np.ndarray) -> float:
    return float(np.max(np.abs(array))) if array.size else 0.0
