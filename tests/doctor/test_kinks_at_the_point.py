"""Equal maxima in a window: a kink that lies at the point itself is no fault, and is seen at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import check
from chainrule.doctor.numeric import Numeric
from chainrule.doctor.probe import Probe
from chainrule.doctor.subject import Subject


class MaxPool:
    """The first of equal maxima receives the gradient."""

    def forward(self, x: Any) -> Any:
        self.x = x
        return x.reshape(len(x), -1, 2).max(-1)

    def backward(self, dy: Any) -> Any:
        pairs = self.x.reshape(len(self.x), -1, 2)
        d = np.zeros_like(pairs)
        np.put_along_axis(d, pairs.argmax(-1)[..., None], dy[..., None], -1)
        return d.reshape(self.x.shape)


def test_ties_are_kinks_of_single_elements_and_of_directions() -> None:
    x = np.random.default_rng(0).normal(size=(3, 6))
    x[:, 1] = x[:, 0]
    probe = Probe(Subject(MaxPool(), (x,)), own_point=False)
    numeric = Numeric(probe)
    smooth = numeric.smooth("x")
    assert not smooth[:, :2].any()
    assert smooth[:, 2:].all()
    assert numeric.along("x", np.random.default_rng(1).normal(size=x.shape))[1]
    probe.close()


def test_a_black_and_white_picture_tells_nothing_wrong() -> None:
    pictures = np.zeros((2, 8, 8))
    pictures[0, 2:5, 3:6] = pictures[1, 1:4, 1:3] = 1.0
    assert check(MaxPool(), pictures).ok
