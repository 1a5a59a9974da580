"""What `chainrule check FILE` makes of losses with gradients, optimizers, and code that does not end."""

from __future__ import annotations

import time
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from typer.testing import CliRunner

from chainrule.cli import app
from chainrule.doctor.discovery import Discovered, Found, discover

DENSE = """
class Dense:
    def __init__(self, n_in, n_out):
        self.weights = np.random.randn(n_in, n_out)
    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs @ self.weights
    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dinputs = dvalues @ self.weights.T
"""


def opened(folder: Path, text: str, *names: str) -> Discovered:
    path = folder / "mine.py"
    path.write_text("import numpy as np\n" + dedent(text))
    return discover(path, names)


def started(folder: Path, text: str, name: str) -> Found:
    discovered = opened(folder, text)
    assert name in [f.name for f in discovered], discovered.not_started
    return next(f for f in discovered if f.name == name)


def checked(folder: Path, text: str, *names: str) -> tuple[int, str]:
    path = folder / "mine.py"
    path.write_text("import numpy as np\n" + dedent(text))
    result = CliRunner().invoke(app, ["check", str(path), *names])
    return result.exit_code, " ".join(result.stdout.split())


def test_layers_that_return_nothing(tmp_path: Path) -> None:
    assert np.shape(started(tmp_path, DENSE, "Dense").inputs[0]) == (2, 5)


def test_gradients_in_a_dict_beside_parameters_in_a_dict(tmp_path: Path) -> None:
    found = started(
        tmp_path,
        """
        def loss_and_grads(params, X, y):
            h = np.tanh(X @ params["W1"] + params["b1"])
            error = h @ params["W2"] + params["b2"] - y
            dh = error @ params["W2"].T * (1 - h**2)
            grads = {"W1": X.T @ dh, "b1": dh.sum(0), "W2": h.T @ error, "b2": error.sum(0)}
            loss = 0.5 * np.sum(error**2)
            return loss, grads
        """,
        "loss_and_grads",
    )
    assert {k: v.shape for k, v in found.inputs[0].items()} == {
        "W1": (5, 6), "b1": (6,), "W2": (6, 3), "b2": (3,),
    }  # fmt: skip


def test_a_bias_whose_gradient_is_a_number_is_a_number(tmp_path: Path) -> None:
    found = started(
        tmp_path,
        """
        def propagate(w, b, X, Y):
            A = 1 / (1 + np.exp(-(np.dot(w.T, X) + b)))
            cost = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
            grads = {"dw": np.dot(X, (A - Y).T) / A.size, "db": np.sum(A - Y) / A.size}
            return grads, cost
        """,
        "propagate",
    )
    assert np.shape(found.inputs[1]) == ()


def test_other_results_are_no_gradients(tmp_path: Path) -> None:
    text = """
    def evaluate(x, y):
        loss = ((x - y) ** 2).mean()
        accuracy = (x.round() == y).mean()
        return loss, accuracy
    """
    assert not opened(tmp_path, text).found


def test_gradient_and_loss_in_two_methods(tmp_path: Path) -> None:
    text = """
    class Net:
        def __init__(self, n_in, n_out):
            self.params = {"W": np.random.randn(n_in, n_out), "b": np.zeros(n_out)}
        def predict(self, x):
            return x @ self.params["W"] + self.params["b"]
        def loss(self, x, t):
            return 0.5 * np.sum((self.predict(x) - t) ** 2)
        def gradient(self, x, t):
            d = self.predict(x) - t
            grads = {}
            grads["b"], grads["W"] = d.sum(0), x.T @ d
            return grads
    """
    status, out = checked(tmp_path, text)
    assert status == 0
    assert "gradients of params.W, params.b checked" in out


def test_a_backward_that_begins_at_an_unknown_loss_hears_what_to_add(tmp_path: Path) -> None:
    text = """
    class Net:
        def __init__(self): self.W = np.random.randn(5, 3)
        def forward(self, X): return X @ self.W
        def backward(self, X, y, o): self.W -= X.T @ (o - y) ** 3
    """
    status, out = checked(tmp_path, text)
    assert status == 2
    assert "def loss(self, X, y):" in out
    assert "0.5 * np.sum((self.forward(X) - y) ** 2)" in out
    assert "Nothing could be checked" in out


def test_optimizers(tmp_path: Path) -> None:
    text = """
    class Optimizer_SGD:
        def __init__(self, learning_rate=1.0): self.learning_rate = learning_rate
        def update_params(self, layer):
            layer.weights += -self.learning_rate * layer.dweights
            layer.biases += -self.learning_rate * layer.dbiases
    class Optimizer_Up(Optimizer_SGD):
        def update_params(self, layer):
            layer.weights += self.learning_rate * layer.dweights
            layer.biases += -self.learning_rate * layer.dbiases
    """
    status, out = checked(
        tmp_path, text.replace("(Optimizer_SGD)", "").replace("Up:", "Up:\n        learning_rate = 1.0")
    )
    assert status == 1
    assert "not the step that the gradient asks for: Optimizer_Up" in out
    assert "2 checked: 1 right, 1 wrong" in out


def test_an_optimizer_is_not_blamed_for_what_made_up_layers_have(tmp_path: Path) -> None:
    text = """
    class SGD:
        def __init__(self, lr=0.1): self.lr = lr
        def update(self, layer): layer.W -= self.lr * layer.dW
    class Momentum:
        def __init__(self, lr=0.1): self.lr = lr
        def step(self, layers):
            for layer in layers:
                if hasattr(layer, "kernel"):
                    layer.kernel -= self.lr * layer.grad_kernel
    """
    status, out = checked(tmp_path, text)
    assert status == 0
    assert "Momentum line 7 could not be checked" in out


def test_parts_whose_backward_nobody_runs_are_not_excused_by_the_whole(tmp_path: Path) -> None:
    text = """
    class Sigmoid:
        def forward(self, x):
            self.y = 1 / (1 + np.exp(-x))
            return self.y
        def backward(self, dy): return -dy * self.y * (1 - self.y)
    class SigmoidLoss:
        def __init__(self): self.sigmoid = Sigmoid()
        def forward(self, x, target):
            self.p, self.target = self.sigmoid.forward(x), target
            return -np.sum(target * np.log(self.p) + (1 - target) * np.log(1 - self.p))
        def backward(self): return self.p - self.target
    """
    status, out = checked(tmp_path, text)
    assert status == 1
    assert "the gradient has the wrong sign: Sigmoid," in out


def test_d_ff_is_a_size(tmp_path: Path) -> None:
    text = """
    class FeedForward:
        def __init__(self, d_model, num_heads, d_ff):
            self.inner = Inner(d_model, d_ff)
        def forward(self, x): return self.inner.forward(x)
        def backward(self, dy): return self.inner.backward(dy)
    class Inner:
        def __init__(self, n, m): self.W = np.random.randn(n, m)
        def forward(self, x):
            self.x = x
            return x @ self.W
        def backward(self, dy):
            self.dW = np.tensordot(self.x, dy, (range(dy.ndim - 1),) * 2)
            return dy @ self.W.T
    """
    assert "d_ff=6" in started(tmp_path, text, "FeedForward").assumed[0]


def test_an_image_is_larger_than_the_kernel(tmp_path: Path) -> None:
    text = """
    class Conv3x3:
        def __init__(self, filters): self.W = np.random.randn(filters, 3, 3)
        def forward(self, image):
            self.image = image
            h, w = image.shape
            y = np.zeros((h - 2, w - 2, len(self.W)))
            for i in range(h - 2):
                for j in range(w - 2):
                    y[i, j] = np.sum(image[i:i+3, j:j+3] * self.W, axis=(1, 2))
            return y
        def backward(self, dy):
            self.dW = np.zeros_like(self.W)
            for i in range(dy.shape[0]):
                for j in range(dy.shape[1]):
                    self.dW += dy[i, j][:, None, None] * self.image[i:i+3, j:j+3]
    """
    height, width = np.shape(started(tmp_path, text, "Conv3x3").inputs[0])
    assert max(height, width) > 5


def test_lists_of_columns_over_time(tmp_path: Path) -> None:
    text = """
    class RNN:
        def __init__(self, n_x, n_h): self.params = {"Wh": np.random.randn(n_h, n_h + n_x)}
        def forward(self, X, h0):
            h, self.z, self.h = h0, [], []
            for t in range(X.shape[0]):
                self.z.append(np.vstack((h, X[t])))
                h = np.tanh(self.params["Wh"] @ self.z[t])
                self.h.append(h)
            return h + 0 * X.shape[2]
        def backward(self, dh):
            self.grads = {"Wh": np.zeros_like(self.params["Wh"])}
            dX = []
            for z, h in zip(self.z[::-1], self.h[::-1]):
                da = dh * (1 - h**2)
                self.grads["Wh"] += da @ z.T
                dz = self.params["Wh"].T @ da
                dh = dz[:len(h)]
                dX.insert(0, dz[len(h):])
            return np.array(dX), dh
    """
    assert [np.shape(v) for v in started(tmp_path, text, "RNN").inputs] == [(4, 5, 2), (6, 2)]


def test_a_text_that_is_not_there_has_a_stand_in(tmp_path: Path) -> None:
    found = opened(tmp_path, "data = open('input.txt', 'r').read()\nW = np.zeros(len(set(data)))\n" + DENSE)
    assert [f.name for f in found] == ["Dense"]
    assert found.notes == ["line 2: there is no input.txt; a short text stands in for it"]


def test_a_name_restricts_the_work_and_waiting_has_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainrule.doctor.discovery.trial.TRY_SECONDS", 0.05)
    text = """
    import time
    class Slow:
        def forward(self, x):
            time.sleep(20)
            return 2 * x
        def backward(self, dy): return 2 * dy
    """ + DENSE.replace("\n", "\n    ")
    start = time.perf_counter()
    assert [f.name for f in opened(tmp_path, text, "Dense")] == ["Dense"]
    (slow,) = opened(tmp_path, text, "Slow").not_started
    assert slow.is_slow
    assert time.perf_counter() - start < 3


def test_trace_stops_a_loop_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.doctor.discovery.loading.IMPORT_SECONDS", 0.1)
    path = tmp_path / "endless_layers.py"
    path.write_text(
        f"import numpy as np\n{DENSE}\nwhile True:\n    pass\n\n"
        "def trace_dense():\n    return Dense(5, 3), np.ones((2, 5))\n"
    )
    result = CliRunner().invoke(app, ["trace", str(path)])
    assert result.exit_code == 0, result.exception
    assert "2×3" in result.output
