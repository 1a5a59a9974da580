"""A bare optimizer under a constant gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.doctor.training import check_optimizer


class Rule:
    """update(params, grads) on lists; `correct` turns a moment and t into a corrected one."""

    def __init__(self, kind: str, lr: float = 0.01) -> None:
        self.kind, self.lr, self.t = kind, lr, 0
        self.beta1, self.beta2 = 0.9, 0.999
        self.m: list[Any] = []
        self.v: list[Any] = []

    def update(self, params: list[np.ndarray], grads: list[np.ndarray]) -> None:
        self.m = self.m or [np.zeros_like(p) for p in params]
        self.v = self.v or [np.zeros_like(p) for p in params]
        self.t += 1
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g * g
            if self.kind == "shared":
                self.t += i > 0
            m, v = self.corrected(self.m[i], self.v[i])
            p -= self.lr * m / (np.sqrt(v) + 1e-8)

    def corrected(self, m: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        one, two = 1 - self.beta1**self.t, 1 - self.beta2**self.t
        return {
            "none": (m, v),
            "multiplied": (m * one, v * two),
            "no power": (m / (1 - self.beta1), v / (1 - self.beta2)),
            "first only": (m / one, v),
            "second only": (m, v / two),
        }.get(self.kind, (m / one, v / two))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("none", "not corrected"),
        ("multiplied", "multiplied"),
        ("no power", "lacks the power"),
        ("first only", "only the first"),
        ("second only", "only the second"),
        ("shared", "counter"),
    ],
)
def test_wrong_corrections_of_adam(kind: str, words: str) -> None:
    (finding,) = check_optimizer(Rule(kind))
    assert finding.code == "adam-bias-correction-wrong"
    assert finding.verified
    assert words in finding.detail


class OfGradients(Rule):
    """step(grads), with parameters of its own."""

    update = None  # type: ignore[assignment]

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.params = [np.ones((3, 2)), np.ones(2)]

    def step(self, grads: list[np.ndarray]) -> None:
        Rule.update(self, self.params, grads)


class OfLayers(Rule):
    """update_params(layer) for one layer after the other, with one counter."""

    update = None  # type: ignore[assignment]

    def update_params(self, layer: Any) -> None:
        if not hasattr(layer, "m"):
            layer.m, layer.v = np.zeros_like(layer.weights), np.zeros_like(layer.weights)
        self.t += self.kind == "shared"
        layer.m = self.beta1 * layer.m + (1 - self.beta1) * layer.dweights
        layer.v = self.beta2 * layer.v + (1 - self.beta2) * layer.dweights**2
        m, v = self.corrected(layer.m, layer.v)
        layer.weights -= self.lr * m / (np.sqrt(v) + 1e-8)
        layer.biases -= self.lr * np.sign(layer.dbiases)

    def pre_update_params(self) -> None:
        self.t += self.kind == "right"

    def post_update_params(self) -> None:
        self.t += self.kind == "from zero"


class AskingForARate(Rule):
    """update(params, grads, lr): it has no rate of its own."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        del self.lr

    def update(self, params: list[np.ndarray], grads: list[np.ndarray], lr: float) -> None:  # type: ignore[override]
        self.lr = lr
        Rule.update(self, params, grads)
        del self.lr


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (AskingForARate("shared"), "counter"),
        (OfGradients("no power"), "lacks the power"),
        (OfGradients("shared"), "counter"),
        (OfLayers("shared"), "reads 1, 3, 5"),
        (OfLayers("from zero"), "reads 0, 1, 2"),
    ],
)
def test_optimizers_that_are_handed_gradients_or_layers(rule: Rule, words: str) -> None:
    (finding,) = check_optimizer(rule)
    assert finding.code == "adam-bias-correction-wrong"
    assert words in finding.detail


def test_right_ones_that_are_handed_gradients_or_layers() -> None:
    assert check_optimizer(OfGradients("right")) == []
    assert check_optimizer(OfLayers("right")) == []
    notes: list[str] = []
    assert check_optimizer(AskingForARate("right"), notes=notes) == []
    assert notes == []


class Forgetful:
    """The second moment's correction lacks the power t: steps of nearly 1, 0.7, 0.58, as AdaGrad's."""

    def __init__(self, lr: float = 0.01, b1: float = 0.9, b2: float = 0.999) -> None:
        self.lr, self.b1, self.b2, self.t = lr, b1, b2, 0
        self.m: dict[str, Any] = {}
        self.v: dict[str, Any] = {}

    def update(self, params: dict[str, np.ndarray], grads: dict[str, np.ndarray]) -> None:
        self.t += 1
        for k, g in grads.items():
            self.m[k] = self.b1 * self.m.get(k, 0.0) + (1 - self.b1) * g
            self.v[k] = self.b2 * self.v.get(k, 0.0) + (1 - self.b2) * g * g
            m = self.m[k] / (1 - self.b1**self.t)
            v = self.v[k] / (1 - self.b2)
            params[k] -= self.lr * m / (np.sqrt(v) + 1e-8)


def test_a_missing_power_is_no_adagrad_and_has_a_line() -> None:
    (finding,) = check_optimizer(Forgetful())
    assert "second moment's correction lacks the power" in finding.detail
    assert finding.line == Forgetful.update.__code__.co_firstlineno + 6


def test_right_adam() -> None:
    assert check_optimizer(Rule("right")) == []


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
@pytest.mark.parametrize("options", [{}, {"weight_decay": 0.01}])
def test_chainrules_own(name: str, options: dict[str, float]) -> None:
    import chainrule.training
    from chainrule.layers import Linear

    optimizer = getattr(chainrule.training, name)(Linear(3, 4).parameters(), lr=0.01, **options)
    notes: list[str] = []
    assert check_optimizer(optimizer, notes=notes) == []
    assert notes == []


def sgd(w: np.ndarray, dw: np.ndarray, lr: float = 0.1) -> np.ndarray:
    return w - lr * dw


def ascent(w: np.ndarray, dw: np.ndarray, lr: float = 0.1) -> np.ndarray:
    return w + lr * dw


def halved(w: np.ndarray, dw: np.ndarray, lr: float = 0.1) -> np.ndarray:
    return w - lr * dw / 2


def rmsprop(w: np.ndarray, dw: np.ndarray, config: dict[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
    config.setdefault("learning_rate", 0.01)
    config["cache"] = 0.99 * config.get("cache", 0) + 0.01 * dw**2
    return w - config["learning_rate"] * dw / (np.sqrt(config["cache"]) + 1e-8), config


class Nothing:
    def step(self, params: dict[str, np.ndarray], grads: dict[str, np.ndarray]) -> None:
        for p, g in zip(params.values(), grads.values(), strict=True):
            p = p - 0.1 * g


def test_functions() -> None:
    assert check_optimizer(sgd) == []
    assert check_optimizer(rmsprop) == []
    assert check_optimizer(ascent)[0].evidence["ratio"] == -1
    assert check_optimizer(halved)[0].evidence["ratio"] == pytest.approx(0.5)


def test_steps_that_are_not_applied() -> None:
    (finding,) = check_optimizer(Nothing())
    assert finding.code == "update-disagrees"
    assert finding.evidence["applied"] == 0


def test_what_cannot_be_called_is_said() -> None:
    notes: list[str] = []
    assert check_optimizer(object(), notes=notes) == []
    assert "no way was found" in notes[0]
