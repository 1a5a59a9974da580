"""A model of which only step(x, target, learning_rate) is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from healthy import Stepping, blobs

from chainrule.doctor.training import check_step


class Hidden(Stepping):
    """Leaves no gradients behind; `rule` changes them before the update."""

    rule = staticmethod(lambda g, w: g)

    def apply(self, rate: float) -> None:
        for p, g in zip(self.W + self.b, self.dW + self.db, strict=True):
            p -= rate * type(self).rule(g, p)
        del self.dW, self.db


def made(rule: Any) -> Hidden:
    return type("Model", (Hidden,), {"rule": staticmethod(rule)})((5, 7, 3), 1, relu=False)


X, Y = blobs(9, 5, 3, 40)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (lambda g, w: -g, "update-disagrees"),
        (lambda g, w: 9 * g, "mean-sum-mismatch"),
        (lambda g, w: g / 9, "mean-sum-mismatch"),
        (lambda g, w: 3.7 * g, "update-disagrees"),
        (lambda g, w: g + 0.1 * w, "regularization-in-gradient"),
        (lambda g, w: np.clip(g, -0.05, 0.05), "clipped-in-backward"),
        (lambda g, w: g**2, "gradient-mismatch"),
        (lambda g, w: 0 * g, "update-disagrees"),
    ],
)
def test_what_the_update_is_instead_of_the_gradient(rule: Any, code: str) -> None:
    findings = check_step(made(rule), X, Y, 0.1)
    assert [f.code for f in findings] == [code]
    assert findings[0].verified is (code != "gradient-mismatch")


def test_right_steps() -> None:
    assert check_step(made(lambda g, w: g), X, Y, 0.1) == []
    assert check_step(Stepping((5, 7, 3), 2, dtype=np.float32), X.astype("float32"), Y, 0.1) == []


def test_a_parameter_that_is_left_out() -> None:
    class Partly(Stepping):
        def apply(self, rate: float) -> None:
            for p, g in zip(self.W, self.dW, strict=True):
                p -= rate * g

    (finding,) = check_step(Partly((5, 7, 3), 3), X, Y, 0.1)
    assert finding.code == "parameter-not-updated"
    assert finding.targets == ["b.0", "b.1"]


def test_rows_that_are_left_out() -> None:
    class Some(Stepping):
        def apply(self, rate: float) -> None:
            self.W[0][:3] -= rate * self.dW[0][:3]
            self.W[1] -= rate * self.dW[1]
            for p, g in zip(self.b, self.db, strict=True):
                p -= rate * g

    (finding,) = check_step(Some((5, 7, 3), 4), X, Y, 0.1)
    assert finding.code == "rows-not-updated"
    assert finding.targets == ["W.0"]
    assert finding.evidence["rows"] == [3, 4]


def test_weights_that_change_before_their_gradients_are_complete() -> None:
    class Early(Stepping):
        def train_step(self, x: np.ndarray, y: np.ndarray, learning_rate: float) -> float:
            from healthy import cross_entropy, cross_entropy_gradient

            z = self.forward(x)
            d = cross_entropy_gradient(z, y)
            for i in (1, 0):
                dw, db = self.a[i].T @ d, d.sum(0)
                self.W[i] -= learning_rate * dw
                self.b[i] -= learning_rate * db
                d = d @ self.W[i].T * (self.a[i] > 0)
            return cross_entropy(z, y)

    (finding,) = check_step(Early((5, 7, 3), 5), X, Y, 0.5)
    assert finding.code == "updates-weights-early"
    assert set(finding.targets) == {"W.0", "b.0"}
