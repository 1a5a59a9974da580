"""How far gradients come: rates that are known beforehand, in our layers and in anybody's."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule.layers import (
    GRU,
    LSTM,
    RNN,
    CrossEntropyLoss,
    Embedding,
    Linear,
    LSTMCell,
    MSELoss,
    RNNCell,
    Sequential,
    Tanh,
    manual_seed,
)
from chainrule.look.growth import Growth, fit_growth
from chainrule.look.over_time import norms_over

from .foreign import Net, Perceptron, squared_error, squared_error_gradient

RNG = np.random.default_rng(2)
T = 30


class LastState:
    """Many to one: the loss hears of the last step only. A layer of ours inside somebody's class."""

    def __init__(self, rnn: Any) -> None:
        self.rnn = rnn

    def forward(self, x: Any) -> Any:
        (output, _), cache = self.rnn.forward(x)
        return output[:, -1], (output, cache)

    def backward(self, dy: Any, cache: Any) -> Any:
        output, cache = cache
        doutput = np.zeros_like(output)
        doutput[:, -1] = dy
        return self.rnn.backward((doutput, None), cache)[0]


def linear_rnn(radius: float, hidden: int = 4, dtype: str = "float64") -> RNN:
    """relu over positive numbers is linear: h[t] = h[t-1] * radius + x[t] W, all of it positive."""
    manual_seed(0)
    rnn = RNN(3, hidden, nonlinearity="relu", recurrent_init="identity", dtype=dtype)
    rnn.weight_hh_l0.data[...] *= radius
    rnn.weight_ih_l0.data[...] = np.abs(rnn.weight_ih_l0.data)
    return rnn


def positive(time: int = T, dtype: str = "float64") -> Any:
    return RNG.random((5, time, 3)).astype(dtype)


# ------------------------------------------------------------ over time


@pytest.mark.parametrize("radius", [0.83, 1.0, 1.2])
def test_the_rate_of_a_linear_rnn_is_its_spectral_radius(radius: float) -> None:
    flow = chainrule.gradient_flow(LastState(linear_rnn(radius)), positive(), np.ones((5, 4)), MSELoss())
    (row,) = flow.times
    assert row.of == "state"
    assert row.growth is not None
    assert row.growth.rate == pytest.approx(radius, rel=1e-9)
    # every single norm: that of the last step times a power
    last = np.array(row.norms)[-1]
    assert row.norms == pytest.approx(last * radius ** np.arange(T - 1, -1, -1.0))
    (matrix,) = flow.recurrent
    assert (matrix.name, matrix.gate) == ("rnn.weight_hh_l0", "")
    assert (matrix.radius, matrix.norm) == pytest.approx((radius, radius))


def test_the_sentence() -> None:
    flow = chainrule.gradient_flow(LastState(linear_rnn(0.83)), positive(31), np.ones((5, 4)), MSELoss())
    assert flow.sentence == "gradients shrink by 0.83 per step: after 30 steps 0.4% is left"
    assert flow.sentence in str(flow)


def test_the_state_gradient_is_the_numerical_one() -> None:
    """A change of h[t] itself: the sequence is cut there, and the rest is run from the changed state."""
    manual_seed(1)
    rnn = RNN(3, 4, num_layers=2, dtype="float64")
    x, target = RNG.normal(size=(2, 6, 3)), RNG.normal(size=(2, 4))
    flow = chainrule.gradient_flow(LastState(rnn), x, target, MSELoss())
    cut, epsilon = 3, 1e-6
    _, state = rnn(x[:, :cut])
    expected = np.zeros_like(state)
    for place in np.ndindex(state.shape):
        values = []
        for sign in (1, -1):
            moved = state.copy()
            moved[place] += sign * epsilon
            output, _ = rnn(x[:, cut:], moved)
            values.append(float(((output[:, -1] - target) ** 2).mean()))
        expected[place] = (values[0] - values[1]) / (2 * epsilon)
    assert [row.path for row in flow.times] == ["rnn layer 0", "rnn layer 1"]
    measured = [row.norms[cut - 1] for row in flow.times]  # the state after step `cut - 1`
    assert measured == pytest.approx([np.linalg.norm(rows) for rows in expected], rel=1e-6)


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_what_leaves_and_what_arrives_is_the_layers_own(kind: Any) -> None:
    manual_seed(1)
    layer = kind(3, 4, dtype="float64")
    x = RNG.normal(size=(2, 7, 3))
    doutput = np.zeros((2, 7, 4))
    (output, _), cache = layer.forward(x)
    doutput[:, -1] = 2 * (output[:, -1] - 1) / 8  # of the mean squared distance from 1
    dx, *_ = layer.backward((doutput, None), cache)
    (row,) = chainrule.gradient_flow(LastState(layer), x, np.ones((2, 4)), MSELoss()).times
    assert row.leaving == pytest.approx(norms_over(dx, 1))
    assert row.arriving == pytest.approx(norms_over(doutput, 1))
    assert row.of == "state"


def test_two_directions_have_no_single_state_gradient() -> None:
    manual_seed(1)
    (row,) = chainrule.gradient_flow(GRU(3, 4, bidirectional=True), positive().astype("float32")).times
    assert row.of == "input"
    assert row.state is None


def test_dropout_between_layers_is_drawn_anew_and_is_no_replay() -> None:
    manual_seed(1)
    flow = chainrule.gradient_flow(LSTM(3, 8, 2, dropout=0.5), positive().astype("float32"))
    (row,) = flow.times
    assert (row.kind, row.of) == ("LSTM", "input")
    assert [layer.kind for layer in flow.layers] == ["LSTM"]  # not the dropout inside


def test_ragged_samples_have_no_common_distance() -> None:
    manual_seed(1)
    x = positive(6).astype("float32")
    ragged = chainrule.gradient_flow(GRU(3, 4), x, lengths=np.array([6, 4, 4, 2, 1]))
    assert any("samples end at different steps" in note for note in ragged.notes)
    even = chainrule.gradient_flow(GRU(3, 4), x, lengths=np.full(5, 4))
    assert not any("samples end" in note for note in even.notes)


def test_an_embedding_says_what_arrives() -> None:
    manual_seed(1)

    class Tagger(LastState):
        def __init__(self) -> None:
            super().__init__(RNN(3, 4))
            self.embedding = Embedding(9, 3)

        def forward(self, ids: Any) -> Any:
            x, embedding_cache = self.embedding.forward(ids)
            y, cache = super().forward(x)
            return y, (embedding_cache, cache)

        def backward(self, dy: Any, cache: Any) -> None:
            self.embedding.backward(super().backward(dy, cache[1]), cache[0])

    flow = chainrule.gradient_flow(
        Tagger(), np.arange(20).reshape(2, 10) % 9, np.array([0, 3]), CrossEntropyLoss()
    )
    embedding, rnn = flow.times
    assert (embedding.path, embedding.of) == ("embedding", "output")
    assert embedding.norms == rnn.leaving
    assert flow.time is rnn  # the state's gradient is known: the sentence is about it


def test_only_the_last_step_of_a_sequence_is_sent_back() -> None:
    rnn = linear_rnn(0.5)
    flow = chainrule.gradient_flow(rnn, positive())
    assert flow.time_growth is not None
    assert flow.time_growth.rate == pytest.approx(0.5)
    assert any("only the gradient of step 29 was sent back" in note for note in flow.notes)
    middle = chainrule.gradient_flow(rnn, positive(), loss_step=9)
    (row,) = middle.times
    assert row.norms[10:] == (0.0,) * 20
    assert row.growth == Growth(pytest.approx(0.5), 9)
    everywhere = chainrule.gradient_flow(rnn, positive(), loss_step=None)
    assert all(everywhere.times[0].arriving or [0])
    with pytest.raises(ValueError, match="loss_step 30 does not exist: the output has 30 steps"):
        chainrule.gradient_flow(rnn, positive(), loss_step=30)


@pytest.mark.parametrize("make", [RNNCell, LSTMCell])
def test_calls_of_a_cell_are_time_steps(make: Any) -> None:
    """The loop over a cell and the layer over the sequence are the same network."""

    class Loop:
        def __init__(self) -> None:
            self.cell = make(3, 4, dtype="float64")

        def forward(self, x: Any) -> Any:
            state, caches = None, []
            for t in range(x.shape[1]):
                state, cache = self.cell.forward(x[:, t], state)
                caches.append(cache)
            self.pair = isinstance(state, tuple)
            return (state[0] if self.pair else state), caches

        def backward(self, dy: Any, caches: Any) -> Any:
            dstate, dx = ((dy, None) if self.pair else dy), []
            for cache in reversed(caches):
                dx_t, dstate = self.cell.backward(dstate, cache)
                dx.append(dx_t)
            return np.stack(dx[::-1], 1)

    manual_seed(1)
    loop = Loop()
    layer = (RNN if make is RNNCell else LSTM)(3, 4, dtype="float64")
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        getattr(layer, f"{name}_l0").data[...] = getattr(loop.cell, name).data
    x, target = RNG.normal(size=(2, 8, 3)), RNG.normal(size=(2, 4))
    (cells,) = chainrule.gradient_flow(loop, x, target, MSELoss()).times
    (whole,) = chainrule.gradient_flow(LastState(layer), x, target, MSELoss()).times
    assert cells.of == "state"
    assert cells.norms == pytest.approx(whole.norms)
    assert cells.leaving == pytest.approx(whole.leaving)


# ------------------------------------------------------------ by depth


def test_the_rate_by_depth_of_a_linear_network() -> None:
    layers = [Linear(4, 4, dtype="float64") for _ in range(6)]
    for layer in layers:
        layer.weight.data[...] = 0.5 * np.eye(4)
    flow = chainrule.gradient_flow(Sequential(*layers), RNG.normal(size=(3, 4)), np.ones((3, 4)), MSELoss())
    assert flow.depth_growth is not None
    assert flow.depth_growth.rate == pytest.approx(0.5)
    assert flow.sentence == "gradients shrink by 0.5 per layer: after 5 layers 3% is left"
    assert not flow.times
    assert [layer.path for layer in flow.layers] == list("012345")


def test_norms_of_each_layer() -> None:
    manual_seed(0)
    model = Sequential(Linear(5, 4, dtype="float64"), Tanh(), Linear(4, 3, dtype="float64"))
    x, target = RNG.normal(size=(2, 5)), RNG.normal(size=(2, 3))
    flow = chainrule.gradient_flow(model, (x, target), loss=MSELoss())  # the batch as it comes
    y, cache = model.forward(x)
    dy = 2 * (y - target) / y.size
    dx = model.backward(dy, cache)
    first, tanh, last = flow.layers
    assert last.arriving == pytest.approx(np.linalg.norm(dy))
    assert first.leaving == pytest.approx(np.linalg.norm(dx))
    assert tanh.weights is None
    gradients = [model.layers["0"].weight.grad, model.layers["0"].bias.grad]
    assert first.weights == pytest.approx(math.hypot(*(np.linalg.norm(g) for g in gradients)))
    assert flow.loss == pytest.approx(((y - target) ** 2).mean())


# ------------------------------------------------------------ anybody's model


class NumpyRNN:
    """As people write it: arrays in a dict, the loop in forward, gradients beside the weights."""

    def __init__(self, radius: float) -> None:
        self.params = {"Wxh": np.abs(RNG.normal(size=(3, 4))), "Whh": radius * np.eye(4)}
        self.grads: dict[str, Any] = {}

    def forward(self, x: Any) -> Any:
        self.x, h = x, np.zeros((len(x), 4))
        self.h = [h]
        for t in range(x.shape[1]):
            h = x[:, t] @ self.params["Wxh"] + h @ self.params["Whh"]
            self.h.append(h)
        return h

    def backward(self, dh: Any) -> Any:
        self.grads = {name: np.zeros_like(value) for name, value in self.params.items()}
        dx = np.zeros_like(self.x)
        for t in reversed(range(self.x.shape[1])):
            self.grads["Wxh"] += self.x[:, t].T @ dh
            self.grads["Whh"] += self.h[t].T @ dh
            dx[:, t] = dh @ self.params["Wxh"].T
            dh = dh @ self.params["Whh"].T
        return dx


def test_a_foreign_rnn() -> None:
    model = NumpyRNN(0.7)
    loss = squared_error, squared_error_gradient
    flow = chainrule.gradient_flow(model, positive(), np.ones((5, 4)), loss)
    (row,) = flow.times
    assert row.of == "input"  # its state's gradient never leaves it
    assert row.growth is not None
    assert row.growth.rate == pytest.approx(0.7)
    (matrix,) = flow.recurrent
    assert matrix.name.endswith("Whh")
    assert matrix.radius == pytest.approx(0.7)
    assert not hasattr(model, "x")  # what the run wrote was taken back
    x = positive()
    (whole,) = chainrule.gradient_flow(model, x, np.ones((5, 4)), loss).layers
    model.backward(squared_error_gradient(model.forward(x), np.ones((5, 4))))
    assert whole.weights == pytest.approx(math.hypot(*map(np.linalg.norm, model.grads.values())))


def test_foreign_networks_by_depth() -> None:
    x, target = RNG.normal(size=(4, 5)), RNG.normal(size=(4, 3))
    flow = chainrule.gradient_flow(
        Net(), x, target, (squared_error, squared_error_gradient), learning_rate=0.1
    )
    assert [layer.path for layer in flow.layers] == ["layers.0", "layers.1", "layers.2"]
    assert flow.depth_growth is not None
    one = chainrule.gradient_flow(Perceptron(), x, target, (squared_error, squared_error_gradient))
    assert one.sentence.startswith("there is no rate")


def test_nothing_stays_changed() -> None:
    manual_seed(0)
    rnn = RNN(3, 4, 2)
    rnn.weight_hh_l0.grad[...] = 7
    before = copy.deepcopy({name: (p.data, p.grad) for name, p in rnn.named_parameters()})
    chainrule.gradient_flow(rnn, positive().astype("float32"))
    for name, parameter in rnn.named_parameters():
        np.testing.assert_array_equal(parameter.data, before[name][0])
        np.testing.assert_array_equal(parameter.grad, before[name][1])


# ------------------------------------------------------------ numbers that are none


def test_what_underflows_is_counted_and_does_not_bend_the_line() -> None:
    flow = chainrule.gradient_flow(linear_rnn(0.1, dtype="float32"), positive(60, "float32"))
    growth = flow.time_growth
    assert growth is not None
    assert growth.rate == pytest.approx(0.1, rel=1e-3)
    assert growth.lost > 15
    assert f"{growth.lost} of 60 are 0" in flow.sentence


def test_what_overflows_is_counted() -> None:
    flow = chainrule.gradient_flow(linear_rnn(10.0, dtype="float32"), 1e-30 * positive(60, "float32"))
    growth = flow.time_growth
    assert growth is not None
    assert growth.rate == pytest.approx(10, rel=0.01)
    assert growth.overflowed > 10
    assert "infinite or NaN" in flow.sentence
    json.dumps(flow.to_dict())


def test_weights_that_are_nan() -> None:
    rnn = linear_rnn(0.5)
    rnn.weight_hh_l0.data[0, 0] = np.nan
    flow = chainrule.gradient_flow(rnn, positive())
    assert math.isnan(flow.recurrent[0].radius)
    assert str(flow)


def test_a_gradient_of_zero_has_no_rate() -> None:
    rnn = linear_rnn(0.5)
    flow = chainrule.gradient_flow(
        LastState(rnn), positive(), np.ones((5, 4)), (lambda y, t: 0.0, lambda y, t: 0 * y)
    )
    assert flow.time_growth is None
    assert flow.sentence.startswith("there is no rate")
    assert str(flow)


def test_fit_growth() -> None:
    assert fit_growth([8, 4, 2, 1]) == Growth(pytest.approx(0.5), 3)
    assert fit_growth([8, 4, 0, 1]) == Growth(pytest.approx(0.5), 3, lost=1)
    assert fit_growth([8, 4, np.inf, np.nan]) == Growth(pytest.approx(0.5), 3, overflowed=2)
    assert fit_growth([8, 0, 0]) is None
    assert fit_growth([]) is None


def test_sentences() -> None:
    assert Growth(1.2, 30).sentence("step") == (
        "gradients grow by 1.2 per step: after 30 steps they are 237 times as large"
    )
    assert Growth(0.99, 10).sentence("step") == "gradients keep their size: 0.99 per step, 90% after 10 steps"
    assert Growth(0.5, 1).sentence("layer") == "gradients shrink by 0.5 per layer: after 1 layer 50% is left"


def test_squares_neither_over_nor_underflow() -> None:
    array = np.array([[[1e200, 1e200]], [[3e-200, 4e-200]]])
    assert norms_over(array, 0) == pytest.approx((math.sqrt(2) * 1e200, 5e-200))


# ------------------------------------------------------------ output, errors


def test_gates_by_name() -> None:
    manual_seed(0)
    flow = chainrule.gradient_flow(LSTM(3, 4, recurrent_init="orthogonal"), positive().astype("float32"))
    assert [m.gate for m in flow.recurrent] == list("ifgo")
    assert [m.radius for m in flow.recurrent] == pytest.approx([1.0] * 4, abs=1e-5)
    assert [
        m.gate for m in chainrule.gradient_flow(GRU(3, 4), positive().astype("float32")).recurrent
    ] == list("rzn")


@pytest.mark.parametrize("model", [RNN(3, 4), Sequential(Linear(3, 4), Linear(4, 2))])
def test_the_plot(model: Any, tmp_path: Any) -> None:
    x = positive().astype("float32")
    chainrule.gradient_flow(model, x if isinstance(model, RNN) else x[:, 0]).plot(tmp_path / "flow.png")
    assert (tmp_path / "flow.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_run_is_refused() -> None:
    with pytest.raises(TypeError, match="has no forward and no backward"):
        chainrule.gradient_flow(object(), positive())
    with pytest.raises(ValueError, match="expects"):
        chainrule.gradient_flow(RNN(7, 4), positive().astype("float32"))
