"""tied-weight-lost, where one layer is used several times in a forward: each of its backwards writes dW anew.

Backward is run again, and what each use leaves in dW is added up: is that the numerical gradient? If need be
with the attributes of each use put back before its backward, as for cache-overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..case import Case
from ..errors import SubjectError
from ..recorder import Recording
from ..report import Finding
from ..structure import is_array

Keeper = Callable[[object, bool], Recording]


def added_up(case: Case, keeper: Keeper) -> Iterator[Finding]:
    """keeper: makes the recording that puts attributes back."""
    owner = case.probe.subject.owner
    best: tuple[list[str], dict[str, int], bool, Recording] | None = None
    for recording, with_caches in ((Recording(owner), False), (keeper(owner, True), True)):
        sums: dict[str, np.ndarray] = {}
        uses: dict[str, int] = {}
        with recording, _noting(case, recording, sums, uses):
            try:
                case.probe.run()
            except SubjectError:
                return
        shared = {path: n for path, n in uses.items() if n > 1}
        healed = case.repaired(sums) if shared else []
        if healed and (best is None or len(healed) > len(best[0])):
            best = healed, shared, with_caches, recording
    if best is not None:
        yield _finding(case, *best)


def _finding(
    case: Case, healed: list[str], shared: dict[str, int], with_caches: bool, recording: Recording
) -> Finding:
    path, times = next(iter(shared.items()))
    also = ""
    if with_caches:
        also = ", with the attributes of each use put back (its next forward overwrites them, too)"
    finding = case.finding(
        "tied-weight-lost",
        healed,
        verified=True,
        evidence={"layer": path, "uses": times},
        detail=f"{path} is used {times} times in one forward, and each of its backwards writes gradients "
        f"anew; added up{also}, the gradient of {', '.join(healed)} is right",
    )
    finding.where = f"{case.path}.{path}" if case.path else path
    finding.subject = type(recording.layers[path]).__name__
    return finding


class _noting:
    """Inside the block, what every backward of an inner layer leaves in a gradient is added up."""

    def __init__(
        self, case: Case, recording: Recording, sums: dict[str, np.ndarray], uses: dict[str, int]
    ) -> None:
        self.parameters = [p for p in case.probe.subject.parameters if p.gradient is not None]
        self.recording, self.sums, self.uses = recording, sums, uses

    def __enter__(self) -> None:
        noted = self.recording.note_outputs

        def note(call: Any, result: Any) -> None:
            noted(call, result)
            if call.phase == "backward" and call.path:
                self.uses[call.path] = self.uses.get(call.path, 0) + 1
                self._add()

        self._before = self._now()
        self.recording.note_outputs = note  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        del self.recording.note_outputs

    def _now(self) -> dict[str, np.ndarray]:
        found = {p.name: p.gradient.get() for p in self.parameters if p.gradient is not None}
        return {n: v.copy() for n, v in found.items() if is_array(v)}

    def _add(self) -> None:
        now = self._now()
        for name, value in now.items():
            if name not in self._before or not np.array_equal(value, self._before[name]):
                self.sums[name] = self.sums[name] + value if name in self.sums else value
        self._before = now


__all__ = ["added_up"]
