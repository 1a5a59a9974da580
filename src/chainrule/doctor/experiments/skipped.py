"""A layer that ran in forward, and whose backward is never called: the gradient goes past it, unchanged.

Backward is run with the layer before it handed what it should be: the numerical gradient through the one that
was skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..case import Case, close
from ..errors import SubjectError
from ..objects import layers_of
from ..recorder import Call, Recording
from ..report import Finding
from ..structure import is_array, leaves

MOST = 2000  # numbers, each of which is moved


def skipped_layers(case: Case) -> Iterator[Finding]:
    """Every layer that has no backward call, between two that have one."""
    owner = case.probe.subject.owner
    if owner is None or not layers_of(owner):
        return
    with Recording(owner, copy=True) as recording:
        try:
            case.probe.run()
        except SubjectError:
            return
    forwards = [c for c in recording.calls if c.phase == "forward" and c.path and c.error is None]
    called = {c.path for c in recording.calls if c.phase == "backward"}
    for call in forwards:
        before = next((c for c in forwards if c.path in called and _feeds(c, call)), None)
        if call.path in called or before is None or not is_array(first(call.outputs)):
            continue
        with _Corrected(owner, call, before.path) as corrected:
            try:
                gradients = case.probe.run().gradients
            except SubjectError:
                continue
        healed = case.repaired(gradients)
        if healed:
            where = f"{case.path}.{call.path}" if case.path else call.path
            bent = corrected.slope is not None and not close(
                corrected.slope, np.full_like(corrected.slope, corrected.slope.flat[0]), tolerance=1e-6
            )
            yield case.finding(
                "activation-derivative-missing" if bent else "gradient-mismatch",
                healed,
                verified=True,
                evidence={"backward never called": where},
                detail=f"{where} runs in forward, and its backward is never called; with what arrives sent "
                f"through it before it reaches {before.path}, {', '.join(healed[:6])} is right",
            )
            return


def first(value: Any) -> Any:
    """The first array in what a layer takes or returns."""
    return value if is_array(value) else next((v for _, v in leaves(value) if is_array(v)), None)


def _feeds(before: Call, call: Call) -> bool:
    y, x = first(before.outputs), first(call.inputs)
    same = x is not None and y is not None and np.array_equal(y, x)
    return same and before.parent == call.parent and before is not call


class _Corrected(Recording):
    """In backward, hands the layer before a skipped one the gradient of its output."""

    def __init__(self, root: object, skipped: Call, before: str) -> None:
        super().__init__(root)
        self.skipped, self.before = skipped, before
        self.slope: np.ndarray | None = None  # of a layer that acts element by element
        self.forward: Any = None

    def _record(
        self, path: str, layer: Any, phase: Any, name: str, bound: Any, args: Any, kwargs: Any
    ) -> Any:
        if phase == "forward" and path == self.skipped.path:
            self.forward = bound
        if phase == "backward" and path == self.before and self.forward is not None:
            args = (self._through(args[0]), *args[1:])
        return super()._record(path, layer, phase, name, bound, args, kwargs)

    def _through(self, g: Any) -> Any:
        """The gradient of the skipped layer's input, by central differences."""
        x, y = first(self.skipped.inputs), first(self.skipped.outputs)
        if not is_array(g) or g.shape != y.shape or x.size > MOST:
            return g
        h = 1e-6 * max(1e-3, float(np.sqrt(np.mean(x**2))))
        columns = []
        for i in range(x.size):
            change = np.zeros(x.shape)
            change.flat[i] = h
            columns.append((self._at(x + change) - self._at(x - change)).ravel() / (2 * h))
        jacobian = np.stack(columns, 1)
        if x.size == y.size and close(jacobian, np.diag(np.diag(jacobian)), tolerance=1e-6):
            self.slope = np.diag(jacobian)
        return (np.ravel(g) @ jacobian).reshape(x.shape)

    def _at(self, x: np.ndarray) -> np.ndarray:
        inputs = (x, *self.skipped.inputs[1:])
        return np.asarray(first(self.forward(*inputs, **self.skipped.kwargs)))
