"""Numerical derivatives of a subject: along random directions, and element by element where needed.

Central differences with a 5-point stencil. Where the 3-point and the 5-point stencil disagree, the function
has a kink between the points (a ReLU that switches): no fault can be read off such an element, and it is left
out. So it is where the kink lies at the point itself (equal maxima in a window): there both agree, but the
second difference grows with the step, and not with its square.
"""

from __future__ import annotations

import numpy as np

from .errors import TooLarge
from .probe import Arrays, Probe

STEP = 1e-4
KINK = 1e-4
MOST_NUMBERS, LONGEST = 40_000_000, 20.0  # of a Jacobian; seconds for one
NEAR, BEND = 1e-6, 1e-5  # a step and a change of slope at which a single element is surely smooth
HERE = 1e-2  # the change of slope, as a part of it, at which there is surely a kink
ROUNDING = 1e-9


class Numeric:
    """Derivatives of one probe's outputs; Jacobians are kept."""

    def __init__(self, probe: Probe, seed: int = 1) -> None:
        self.probe = probe
        self.rng = np.random.default_rng(seed)
        self.step = STEP
        self._jacobians: dict[str, np.ndarray] = {}
        self._kinks: dict[str, np.ndarray] = {}
        self._base: np.ndarray | None = None  # the outputs at the point
        self._gradients: dict[str, np.ndarray] = {}  # for the probe's own upstream

    def along(
        self, name: str, direction: np.ndarray, upstream: Arrays | None = None, step: float = 0.0
    ) -> tuple[float, bool]:
        """The derivative of sum(upstream * outputs) along a direction, and whether a kink was met."""
        value = self.probe.value(name)
        h = (step or self.step) * max(1e-3, scale_of(value)) / max(1e-12, scale_of(direction))
        at = {k: self.probe.scalar({name: value + k * h * direction}, upstream) for k in (-2, -1, 1, 2)}
        three = (at[1] - at[-1]) / (2 * h)
        five = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * h)
        kink = abs(three - five) > KINK * (abs(five) + abs(three)) + 1e-9
        return five, kink or self._bent(at, h, abs(five), upstream)

    def _bent(self, at: dict[int, float], h: float, slope: float, upstream: Arrays | None) -> bool:
        """Whether the kink lies at the point itself."""
        here = float(flat(upstream or self.probe.upstream) @ self._outputs_at_point())
        near, far = abs(at[1] + at[-1] - 2 * here), abs(at[2] + at[-2] - 2 * here)
        return near > HERE * (slope * h + ROUNDING * abs(here)) and far < 3 * near

    def jacobian(self, name: str) -> np.ndarray:
        """d outputs / d name, (outputs, elements), flat; columns with a kink are noted (`smooth`)."""
        if name not in self._jacobians:
            value = self.probe.value(name)
            self._refuse_the_endless(name, value)
            columns, kinks = [], []
            for i in range(value.size):
                column, kink = self._column(name, value, i)
                columns.append(column)
                kinks.append(kink)
            self._jacobians[name] = np.stack(columns, 1) if columns else np.zeros((0, 0))
            self._kinks[name] = np.array(kinks, dtype=bool).reshape(value.shape)
        return self._jacobians[name]

    def _refuse_the_endless(self, name: str, value: np.ndarray) -> None:
        outputs = sum(int(np.prod(shape)) for shape in self.probe.output_shapes.values())
        if value.size * max(outputs, 1) > MOST_NUMBERS or 2 * value.size * self.probe.seconds > LONGEST:
            raise TooLarge(
                f"{name} has {value.size} numbers, and the outputs {outputs}: too many to ask one by one. "
                "Hand in smaller sizes"
            )

    def _column(self, name: str, value: np.ndarray, i: int) -> tuple[np.ndarray, bool]:
        """d outputs / d one element, and whether there is a kink. Where the slopes to both sides are nearly
        the same, a small way from the point, there is none.
        """
        base = self._outputs_at_point()
        if self.step == STEP:
            h = NEAR * max(1e-3, scale_of(value))
            up, down = (self._moved(name, value, i, k * h) for k in (1, -1))
            slope = (up - down) / (2 * h)
            bend = np.abs(up + down - 2 * base) / h
            steep = np.abs(slope).max(initial=0)
            if np.all(bend <= BEND * steep):
                return slope, False
            if np.any(bend > HERE * steep):
                up, down = (self._moved(name, value, i, k * 4 * h) for k in (1, -1))
                if np.any((np.abs(up + down - 2 * base) / (4 * h) < 2 * bend) & (bend > HERE * steep)):
                    return slope, True  # the sides differ, however near: a curve's would four times less
        h = self.step * max(1e-3, scale_of(value))
        at = {k: self._moved(name, value, i, k * h) for k in (-2, -1, 1, 2)}
        three = (at[1] - at[-1]) / (2 * h)
        five = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * h)
        return five, bool(np.any(np.abs(three - five) > KINK * (np.abs(five) + np.abs(three)) + 1e-7))

    def _moved(self, name: str, value: np.ndarray, i: int, by: float) -> np.ndarray:
        moved = value.copy()
        moved.flat[i] += by
        return flat(self.probe.outputs({name: moved}))

    def _outputs_at_point(self) -> np.ndarray:
        if self._base is None:
            self._base = flat(self.probe.outputs())
        return self._base

    def smooth(self, name: str) -> np.ndarray:
        """Where the element-wise derivative can be trusted."""
        self.jacobian(name)
        return ~self._kinks[name]

    def known(self, name: str) -> bool:
        """Whether the element-wise derivative has been taken."""
        return name in self._jacobians

    def gradient(self, name: str, upstream: Arrays | None = None) -> np.ndarray:
        """The numerical gradient of sum(upstream * outputs), element by element."""
        if upstream is None and name in self._gradients:
            return self._gradients[name]
        g = flat(upstream or self.probe.upstream)
        gradient: np.ndarray = (g @ self.jacobian(name)).reshape(self._kinks[name].shape)
        if upstream is None:
            self._gradients[name] = gradient
        return gradient


def flat(arrays: Arrays) -> np.ndarray:
    """All leaves in a row."""
    return np.concatenate([np.ravel(v) for v in arrays.values()]) if arrays else np.zeros(0)


def scale_of(value: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(value)))) if value.size else 1.0
