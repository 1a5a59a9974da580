"""What can be handed to `chainrule.check`, and what comes back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule.doctor.subject import NotASubject
from chainrule.layers import Conv2d, Linear, ReLU, Sequential


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


class Dense:
    """y = x W + b, as thousands have written it."""

    def __init__(self, n_in: int = 4, n_out: int = 3) -> None:
        self.W = rng().normal(size=(n_in, n_out))
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db = dy.sum(axis=0)
        return dy @ self.W.T


class SignFlipped(Dense):
    def backward(self, dy):
        super().backward(dy)
        return -dy @ self.W.T


class Updating(Dense):
    """backward(dy, learning_rate) updates in place; here before W has been used."""

    def backward(self, dy, learning_rate):
        self.W -= learning_rate * self.x.T @ dy
        self.b -= learning_rate * dy.sum(axis=0)
        return dy @ self.W.T


class Network:
    """A composite, with layers in a list; `faulty` is the layer that is wrong."""

    def __init__(self, faulty: int | None = None) -> None:
        self.layers = [SignFlipped(4, 4) if i == faulty else Dense(4, 4) for i in range(3)]

    def forward(self, x):
        for layer in self.layers:
            x = np.tanh(layer.forward(x))
            layer.y = x
        return x

    def backward(self, dy):
        for layer in reversed(self.layers):
            dy = layer.backward(dy * (1 - layer.y**2))
        return dy


class Stepping:
    """All there is is a step."""

    def __init__(self, factor: float = 1.0) -> None:
        self.W = rng().normal(size=(4, 3))
        self.factor = factor

    def step(self, x, target, learning_rate):
        error = x @ self.W - target
        self.W -= learning_rate * self.factor * 2 * x.T @ error / error.size
        return float(np.mean(error**2))


def affine(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dy, cache):
    x, w = cache
    return dy @ w.T, x.T @ dy, dy.sum(0)


def x(*shape: int) -> np.ndarray:
    return rng().normal(size=shape or (5, 4))


@pytest.mark.parametrize(
    ("subject", "inputs"),
    [
        (Dense(), (x(),)),
        ((affine, affine_backward), (x(), x(4, 3), x(3))),
        (Network(), (x(),)),
        (Dense, (x(),)),  # a factory: other sizes are probed
        (Linear(4, 3), (x(),)),
        (Sequential(Conv2d(2, 3, 3, padding=1), ReLU()), (x(3, 2, 6, 5),)),
    ],
    ids=["object", "pair", "composite", "factory", "ours", "our-composite"],
)
def test_correct_code_is_met_with_silence(subject, inputs):
    report = chainrule.check(subject, *inputs)
    assert report.ok, report
    assert report.tested


def test_a_finding_says_what_where_and_proves_it():
    report = chainrule.check(SignFlipped(), x())
    finding = report.findings[0]
    assert (finding.code, finding.target, finding.verified) == ("sign-flipped", "x", True)
    assert finding.file == __file__
    assert "return -dy @ self.W.T" in Path(finding.file).read_text().splitlines()[finding.line - 1]
    assert "wrong sign" in str(report)
    assert finding.fix  # a repair in the user's own code
    assert report.to_dict()["findings"][0]["code"] == "sign-flipped"


def test_the_place_inside_a_model_is_named():
    finding = chainrule.check(Network(faulty=1), x()).findings[0]
    assert (finding.where, finding.code) == ("layers.1", "sign-flipped")


def test_updates_in_place_are_a_convention_updates_too_early_are_not():
    report = chainrule.check(Updating(), x())
    assert [f.code for f in report.findings] == ["updates-weights-early"]
    assert report.findings[0].targets == ["x"]


def test_a_model_with_only_a_step():
    target = x(5, 3)
    assert chainrule.check(Stepping(), x(), target=target).ok
    report = chainrule.check(Stepping(factor=15.0), x(), target=target)  # forgot to divide
    assert report.findings[0].code == "mean-sum-mismatch"


def test_with_its_loss_the_whole_decides():
    """p - y at the softmax is right only together with the cross-entropy."""

    class Softmax:
        def forward(self, z):
            e = np.exp(z - z.max(1, keepdims=True))
            self.p = e / e.sum(1, keepdims=True)
            return self.p

        def backward(self, dy):
            return dy  # the loss hands over p - y

    def cross_entropy(p, target):
        return -np.log(p[np.arange(len(p)), target]).mean()

    def gradient(p, target):
        return (p - np.eye(p.shape[1])[target]) / len(p)

    target = np.array([0, 3, 1, 1, 2])
    assert chainrule.check(Softmax(), x(), loss=(cross_entropy, gradient), target=target).ok
    assert not chainrule.check(Softmax(), x()).ok


def test_square_sizes_and_a_batch_of_one_hide_nothing():
    class Transposed(Dense):
        def backward(self, dy):
            super().backward(dy)
            return dy @ self.W  # runs: W is square

    report = chainrule.check(Transposed(4, 4), x(1, 4))
    assert report.findings[0].code == "transpose-missing"


def test_the_subject_is_left_as_it_was_found():
    class Noisy(Dense):
        calls = 0

        def forward(self, x):
            print("forward!")
            self.calls += 1
            self.history = [*getattr(self, "history", []), x]
            self.mask = np.random.random(x.shape) > 0.3  # noqa: NPY002
            return super().forward(x * self.mask)

        def backward(self, dy):
            return super().backward(dy) * self.mask

    subject = Noisy()
    subject.W = subject.W.astype(np.float32)
    weights, before, state = subject.W, dict(vars(subject)), np.random.get_state()[1].copy()  # noqa: NPY002
    content = weights.copy()
    assert chainrule.check(subject, x()).ok
    assert subject.W is weights
    assert weights.dtype == np.float32
    assert np.array_equal(weights, content)
    assert vars(subject).keys() == before.keys()
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_nothing_is_printed_by_the_subject(capsys):
    class Talking(Dense):
        def forward(self, x):
            print("shape", x.shape)
            return super().forward(x)

    chainrule.check(Talking(), x())
    assert capsys.readouterr().out == ""


def test_an_exception_is_a_finding_with_its_line():
    class Raising(Dense):
        def backward(self, dy):
            return dy @ self.W  # (5, 3) @ (4, 3)

    finding = chainrule.check(Raising(), x()).findings[0]
    assert finding.code == "backward-raises"
    assert "dy @ self.W" in finding.detail


def test_unfinished_code_is_checked_as_far_as_it_goes():
    class Half(Dense):
        def backward(self, dy):
            self.dW = self.x.T @ dy  # no dx yet, no db

    report = chainrule.check(Half(), x())
    assert report.ok
    assert report.tested == ["W"]
    assert any("x" in line for line in report.not_tested)


@pytest.mark.parametrize("nothing", [object(), 3, "text", (np.sin,)])
def test_what_has_no_forward_and_backward_is_said(nothing):
    with pytest.raises(NotASubject, match="forward"):
        chainrule.check(nothing, x())


def test_hints_cap_what_is_told():
    report = chainrule.check(SignFlipped(), x())
    report.hints = "place"
    told = report.to_dict()["findings"][0]
    assert "code" not in told
    assert "fix" not in told


class SumFromZero:
    """A sum that begins with the number 0, and to which nothing is added."""

    def forward(self, x: np.ndarray, memory: np.ndarray) -> np.ndarray:
        self.x, self.memory = x, memory
        return x * memory

    def backward(self, dy: np.ndarray) -> tuple[np.ndarray, Any]:
        dmemory: Any = 0
        return dy * self.memory, dmemory


def test_the_number_0_is_no_gradient_that_was_computed() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    report = chainrule.check(SumFromZero(), *x)
    assert [f.code for f in report.findings] == ["gradient-never-computed"]
    assert report.findings[0].targets == ["memory"]
    assert report.not_tested == []
