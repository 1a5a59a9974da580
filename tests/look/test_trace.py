"""One training step, one line per call, of anybody's model; and nothing is changed."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule.doctor.arrays_inside import places
from chainrule.layers import (
    CrossEntropyLoss,
    Dropout,
    Linear,
    MSELoss,
    ReLU,
    Residual,
    Sequential,
    manual_seed,
)
from chainrule.look import Line, Trace
from chainrule.models import build
from chainrule.training import SGD, Adam

from .foreign import Dense, Net, Perceptron, Trainer, squared_error, squared_error_gradient

RNG = np.random.default_rng(1)
X, TARGET = RNG.normal(size=(4, 5)), RNG.normal(size=(4, 3))


def summaries(trace: Trace) -> list[str]:
    return [f"{'  ' * line.depth}{line.phase} {line.path}".rstrip() for line in trace.lines]


def line_of(trace: Trace, phase: str, path: str) -> Line:
    (line,) = (line for line in trace.lines if (line.phase, line.path) == (phase, path))
    return line


def small() -> Sequential:
    manual_seed(0)
    return build("small", in_channels=1, size=8, classes=10)


def images() -> tuple[Any, Any]:
    return RNG.normal(size=(6, 1, 8, 8)).astype(np.float32), np.arange(6)


# ------------------------------------------------------------ what is seen


def test_calls_of_a_foreign_model_in_the_order_in_which_they_happen() -> None:
    trace = chainrule.trace(Net(), X, TARGET, (squared_error, squared_error_gradient), 0.1)
    assert summaries(trace) == [
        "forward", "  forward layers.0", "  forward layers.1", "  forward layers.2", "forward loss",
        "backward loss", "backward", "  backward layers.2", "  backward layers.1", "  backward layers.0",
    ]  # fmt: skip
    assert [line.kind for line in trace.lines[:5]] == ["Net", "Dense", "ReLU", "Dense", "squared_error"]
    assert (trace.name, trace.notes, trace.error) == ("Net", (), None)


def test_the_figures_are_those_of_the_arrays() -> None:
    net = Net()
    y = net.forward(X)
    expected = squared_error(y, TARGET)
    dy = squared_error_gradient(y, TARGET)
    trace = chainrule.trace(net, X, TARGET, (squared_error, squared_error_gradient), 0.1)
    assert trace.loss == pytest.approx(expected)
    (output,) = line_of(trace, "forward", "layers.2").arrays
    assert output.shape == y.shape
    assert (output.mean, output.spread) == pytest.approx((y.mean(), y.std()))
    last = line_of(trace, "backward", "layers.2")
    assert last.incoming == pytest.approx(np.linalg.norm(dy))
    assert last.given[0] == (4, 3)
    hidden = np.maximum(X @ net.layers[0].W, 0)
    assert line_of(trace, "forward", "layers.1").arrays[0].zeros == (hidden == 0).mean()
    step = np.sqrt(((0.1 * hidden.T @ dy) ** 2).sum() + ((0.1 * dy.sum(0)) ** 2).sum())
    assert last.ratio == pytest.approx(step / np.linalg.norm(net.layers[2].W))
    assert line_of(trace, "backward", "layers.1").ratio is None


def test_our_own_layers() -> None:
    model, (x, labels) = small(), images()
    trace = chainrule.trace(model, x, labels, CrossEntropyLoss(), learning_rate=0.01)
    forward = [line.path for line in trace.lines if line.phase == "forward"]
    assert forward == ["", *map(str, range(11)), "loss"]
    logits = line_of(trace, "forward", "10")
    assert [array.shape for array in logits.arrays] == [(6, 10)]  # the cache is no output
    assert logits.arrays[0].dtype == "float32"
    backward = line_of(trace, "backward", "10")
    assert backward.arrays[0].dtype == "float32"
    with_weights = {line.path for line in trace.lines if line.ratio is not None}
    assert with_weights == {"0", "2", "5", "10"}
    trace = chainrule.trace(model.eval(), x, labels, CrossEntropyLoss())
    assert trace.loss == pytest.approx(CrossEntropyLoss()(model(x), labels))


def test_nested_layers_of_ours() -> None:
    manual_seed(0)
    trace = chainrule.trace(
        Sequential(Linear(5, 5), Residual(Sequential(Linear(5, 5), ReLU()))), np.float32(X)
    )
    assert summaries(trace)[:6] == [
        "forward", "  forward 0", "  forward 1", "    forward 1.body", "      forward 1.body.0",
        "      forward 1.body.1",
    ]  # fmt: skip


def test_the_ratio_is_that_of_gradient_descent_or_of_the_optimizers_step() -> None:
    model, (x, labels) = small().eval(), images()
    descent = chainrule.trace(model, x, labels, CrossEntropyLoss(), learning_rate=0.1)
    sgd = chainrule.trace(model, x, labels, CrossEntropyLoss(), optimizer=SGD(model.parameters(), lr=0.1))
    adam = chainrule.trace(model, x, labels, CrossEntropyLoss(), optimizer=Adam(model.parameters(), lr=1e-3))
    none = chainrule.trace(model, x, labels, CrossEntropyLoss())
    for path in "0", "2", "5", "10":
        ratio = line_of(descent, "backward", path).ratio
        assert ratio is not None
        assert line_of(sgd, "backward", path).ratio == pytest.approx(ratio, rel=1e-4)
        assert line_of(adam, "backward", path).ratio != pytest.approx(ratio, rel=1e-2)
        assert line_of(none, "backward", path).ratio is None


def test_an_optimizer_may_be_a_function() -> None:
    net = Perceptron()

    def step() -> None:
        for name in net.params:
            net.params[name] -= 0.5 * net.grads[name]

    with_step = chainrule.trace(net, X, TARGET, squared_error, optimizer=step)
    with_rate = chainrule.trace(net, X, TARGET, squared_error, learning_rate=0.5)
    assert line_of(with_step, "update", "params.W1").ratio == pytest.approx(
        line_of(with_rate, "update", "params.W1").ratio
    )


def test_weights_that_stand_in_the_model_itself_have_lines_of_their_own() -> None:
    trace = chainrule.trace(Perceptron(), X, TARGET, squared_error, 0.1)
    assert summaries(trace)[-2:] == ["update params.W1", "update params.W2"]
    line = line_of(trace, "update", "params.W1")
    assert (line.kind, line.arrays[0].shape) == ("gradient", (5, 7))
    net = Perceptron()
    net.backward(squared_error_gradient(net.forward(X), TARGET))
    norm = np.linalg.norm(net.grads["W1"])
    assert line.incoming == pytest.approx(norm)
    assert line.ratio == pytest.approx(0.1 * norm / np.linalg.norm(net.params["W1"]))


def test_a_layer_that_is_used_twice_tells_its_ratio_once() -> None:
    class Shared(Sequential):
        pass

    layer = Linear(5, 5, dtype="float64")
    trace = chainrule.trace(Shared(layer, ReLU(), layer), X, learning_rate=0.1)
    assert [line.ratio is not None for line in trace.lines if line.path == "0"] == [False, False, False, True]


# ------------------------------------------------------------ other ways to be a model


def test_a_model_that_takes_its_step_by_itself() -> None:
    trace = chainrule.trace(Trainer(), X, TARGET, learning_rate=0.1)
    plain = chainrule.trace(Net(), X, TARGET, (squared_error, squared_error_gradient), 0.1)
    assert summaries(trace)[:2] == ["forward net", "  forward net.layers.0"]
    assert trace.loss == pytest.approx(plain.loss)
    assert line_of(trace, "backward", "net.layers.0").ratio == pytest.approx(
        line_of(plain, "backward", "layers.0").ratio
    )


def test_a_step_without_layers_shows_its_weights() -> None:
    class Regression:
        def __init__(self) -> None:
            self.w = np.ones((5, 3))

        def train_step(self, x: Any, y: Any, lr: float = 0.5) -> float:
            error = x @ self.w - y
            self.w -= lr * x.T @ error / len(x)
            return float((error**2).mean())

    trace = chainrule.trace(Regression(), X, TARGET)
    assert summaries(trace) == ["update w"]
    assert trace.lines[0].kind == "step"
    assert trace.loss == pytest.approx(squared_error(X @ np.ones((5, 3)), TARGET))
    with pytest.raises(TypeError, match=r"Regression.train_step needs a target: pass target="):
        chainrule.trace(Regression(), X)


def test_a_pair_of_functions() -> None:
    def scale(x: Any, w: Any) -> Any:
        return x * w, (x, w)

    def scale_backward(dy: Any, cache: Any) -> Any:
        x, w = cache
        return dy * w, (dy * x).sum(0)

    trace = chainrule.trace((scale, scale_backward), (X, np.arange(5.0)))
    forward, backward = trace.lines
    assert (forward.kind, forward.arrays[0].shape) == ("scale", (4, 5))
    assert [array.shape for array in backward.arrays] == [(4, 5), (5,)]


def test_a_class_or_function_that_makes_the_model() -> None:
    assert chainrule.trace(Net, X).name == "Net"
    assert chainrule.trace(lambda: Net(), X).name == "Net"


def test_a_forward_that_ends_with_the_loss() -> None:
    class WithLoss:
        def forward(self, x: Any, t: Any) -> float:
            self.difference = x - t
            return float((self.difference**2).sum())

        def backward(self, dout: float = 1.0) -> Any:
            return 2 * dout * self.difference

    trace = chainrule.trace(WithLoss(), TARGET + 1, TARGET)
    assert trace.loss == pytest.approx(12)
    assert line_of(trace, "backward", "").arrays[0].mean == pytest.approx(2)
    assert trace.notes == ()


def test_a_backward_that_begins_with_the_target() -> None:
    class Classic(Perceptron):
        def backward(self, x: Any, target: Any, output: Any) -> Any:
            return super().backward(squared_error_gradient(output, target))

    trace = chainrule.trace(Classic(), X, TARGET)
    assert trace.error is None
    expected = chainrule.trace(Perceptron(), X, TARGET, squared_error)
    assert line_of(trace, "update", "params.W1").incoming == pytest.approx(
        line_of(expected, "update", "params.W1").incoming
    )


def test_forward_in_training_mode_and_with_keywords() -> None:
    class Noisy(Perceptron):
        def forward(self, x: Any, mask: Any, training: bool = False) -> Any:  # type: ignore[override]
            assert training
            return super().forward(x * mask)

    assert chainrule.trace(Noisy(), X, mask=np.ones(5)).error is None


def test_several_outputs_lists_and_dicts() -> None:
    class Many:
        def forward(self, x: Any) -> Any:
            return [x, 2 * x], {"last": x[0]}

        def backward(self, grads: Any) -> Any:
            (a, b), last = grads[0], grads[1]
            assert last["last"].shape == (5,)
            return {"x": a + 2 * b}

    trace = chainrule.trace(Many(), X)
    assert trace.error is None
    assert [len(line.arrays) for line in trace.lines] == [3, 1]


def test_what_a_loss_does_not_see_has_no_gradient() -> None:
    """forward returned ((prediction, state), cache): backward gets (dprediction, None)."""

    class Counter:
        def forward(self, x: Any) -> Any:
            return (2 * x, x.sum()), "cache"

        def backward(self, dy: Any, cache: Any) -> Any:
            dprediction, dstate = dy
            assert dstate is None
            return 2 * dprediction

    found = chainrule.trace(Counter(), np.ones((2, 3)), np.zeros((2, 3)), squared_error)
    assert found.error is None
    assert found.lines[-1].incoming > 0


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(TypeError, match=r"dict has no forward and no backward: pass an object with forward"):
        chainrule.trace({}, X)
    with pytest.raises(TypeError, match="int is no loss"):
        chainrule.trace(Net(), X, TARGET, loss=3)
    with pytest.raises(TypeError, match="a pair of functions"):
        chainrule.trace(Net(), X, TARGET, loss=(squared_error,))


# ------------------------------------------------------------ what is said


def test_without_a_loss_backward_begins_with_random_numbers_and_says_so() -> None:
    trace = chainrule.trace(Net(), X)
    assert trace.notes[0] == "no loss was given: backward began with random numbers of the output's shape"
    assert trace.notes[1] == "no learning rate was given: the model got 0.01"
    assert (trace.loss, "backward loss" in summaries(trace)) == (None, False)
    assert chainrule.trace(Net(), X).to_dict() == trace.to_dict()  # the same numbers every time


def test_an_error_of_the_model_ends_the_lines_and_is_told_with_its_place() -> None:
    net = Net()
    net.layers[2] = Dense(6, 3, np.random.default_rng(0))
    trace = chainrule.trace(net, X, TARGET, squared_error)
    assert isinstance(trace.error, ValueError)
    assert summaries(trace) == ["forward", "  forward layers.0", "  forward layers.1", "  forward layers.2"]
    assert [line.error for line in trace.lines] == ["ValueError", None, None, "ValueError"]
    assert trace.failed is trace.lines[-1]
    text = trace.text()
    assert "ValueError: matmul: " in text
    assert "in forward of layers.2 (Dense); given 4×7; foreign.py, line " in text
    assert ": return x @ self.W + self.b" in text


def test_the_first_nan_is_named() -> None:
    net = Net()
    net.layers[2].W[0, 0] = np.nan
    trace = chainrule.trace(net, X, TARGET, squared_error)
    assert trace.first_not_finite is line_of(trace, "forward", "layers.2")
    # column 0 is NaN for every sample
    assert "the first 4 NaN: forward of layers.2 (Dense)" in trace.text()
    assert chainrule.trace(Net(), X).first_not_finite is None


def test_the_first_infinity_of_a_backward_is_named_too() -> None:
    class Exploding(Dense):
        def backward(self, dy: Any, lr: float) -> Any:
            return super().backward(dy, lr) * np.inf

    net = Net()
    net.layers[0] = Exploding(5, 7, np.random.default_rng(0))
    trace = chainrule.trace(net, X)
    assert trace.first_not_finite is line_of(trace, "backward", "layers.0")
    assert "the first 20 inf: backward of layers.0 (Exploding)" in trace.text()


# ------------------------------------------------------------ nothing is changed


@pytest.mark.parametrize("model", [Net(), Perceptron(), Trainer()], ids=lambda model: type(model).__name__)
def test_foreign_models_stay_what_they_were(model: Any) -> None:
    before = {place.path: copy.deepcopy(place.get()) for place in places(model)}
    x, target = X.copy(), TARGET.copy()
    chainrule.trace(model, x, target, None if isinstance(model, Trainer) else squared_error, 0.1)
    after = {place.path: place.get() for place in places(model)}
    assert after.keys() == before.keys()
    for path, value in before.items():
        np.testing.assert_array_equal(after[path], value)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(target, TARGET)


def test_our_models_keep_weights_gradients_statistics_and_random_numbers() -> None:
    manual_seed(0)
    model = Sequential(Linear(5, 4), Dropout(0.5), Linear(4, 3))
    y, cache = model.forward(np.float32(X))
    model.backward(np.ones_like(y), cache)
    state, gradients = model.state_dict(), [p.grad.copy() for p in model.parameters()]
    optimizer = Adam(model.parameters(), lr=0.1)
    manual_seed(1)
    expected = model(np.float32(X))
    manual_seed(1)
    chainrule.trace(model, np.float32(X), np.float32(TARGET), MSELoss(), optimizer=optimizer)
    np.testing.assert_array_equal(model(np.float32(X)), expected)  # the same mask
    assert optimizer.steps == 0
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, state[name])
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)
    assert all("forward" not in vars(layer) for _, layer in model.named_layers())


def test_gradients_that_are_there_already_do_not_count() -> None:
    model, (x, labels) = small().eval(), images()
    before = chainrule.trace(model, x, labels, CrossEntropyLoss(), learning_rate=0.1)
    for parameter in model.parameters():
        parameter.grad[...] = 1000
    assert chainrule.trace(model, x, labels, CrossEntropyLoss(), learning_rate=0.1) == before


def test_to_dict_goes_through_json() -> None:
    trace = chainrule.trace(Net(), X, TARGET, squared_error, 0.1)
    content = json.loads(json.dumps(trace.to_dict()))
    assert content["lines"][1]["path"] == "layers.0"
    assert content["lines"][1]["arrays"][0]["shape"] == [4, 7]
    assert content["loss"] == trace.loss
