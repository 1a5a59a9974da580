"""The subject and its reference at the same points: what each of them gives, and whether that is equal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ..allowance import Allowance
from ..case import Case
from ..errors import SubjectError
from ..structure import is_array, is_real
from .kinds import Arrays, NotComparable, Reference
from .sources import Shape
from .transfer import Transfer, transfers

SILENT = 1e-7  # differences below are rounding: float32 keeps less
PROOF = 1e-8  # a counterfactual has to come this close


@dataclass(frozen=True)
class Match:
    """An output of the subject and the output of the reference that it is compared with."""

    ours: str
    theirs: str


class Meeting:
    """One way to run both: so many inputs handed on, one assignment of the parameters."""

    def __init__(self, case: Case, reference: Reference, count: int, transfer: Transfer) -> None:
        self.case, self.reference, self.count, self.transfer = case, reference, count, transfer
        self.tolerance = PROOF * case.looseness
        self.allowance = Allowance(np.inf)  # no change is tried when it is spent
        self.points = [{}, _other_point(case)]
        self._targets = {0: self.answer({})}
        if self.low:
            self.tolerance = max(self.tolerance, 2e-4)
        self.matches = self._matched()

    # ------------------------------------------------------------ running

    def answer(self, point: Arrays, seed: int = 0) -> dict[str, np.ndarray]:
        """What the reference gives."""
        probe = self.case.probe
        values = self.transfer.apply(own_arrays(self.case, self.count, point), self.reference.shapes)
        probe.state.restore()
        # a reference may hold on to the subject itself, and has to find the point's values there
        inputs = probe._set(point)
        try:
            found = self.reference.run(inputs[: self.count], values, seed)
        finally:
            probe.state.restore()
        self.low = any(v.dtype in (np.float32, np.float16) for _, v in found)
        return {name: np.asarray(value, dtype=float) for name, value in found}

    def ours(self, changes: Arrays | None = None, point: int = 0) -> list[np.ndarray]:
        """The subject's outputs that have a partner. changes are made on top of the point."""
        found = self.case.probe.outputs(self.points[point] | (changes or {}))
        return [found[m.ours] for m in self.matches]

    def theirs(self, point: int = 0) -> list[np.ndarray]:
        return [self.target(point)[m.theirs] for m in self.matches]

    def target(self, point: int) -> dict[str, np.ndarray]:
        if point not in self._targets:
            self._targets[point] = self.answer(self.points[point])
        return self._targets[point]

    def value(self, name: str, point: int) -> np.ndarray:
        """A parameter or input of the subject at a point."""
        return self.points[point][name] if name in self.points[point] else self.case.probe.value(name)

    # ------------------------------------------------------------ comparing

    def same(self, ours: list[np.ndarray], theirs: list[np.ndarray], tolerance: float | None = None) -> bool:
        return all(apart(a, b) <= (tolerance or self.tolerance) for a, b in zip(ours, theirs, strict=True))

    @property
    def distance(self) -> float:
        """The largest difference at the first point, relative to the output; infinite where shapes differ."""
        return max((apart(a, b) for a, b in zip(self.ours(), self.theirs(), strict=True)), default=np.inf)

    @property
    def equal(self) -> bool:
        loose = max(SILENT, self.tolerance)
        return bool(self.matches) and all(
            self.same(self.ours(None, p), self.theirs(p), loose) for p in range(len(self.points))
        )

    def holds(self, changed: Callable[[int], list[np.ndarray] | None]) -> bool:
        """Whether changed(point), the subject's outputs under some change, equals the reference at all
        points.
        """
        if self.allowance.spent():
            return False
        for point in range(len(self.points)):
            try:
                outputs = changed(point)
            except (SubjectError, ValueError, IndexError, TypeError, np.linalg.LinAlgError):
                return False
            if outputs is None or not self.same(outputs, self.theirs(point)):
                return False
        return True

    def _matched(self) -> list[Match]:
        """Pairs of outputs: the first with the first, others by their shapes; of several, what is nearest."""
        ours, theirs = self.case.probe.outputs(), dict(self._targets[0])
        found: list[Match] = []
        for name, value in ours.items():
            fits = [t for t, v in theirs.items() if squeezed(v) == squeezed(value)]
            nearest = min(fits, key=lambda t: apart(value, theirs[t]), default=None)
            if nearest is None and not found and theirs:
                nearest = next(iter(theirs))
            if nearest is not None:
                theirs.pop(nearest)
                found.append(Match(name, nearest))
        first = next(iter(ours))
        return found if found and found[0].ours == first else []


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference of two outputs relative to the larger of them; axes of length 1 do not count."""
    if squeezed(a) != squeezed(b):
        return np.inf
    a, b = np.ravel(a), np.ravel(b)
    if not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return np.inf
    finite = np.isfinite(a)
    if not finite.any():
        return 0.0
    a, b = a[finite], b[finite]
    size = max(float(np.abs(a).max()), float(np.abs(b).max()))
    return float(np.abs(a - b).max()) / size if size else 0.0


def squeezed(value: np.ndarray) -> Shape:
    return tuple(n for n in value.shape if n > 1)


def _other_point(case: Case) -> Arrays:
    """Another point, where equality by chance, or of branches that were not taken, would show."""
    if not hasattr(case, "_other_point"):
        case._other_point = _new_point(case)  # type: ignore[attr-defined]
    point: Arrays = case._other_point  # type: ignore[attr-defined]
    return point


def _new_point(case: Case) -> Arrays:
    rng = np.random.default_rng(31)
    point: Arrays = {}
    for name in case.probe.names:
        value = case.probe.value(name)
        noise = rng.normal(size=value.shape) * (float(np.std(value)) or 0.5)
        point[name] = (
            value * np.exp(0.4 * rng.normal(size=value.shape)) if np.all(value > 0) else 1.5 * value + noise
        )
    try:
        fine = all(np.all(np.isfinite(v)) for v in case.probe.outputs(point).values())
    except SubjectError:
        fine = False
    return point if fine else {n: case.probe.value(n) * 1.01 for n in case.probe.names}


def own_arrays(case: Case, count: int, point: Arrays) -> Arrays:
    """What the reference's parameters can be taken from: the subject's parameters, the inputs that are not
    handed on, and running statistics.
    """
    from ..arrays_inside import places
    from .reading import tidy

    probe = case.probe
    found: Arrays = {}
    for name, value in zip(probe.subject.input_names[count:], probe.inputs[count:], strict=True):
        if is_array(value) and is_real(value):
            found[name] = point.get(name, value)
    for parameter in probe.subject.parameters:
        name = parameter.name
        found[tidy(name)] = np.asarray(point[name] if name in point else probe.value(name), dtype=float)
    if probe.subject.owner is not None:
        probe.state.restore()
        for place in places(probe.subject.owner):
            if np.ndim(place.get()) and any(w in place.path.lower() for w in ("running", "moving")):
                found.setdefault(tidy(place.path), np.array(place.get(), dtype=float))
    return found


def meetings(case: Case, reference: Reference) -> Iterator[Meeting]:
    """Every way to run the reference on the subject's inputs and parameters, the most plausible first."""
    total = len(case.probe.inputs)
    least, most = reference.takes
    counts = list(range(min(total, most), max(1, min(least, total)) - 1, -1))
    if reference.shapes and case.probe.subject.owner is None:
        counts.reverse()  # what follows the inputs of a function are its weights
    error: Exception | None = None
    found = False
    for count in counts:
        ways = transfers(own_arrays(case, count, {}), reference.shapes, reference.optional)
        for transfer in [w for w in ways if w.score > ways[0].score - 2.5][:48]:
            try:
                meeting = Meeting(case, reference, count, transfer)
            except Exception as problem:  # foreign code: anything can happen
                error = error or problem
                continue
            if meeting.matches:
                found = True
                yield meeting
        if found:
            return
    if error is not None:
        raise NotComparable(
            f"the reference {reference.name} cannot be run on the subject's inputs: "
            f"{type(error).__name__}: {error}"
        ) from error
    raise NotComparable(f"the reference {reference.name} gives no floating output to compare with")


def first_wrong(meeting: Meeting, point: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The first pair of outputs that differ."""
    pairs = list(zip(meeting.ours(None, point), meeting.theirs(point), strict=True))
    return next(((a, b) for a, b in pairs if apart(a, b) > meeting.tolerance), pairs[0])
