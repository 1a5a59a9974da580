"""A gradient check sees nothing here: each backward agrees with its forward, and the forward is wrong.

Every fault stands beside its correct twin. Most backwards are taken numerically, so that nothing but the
forward can be at fault.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule.doctor.case import Case
from chainrule.doctor.check import check
from chainrule.doctor.experiments.forward import forward_faults
from chainrule.doctor.probe import Probe
from chainrule.doctor.report import Report
from chainrule.doctor.subject import Subject


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def softmax(z: np.ndarray, axis: int = -1) -> np.ndarray:
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


class Numerical:
    """backward by central differences: it agrees with any forward."""

    def __init__(self, **settings: Any) -> None:
        vars(self).update(settings)

    def forward(self, *inputs: Any) -> np.ndarray:
        self.inputs = inputs
        return self.compute(*inputs)

    def backward(self, dy: np.ndarray) -> Any:
        found = []
        for place, x in enumerate(self.inputs):
            dx = np.zeros(np.shape(x))
            for i in range(x.size if x.dtype.kind == "f" else 0):
                step = np.zeros(x.size)
                step[i] = 1e-5
                step = step.reshape(x.shape)
                ahead, behind = (
                    self.compute(*self.inputs[:place], x + s, *self.inputs[place + 1 :])
                    for s in (step, -step)
                )
                dx.flat[i] = np.sum((ahead - behind) * dy) / 2e-5
            found.append(dx)
        return found[0] if len(found) == 1 else tuple(found)


def codes(report: Report) -> list[str]:
    assert all(f.verified for f in report.findings)
    return [f.code for f in report.findings]


# ---------------------------------------------------------------------------------- samples


class Embeds(Numerical):
    """Rows are to have length 1."""

    weight = normal(6, 3)

    def compute(self, x: np.ndarray) -> np.ndarray:
        y = x @ self.weight
        norm = np.sqrt((y**2).sum()) if self.whole else np.sqrt((y**2).sum(1, keepdims=True))
        return y / norm


@pytest.mark.parametrize("whole", [True, False])
def test_a_norm_over_the_whole_batch_mixes_samples(whole: bool) -> None:
    report = check(Embeds(whole=whole), normal(4, 6))
    assert codes(report) == (["batch-leak"] if whole else [])


class Standardized(Numerical):
    """Batch statistics are meant to mix samples."""

    def compute(self, x: np.ndarray) -> np.ndarray:
        return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5)


class OneSequence(Numerical):
    """(time, features): the first axis is no batch."""

    w_query, w_key = normal(2, 4, 4)

    def compute(self, x: np.ndarray) -> np.ndarray:
        return softmax((x @ self.w_query) @ (x @ self.w_key).T / 2) @ x


class TimeFirst(Numerical):
    """(time, batch, features): steps mix, samples do not."""

    w = normal(3, 3)

    def compute(self, x: np.ndarray) -> np.ndarray:
        states = [np.zeros(x.shape[1:])]
        for x_t in x:
            states.append(np.tanh(x_t + states[-1] @ self.w))
        return np.stack(states[1:])


@pytest.mark.parametrize(
    ("layer", "x"),
    [(Standardized(), normal(5, 3)), (OneSequence(), normal(5, 4)), (TimeFirst(), normal(4, 2, 3))],
)
def test_meant_mixing_is_no_fault(layer: Any, x: np.ndarray) -> None:
    assert codes(check(layer, x)) == []


# ---------------------------------------------------------------------------------- attention


class Heads(Numerical):
    """Two heads of self-attention, causal if asked for."""

    causal = False
    scrambled = late = False
    axis, offset = -1, 1
    w_query, w_key, w_value = normal(3, 6, 6) / 2

    def compute(self, x: np.ndarray) -> np.ndarray:
        b, t, d = x.shape
        query, key, value = (
            (x @ w).reshape(b, t, 2, d // 2).transpose(0, 2, 1, 3)
            for w in (self.w_query, self.w_key, self.w_value)
        )
        scores = query @ key.swapaxes(-1, -2) / np.sqrt(d // 2)
        seen = ~np.triu(np.ones((t, t), bool), self.offset) if self.causal else np.ones((t, t), bool)
        weights = (
            softmax(scores, self.axis) * seen
            if self.late
            else softmax(np.where(seen, scores, -1e9), self.axis)
        )
        context = weights @ value
        merged = context if self.scrambled else context.transpose(0, 2, 1, 3)
        return merged.reshape(b, t, d)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, []),
        ({"causal": True}, []),
        ({"axis": -2}, ["softmax-axis-wrong"]),
        ({"causal": True, "late": True}, ["softmax-axis-wrong"]),
        ({"scrambled": True}, ["head-merge-scrambled"]),
        ({"causal": True, "scrambled": True}, ["head-merge-scrambled"]),
        ({"causal": True, "offset": 2}, ["causal-leak"]),
    ],
)
def test_attention(settings: dict[str, Any], expected: list[str]) -> None:
    assert codes(check(Heads(**settings), normal(2, 5, 6))) == expected


def test_without_an_intent_causal_order_is_not_judged() -> None:
    case = Case(Probe(Subject(Heads(), (normal(2, 5, 6),))))
    assert list(forward_faults(case)) == []
    assert any("causal order: intent unknown" in line for line in case.not_tested)
    assert codes(check(Heads(), normal(2, 5, 6), intent={"causal"})) == ["causal-leak"]


class Decoder(Numerical):
    """Attention to the encoder's memory."""

    w_query, w_key, w_value = normal(3, 4, 4)

    def compute(self, x: np.ndarray, memory: np.ndarray) -> np.ndarray:
        source = {"x": x, "memory": memory}
        query, key, value = (
            source[name] @ w
            for name, w in zip(self.roles, (self.w_query, self.w_key, self.w_value), strict=True)
        )
        return softmax(query @ key.swapaxes(1, 2)) @ value

    def forward(self, x: np.ndarray, memory: np.ndarray) -> np.ndarray:
        return super().forward(x, memory)


@pytest.mark.parametrize("roles", [("memory", "x", "x"), ("x", "memory", "x"), ("x", "x", "memory")])
def test_query_key_or_value_from_the_wrong_side(roles: tuple[str, ...]) -> None:
    inputs = normal(2, 4, 4), normal(2, 4, 4, seed=1)
    assert codes(check(Decoder(roles=roles), *inputs)) == ["attention-roles-swapped"]
    assert codes(check(Decoder(roles=("x", "memory", "memory")), *inputs)) == []


# ---------------------------------------------------------------------------------- padding


class MeanOfWords(Numerical):
    """The mean over the real words of each row; lengths (batch,)."""

    def compute(self, x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        real = np.arange(x.shape[1]) < lengths[:, None]
        real = np.ones_like(real) if self.all_columns else real
        return (x * real[..., None]).sum(1) / lengths[:, None]

    def forward(self, x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        return super().forward(x, lengths)


@pytest.mark.parametrize("all_columns", [True, False])
def test_padding_that_counts(all_columns: bool) -> None:
    report = check(MeanOfWords(all_columns=all_columns), normal(3, 5, 2), np.array([5, 2, 3]))
    assert codes(report) == (["padding-leak"] if all_columns else [])


PAD = 0


class Translation(Numerical):
    """Rows of a table for the source, summed up, and scores for each target that is no padding."""

    def compute(self, source: np.ndarray, target: np.ndarray) -> np.ndarray:
        words = self.table[source]
        if self.hides:
            words = words * (source != PAD)[..., None]
        return np.where((target != PAD)[..., None], self.table[target] + words.sum(1, keepdims=True), 0.0)

    def forward(self, source: np.ndarray, target: np.ndarray) -> np.ndarray:
        return super().forward(source, target)


def test_padding_is_asked_of_the_inputs_that_are_compared_with_it() -> None:
    """That targets are compared with PAD says nothing of sources, which may have no padding at all."""
    ids = np.array([[1, 3, 2], [4, 2, 5]]), np.array([[2, 5, 1, 0], [3, 4, 0, 0]])
    assert codes(check(Translation(table=normal(6, 3), hides=False), *ids)) == []
    with_pads = np.array([[1, 3, 0], [4, 0, 0]]), ids[1]
    assert codes(check(Translation(table=normal(6, 3), hides=True), *with_pads)) == []


# ---------------------------------------------------------------------------------- shared weights


class Conv(Numerical):
    """(batch, channels, time), windows of three."""

    def compute(self, x: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(x, 3, axis=2)
        letters = "bctk,fk->bft" if self.kernel.ndim == 2 else "bctk,fck->bft"
        return np.einsum(letters, windows, self.kernel)


@pytest.mark.parametrize("shape", [(4, 3), (4, 2, 3)])
def test_one_kernel_for_all_channels(shape: tuple[int, ...]) -> None:
    report = check(Conv(kernel=normal(*shape)), normal(2, 2, 6))
    assert codes(report) == (["kernel-shared-across-channels"] if len(shape) == 2 else [])
    assert [f.target for f in report.findings] == (["kernel"] if len(shape) == 2 else [])


class Dense(Numerical):
    def compute(self, x: np.ndarray) -> np.ndarray:
        return x.sum(1, keepdims=True) * self.weight if self.weight.ndim == 1 else x @ self.weight.T


@pytest.mark.parametrize("shape", [(5,), (5, 3)])
def test_one_weight_for_all_inputs(shape: tuple[int, ...]) -> None:
    expected = ["weight-shared-across-inputs"] if len(shape) == 1 else []
    assert codes(check(Dense(weight=normal(*shape)), normal(4, 3))) == expected


# ---------------------------------------------------------------------------------- losses


class SquaredError(Numerical):
    def compute(self, prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
        target = target.reshape(prediction.shape) if self.shaped else target
        return np.mean((prediction - target) ** 2)


@pytest.mark.parametrize("shaped", [False, True])
def test_a_column_minus_a_row(shaped: bool) -> None:
    report = check(SquaredError(shaped=shaped), normal(5, 1), normal(5, seed=1))
    assert codes(report) == ([] if shaped else ["broadcast-collapsed"])


class Classifier(Numerical):
    weight = normal(3, 4)

    def compute(self, x: np.ndarray) -> np.ndarray:
        return softmax(x @ self.weight) if self.probabilities else x @ self.weight


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    return float(-np.log(softmax(logits)[np.arange(len(labels)), labels]).mean())


def cross_entropy_gradient(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return (softmax(logits) - np.eye(logits.shape[1])[labels]) / len(labels)


@pytest.mark.parametrize("probabilities", [True, False])
def test_probabilities_for_a_loss_that_takes_logits(probabilities: bool) -> None:
    loss = cross_entropy, cross_entropy_gradient
    labels = np.array([0, 3, 1, 1, 2])
    report = check(Classifier(probabilities=probabilities), normal(5, 3), loss=loss, target=labels)
    assert codes(report) == (["softmax-twice"] if probabilities else [])


class StepModel:
    """All there is, is a step."""

    def __init__(self, twice: bool) -> None:
        self.weight, self.twice = normal(3, 4), twice

    def step(self, x: np.ndarray, target: np.ndarray, learning_rate: float) -> float:
        p = softmax(x @ self.weight)
        q = softmax(p) if self.twice else p
        hot = np.eye(4)[target]
        d = (q - hot) / len(x)
        if self.twice:
            d = p * (d - (d * p).sum(1, keepdims=True))
        self.weight -= learning_rate * x.T @ d
        return float(-np.log((q * hot).sum(1)).mean())


@pytest.mark.parametrize("twice", [True, False])
def test_a_step_with_two_softmaxes(twice: bool) -> None:
    report = check(StepModel(twice), normal(5, 3), target=np.array([0, 3, 1, 1, 2]))
    assert codes(report) == (["softmax-twice"] if twice else [])


# ---------------------------------------------------------------------------------- targets


class Forecast(Numerical):
    """Predicts future (batch, time, features) step by step, from the true values before."""

    weight = normal(2, 2) / 2

    def compute(self, last: np.ndarray, future: np.ndarray) -> np.ndarray:
        fed = future if self.unshifted else np.concatenate([last[:, None], future[:, :-1]], axis=1)
        state, found = np.zeros_like(last), []
        for t in range(fed.shape[1]):
            state = np.tanh(fed[:, t] + state @ self.weight)
            found.append(state)
        return np.stack(found, axis=1)


def squared_error(y: np.ndarray, target: np.ndarray) -> float:
    return float(((y - target) ** 2).sum())


@pytest.mark.parametrize("unshifted", [True, False])
def test_a_decoder_that_is_fed_what_it_predicts(unshifted: bool) -> None:
    future = normal(3, 4, 2)
    report = check(
        Forecast(unshifted=unshifted), normal(3, 2, seed=1), future,
        loss=(squared_error, lambda y, target: 2 * (y - target)), target=future,
    )  # fmt: skip
    assert codes(report) == (["target-leak"] if unshifted else [])


# ---------------------------------------------------------------------------------- modes and state


class BatchNorm(Numerical):
    training = True
    forgetful = False

    def compute(self, x: np.ndarray) -> np.ndarray:
        mean, variance = self.running_mean, self.running_variance
        if self.training or self.forgetful:
            mean, variance = x.mean(0), x.var(0)
        return (x - mean) / np.sqrt(variance + 1e-5)


@pytest.mark.parametrize("forgetful", [True, False])
def test_running_statistics_that_are_never_used(forgetful: bool) -> None:
    statistics = {"running_mean": np.zeros(3), "running_variance": np.ones(3)}
    report = check(BatchNorm(training=True, forgetful=forgetful, **statistics), normal(5, 3))
    assert codes(report) == (["train-eval-mismatch"] if forgetful else [])


class Dropout:
    def __init__(self, at_evaluation: Callable[[np.ndarray], np.ndarray]) -> None:
        self.at_evaluation, self.rng, self.training = at_evaluation, np.random.default_rng(0), True

    def forward(self, x: np.ndarray) -> np.ndarray:
        if not self.training:
            self.mask = np.ones_like(x)
            return self.at_evaluation(x)
        self.mask = (self.rng.random(x.shape) > 0.25) / 0.75
        return x * self.mask

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return dy * self.mask


def test_activations_that_are_rescaled_in_evaluation() -> None:
    assert codes(check(Dropout(lambda x: 0.75 * x), normal(5, 6))) == ["train-eval-mismatch"]
    assert codes(check(Dropout(lambda x: x), normal(5, 6))) == []


class Recurrent:
    """(batch, time) -> the last state."""

    def __init__(self, carries: bool) -> None:
        self.state, self.carries = np.zeros(2), carries

    def forward(self, x: np.ndarray) -> np.ndarray:
        states = [self.state if self.carries else np.zeros(2)]
        for t in range(x.shape[1]):
            states.append(np.tanh(x[:, t] + 0.5 * states[-1]))
        self.x, self.states, self.state = x, states, states[-1]
        return self.state

    def backward(self, dh: np.ndarray) -> np.ndarray:
        dx = np.zeros_like(self.x)
        for t in reversed(range(self.x.shape[1])):
            dx[:, t] = dh * (1 - self.states[t + 1] ** 2)
            dh = 0.5 * dx[:, t]
        return dx


class RecurrentWithReset(Recurrent):
    def reset_state(self) -> None:
        self.state = np.zeros(2)


def test_a_state_that_outlives_its_batch() -> None:
    report = check(Recurrent(carries=True), normal(2, 4))
    assert codes(report) == ["state-carried-over"]
    assert report.findings[0].evidence["carried in"] == "state"
    assert codes(check(Recurrent(carries=False), normal(2, 4))) == []
    # who offers to reset the state means to keep it until then
    assert codes(check(RecurrentWithReset(carries=True), normal(2, 4))) == []


# ---------------------------------------------------------------------------------- ties


class MaxPool:
    """Windows of two: (batch, time) -> (batch, time / 2)."""

    def __init__(self, share: Callable[[np.ndarray], np.ndarray]) -> None:
        self.share = share

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.windows = x.reshape(len(x), -1, 2)
        return self.windows.max(-1)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        tied = (self.windows == self.windows.max(-1, keepdims=True)).astype(float)
        return (self.share(tied) * dy[..., None]).reshape(len(dy), -1)


def test_every_tied_maximum_gets_the_gradient() -> None:
    assert codes(check(MaxPool(lambda tied: tied), normal(2, 6))) == ["pool-ties-duplicated"]
    assert codes(check(MaxPool(lambda tied: tied / tied.sum(-1, keepdims=True)), normal(2, 6))) == []


KEPT = 0.6
draws = np.random.default_rng(0)


def drop_channels(x: np.ndarray, training: bool = True) -> tuple[np.ndarray, Any]:
    mask = draws.random((len(x), 1, 1, x.shape[3])) < KEPT if training else None
    return (x if mask is None else x * mask / KEPT), mask


def drop_channels_backward(dy: np.ndarray, mask: Any) -> np.ndarray:
    return dy if mask is None else dy * mask / KEPT


def test_whole_channels_are_few_draws() -> None:
    for seed in (11, 33, 60):  # unlucky ones
        draws.bit_generator.state = np.random.default_rng(seed).bit_generator.state
        x = np.random.default_rng(55).normal(size=(3, 4, 2, 6))
        assert check((drop_channels, drop_channels_backward), x).ok
