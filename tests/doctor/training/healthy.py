"""Sound trainings in many styles: the checker must say nothing about any of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

Setup = dict[str, Any]


def blobs(
    n: int, features: int, classes: int, seed: int, noise: float = 0.8
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(classes, features)) * 1.2
    labels = rng.integers(classes, size=n)
    return centers[labels] + noise * rng.normal(size=(n, features)), labels


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def cross_entropy(z: np.ndarray, y: np.ndarray) -> float:
    return float(-np.log(softmax(z)[np.arange(len(y)), y] + 1e-12).mean())


def cross_entropy_gradient(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    p = softmax(z)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


class MLP:
    """Two layers; `rule` turns a gradient into a step."""

    def __init__(
        self, sizes: tuple[int, ...], seed: int = 0, relu: bool = True, dtype: Any = np.float64
    ) -> None:
        rng = np.random.default_rng(seed)
        self.relu = relu
        self.W = [(rng.normal(size=(a, b)) * np.sqrt(2 / a)).astype(dtype) for a, b in pairwise(sizes)]
        self.b = [np.zeros(b, dtype) for b in sizes[1:]]

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.a = [x]
        for i, (w, b) in enumerate(zip(self.W, self.b, strict=True)):
            z = self.a[-1] @ w + b
            last = i == len(self.W) - 1
            self.a.append(z if last else np.maximum(z, 0) if self.relu else np.tanh(z))
        return self.a[-1]

    def backward(self, d: np.ndarray) -> np.ndarray:
        self.dW, self.db = [None] * len(self.W), [None] * len(self.W)
        for i in reversed(range(len(self.W))):
            self.dW[i], self.db[i] = self.a[i].T @ d, d.sum(0)
            d = d @ self.W[i].T
            if i:
                d = d * ((self.a[i] > 0) if self.relu else 1 - self.a[i] ** 2)
        return d


class Stepping(MLP):
    def train_step(self, x: np.ndarray, y: np.ndarray, learning_rate: float) -> float:
        z = self.forward(x)
        self.backward(cross_entropy_gradient(z, y))
        self.apply(learning_rate)
        return cross_entropy(z, y)

    def apply(self, rate: float) -> None:
        for p, g in zip(self.W + self.b, self.dW + self.db, strict=True):
            p -= rate * g


def data(n: int = 240, features: int = 10, classes: int = 4, seed: int = 0, cut: int = 180) -> Setup:
    x, y = blobs(n, features, classes, seed)
    return {"x": x[:cut], "target": y[:cut], "evaluation": (x[cut:], y[cut:])}


def momentum() -> Setup:
    class Heavy(Stepping):
        velocity = None

        def apply(self, rate: float) -> None:
            every = list(zip(self.W + self.b, self.dW + self.db, strict=True))
            self.velocity = self.velocity or [np.zeros_like(p) for p, _ in every]
            for (p, g), v in zip(every, self.velocity, strict=True):
                v *= 0.9
                v -= rate * g
                p += v

    return data() | {"subject": Heavy((10, 24, 4)), "learning_rate": 0.02, "batch_size": 30, "steps": 40}


def averaged_momentum() -> Setup:
    class Averaged(Stepping):
        mean = None

        def apply(self, rate: float) -> None:
            every = list(zip(self.W + self.b, self.dW + self.db, strict=True))
            self.mean = self.mean or [np.zeros_like(p) for p, _ in every]
            for (p, g), v in zip(every, self.mean, strict=True):
                v += 0.1 * (g - v)
                p -= rate * v

    return data(seed=1) | {
        "subject": Averaged((10, 24, 4)),
        "learning_rate": 0.2,
        "batch_size": 30,
        "steps": 40,
    }


def nesterov_in_torch_style() -> Setup:
    class Ahead(Stepping):
        buffers = None

        def apply(self, rate: float) -> None:
            every = list(zip(self.W + self.b, self.dW + self.db, strict=True))
            self.buffers = self.buffers or [np.zeros_like(p) for p, _ in every]
            for (p, g), v in zip(every, self.buffers, strict=True):
                v *= 0.9
                v += g
                p -= rate * (g + 0.9 * v)

    return data(seed=2) | {
        "subject": Ahead((10, 24, 4)),
        "learning_rate": 0.02,
        "batch_size": 45,
        "steps": 40,
    }


class AdaptiveRule:
    def __init__(self, model: MLP, kind: str, lr: float) -> None:
        self.model, self.kind, self.lr, self.t = model, kind, lr, 0
        self.m = [np.zeros_like(p) for p in model.W + model.b]
        self.v = [np.zeros_like(p) for p in model.W + model.b]

    def step(self) -> None:
        self.t += 1
        t = self.t
        for p, g, m, v in zip(
            self.model.W + self.model.b, self.model.dW + self.model.db, self.m, self.v, strict=True
        ):
            if self.kind == "adagrad":
                v += g * g
                p -= self.lr * g / (np.sqrt(v) + 1e-8)
            elif self.kind == "rmsprop":
                v += 0.1 * (g * g - v)
                p -= self.lr * g / np.sqrt(v + 1e-8)
            elif self.kind == "nadam":
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                ahead = 0.9 * m / (1 - 0.9**t) + 0.1 * g / (1 - 0.9**t)
                p -= self.lr * ahead / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
            else:
                p *= 1 - self.lr * 0.01
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                p -= self.lr * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)


def adaptive(kind: str, lr: float) -> Callable[[], Setup]:
    def make() -> Setup:
        model = MLP((10, 20, 4), 3, relu=False)
        return data(seed=3) | {
            "subject": model,
            "optimizer": AdaptiveRule(model, kind, lr),
            "loss": (cross_entropy, cross_entropy_gradient),
            "batch_size": 30,
            "steps": 40,
        }

    return make


def float32_with_clipping() -> Setup:
    class Clipped(Stepping):
        def apply(self, rate: float) -> None:
            norm = np.sqrt(sum(float((g**2).sum()) for g in self.dW + self.db))
            scale = min(1.0, 0.5 / (norm + 1e-6))
            for p, g in zip(self.W + self.b, self.dW + self.db, strict=True):
                p -= (rate * scale * g).astype(np.float32)

    found = data(seed=4)
    found["x"] = found["x"].astype(np.float32)
    return found | {
        "subject": Clipped((10, 32, 4), dtype=np.float32),
        "learning_rate": 0.2,
        "batch_size": 36,
        "steps": 60,
    }


def decay_outside_of_the_loss() -> Setup:
    class Decayed(Stepping):
        def apply(self, rate: float) -> None:
            for p, g in zip(self.W, self.dW, strict=True):
                p -= rate * (g + 1e-2 * p)
            for p, g in zip(self.b, self.db, strict=True):
                p -= 2 * rate * g

    return data(seed=5) | {"subject": Decayed((10, 16, 12, 4)), "learning_rate": 0.1, "batch_size": 30}


def warm_up() -> Setup:
    class Warm(Stepping):
        done = 0

        def apply(self, rate: float) -> None:
            self.done += 1
            super().apply(rate * min(1.0, self.done / 60))

    return data(seed=6) | {"subject": Warm((10, 24, 4)), "learning_rate": 0.1, "batch_size": 30, "steps": 30}


def cosine_schedule() -> Setup:
    model = MLP((10, 20, 4), 7)

    class Cosine:
        def __init__(self) -> None:
            self.lr, self.done = 0.1, 0

        def step(self) -> None:
            rate = self.lr * 0.5 * (1 + np.cos(np.pi * min(self.done, 200) / 200))
            self.done += 1
            for p, g in zip(model.W + model.b, model.dW + model.db, strict=True):
                p -= rate * g

    return data(seed=7) | {
        "subject": model,
        "optimizer": Cosine(),
        "loss": (cross_entropy, cross_entropy_gradient),
        "batch_size": 30,
    }


def full_batch_softmax_from_zero() -> Setup:
    class Softmax:
        def __init__(self) -> None:
            self.theta = np.zeros((10, 4))
            self.bias = np.zeros(4)

        def predict(self, x: np.ndarray) -> np.ndarray:
            return softmax(x @ self.theta + self.bias)

        def fit_batch(self, x: np.ndarray, y: np.ndarray, lr: float) -> float:
            p = self.predict(x)
            loss = -np.log(p[np.arange(len(y)), y]).mean()
            p[np.arange(len(y)), y] -= 1
            self.theta -= lr * x.T @ p / len(y)
            self.bias -= lr * p.mean(0)
            return float(loss)

    return data(seed=8) | {"subject": Softmax(), "learning_rate": 0.3, "batch_size": 180, "steps": 30}


def regression_with_closures() -> Setup:
    rng = np.random.default_rng(9)
    x = rng.normal(size=(150, 6))
    t = np.sin(x[:, :2]) @ np.array([[1.0], [0.5]]) + 0.05 * rng.normal(size=(150, 1))
    params = {
        "w1": rng.normal(size=(6, 20)) / np.sqrt(6),
        "c1": np.zeros(20),
        "w2": rng.normal(size=(20, 1)) / np.sqrt(20),
        "c2": np.zeros(1),
    }

    def predict(x: np.ndarray) -> np.ndarray:
        return np.tanh(x @ params["w1"] + params["c1"]) @ params["w2"] + params["c2"]

    def step(x: np.ndarray, t: np.ndarray, lr: float) -> float:
        h = np.tanh(x @ params["w1"] + params["c1"])
        e = h @ params["w2"] + params["c2"] - t
        d = 2 * e / e.size
        dh = d @ params["w2"].T * (1 - h**2)
        for name, g in (("w2", h.T @ d), ("c2", d.sum(0)), ("w1", x.T @ dh), ("c1", dh.sum(0))):
            params[name] = params[name] - lr * g
        return float((e**2).mean())

    return {
        "subject": params,
        "x": x[:120],
        "target": t[:120],
        "evaluation": (x[120:], t[120:]),
        "step": step,
        "predict": predict,
        "learning_rate": 0.05,
        "batch_size": 30,
        "steps": 50,
    }


def dropout_and_batch_norm() -> Setup:
    class Net:
        def __init__(self) -> None:
            self.rng = np.random.default_rng(10)
            self.W1, self.W2 = self.rng.normal(size=(10, 30)) * 0.4, self.rng.normal(size=(30, 4)) * 0.2
            self.gamma, self.beta, self.b2 = np.ones(30), np.zeros(30), np.zeros(4)
            self.running_mean, self.running_var = np.zeros(30), np.ones(30)

        def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
            self.x, z = x, x @ self.W1
            if training:
                mean, var = z.mean(0), z.var(0)
                self.running_mean = 0.9 * self.running_mean + 0.1 * mean
                self.running_var = 0.9 * self.running_var + 0.1 * var
            else:
                mean, var = self.running_mean, self.running_var
            self.rstd = 1 / np.sqrt(var + 1e-5)
            self.xhat = (z - mean) * self.rstd
            self.h = np.maximum(self.gamma * self.xhat + self.beta, 0)
            self.mask = (self.rng.random(self.h.shape) > 0.3) / 0.7 if training else np.ones_like(self.h)
            return self.h * self.mask @ self.W2 + self.b2

        def step(self, x: np.ndarray, y: np.ndarray, lr: float) -> float:
            z = self.forward(x, True)
            d = cross_entropy_gradient(z, y)
            dW2, db2 = (self.h * self.mask).T @ d, d.sum(0)
            dh = d @ self.W2.T * self.mask * (self.h > 0)
            dgamma, dbeta, dx = (dh * self.xhat).sum(0), dh.sum(0), dh * self.gamma
            dz = self.rstd * (dx - dx.mean(0) - self.xhat * (dx * self.xhat).mean(0))
            for name, g in (
                ("W2", dW2),
                ("b2", db2),
                ("gamma", dgamma),
                ("beta", dbeta),
                ("W1", self.x.T @ dz),
            ):
                setattr(self, name, getattr(self, name) - lr * g)
            return cross_entropy(z, y)

    return data(seed=10) | {"subject": Net(), "learning_rate": 0.1, "batch_size": 45, "steps": 40}


def orthogonal_rnn() -> Setup:
    rng = np.random.default_rng(11)

    class RNN:
        def __init__(self) -> None:
            self.Wx, self.Wh = rng.normal(size=(3, 16)) * 0.5, np.linalg.qr(rng.normal(size=(16, 16)))[0]
            self.bh, self.Wy, self.by = np.zeros(16), rng.normal(size=(16, 3)) * 0.25, np.zeros(3)

        def forward(self, x: np.ndarray) -> np.ndarray:
            self.x, self.h = x, [np.zeros((len(x), 16))]
            for t in range(x.shape[1]):
                self.h.append(np.tanh(x[:, t] @ self.Wx + self.h[-1] @ self.Wh + self.bh))
            return self.h[-1] @ self.Wy + self.by

        def backward(self, d: np.ndarray) -> np.ndarray:
            self.dWy, self.dby = self.h[-1].T @ d, d.sum(0)
            self.dWx, self.dWh, self.dbh = (
                np.zeros_like(self.Wx),
                np.zeros_like(self.Wh),
                np.zeros_like(self.bh),
            )
            dx, dh = np.zeros_like(self.x), d @ self.Wy.T
            for t in reversed(range(self.x.shape[1])):
                dz = dh * (1 - self.h[t + 1] ** 2)
                self.dWx += self.x[:, t].T @ dz
                self.dWh += self.h[t].T @ dz
                self.dbh += dz.sum(0)
                dx[:, t], dh = dz @ self.Wx.T, dz @ self.Wh.T
            return dx

    class SGD:
        def __init__(self, model: Any, lr: float) -> None:
            self.model, self.lr = model, lr

        def step(self) -> None:
            for name in ("Wx", "Wh", "bh", "Wy", "by"):
                getattr(self.model, name).__isub__(self.lr * getattr(self.model, "d" + name))

    y = rng.integers(3, size=160)
    x = 0.3 * rng.normal(size=(160, 9, 3)) + np.eye(3)[y][:, None]
    model = RNN()
    return {
        "subject": model,
        "x": x[:120],
        "target": y[:120],
        "evaluation": (x[120:], y[120:]),
        "optimizer": SGD(model, 0.05),
        "loss": (cross_entropy, cross_entropy_gradient),
        "batch_size": 40,
        "steps": 40,
    }


def small_convolution() -> Setup:
    class Conv:
        def __init__(self) -> None:
            rng = np.random.default_rng(12)
            self.k, self.c = rng.normal(size=(8, 2, 3, 3)) * np.sqrt(2 / 18), np.zeros(8)
            self.w, self.b = rng.normal(size=(8, 3)) * 0.5, np.zeros(3)

        def forward(self, x: np.ndarray) -> np.ndarray:
            self.p = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
            self.z = np.einsum("ncijkl,mckl->nmij", self.p, self.k) + self.c[:, None, None]
            self.f = np.maximum(self.z, 0).mean((2, 3))
            return self.f @ self.w + self.b

        def train_on_batch(self, x: np.ndarray, y: np.ndarray, lr: float) -> float:
            s = self.forward(x)
            d = cross_entropy_gradient(s, y)
            dz = (d @ self.w.T)[:, :, None, None] * (self.z > 0) / self.z[0, 0].size
            self.w -= lr * self.f.T @ d
            self.b -= lr * d.sum(0)
            self.k -= lr * np.einsum("ncijkl,nmij->mckl", self.p, dz)
            self.c -= lr * dz.sum((0, 2, 3))
            return cross_entropy(s, y)

    rng = np.random.default_rng(13)
    y = rng.integers(3, size=120)
    pattern = rng.normal(size=(3, 2, 6, 6))
    x = pattern[y] + 0.5 * rng.normal(size=(120, 2, 6, 6))
    return {
        "subject": Conv(),
        "x": x[:90],
        "target": y[:90],
        "evaluation": (x[90:], y[90:]),
        "learning_rate": 0.3,
        "batch_size": 30,
        "steps": 40,
    }


def imbalanced() -> Setup:
    rng = np.random.default_rng(14)
    y = (np.arange(400) % 10 == 0).astype(int)
    rng.shuffle(y)
    x = rng.normal(size=(400, 8)) + 2.0 * y[:, None] * np.sign(rng.normal(size=8))
    return {
        "subject": Stepping((8, 16, 2), 14),
        "x": x[:300],
        "target": y[:300],
        "evaluation": (x[300:], y[300:]),
        "learning_rate": 0.2,
        "batch_size": 50,
        "steps": 60,
    }


def pure_noise() -> Setup:
    rng = np.random.default_rng(15)
    x, y = rng.normal(size=(200, 12)), rng.integers(3, size=200)
    return {
        "subject": Stepping((12, 20, 3), 15),
        "x": x[:150],
        "target": y[:150],
        "evaluation": (x[150:], y[150:]),
        "learning_rate": 0.1,
        "batch_size": 30,
        "steps": 40,
    }


def embedding_with_padding() -> Setup:
    rng = np.random.default_rng(16)

    class Bag:
        def __init__(self) -> None:
            self.table, self.V = rng.normal(size=(40, 6)) * 0.5, rng.normal(size=(6, 2)) * 0.5
            self.table[0] = 0

        def forward(self, ids: np.ndarray) -> np.ndarray:
            self.ids, self.h = ids, self.table[ids].mean(1)
            return self.h @ self.V

        def step(self, ids: np.ndarray, y: np.ndarray, lr: float) -> float:
            z = self.forward(ids)
            d = cross_entropy_gradient(z, y)
            dtable = np.zeros_like(self.table)
            np.add.at(dtable, ids, np.repeat((d @ self.V.T)[:, None] / ids.shape[1], ids.shape[1], 1))
            dtable[0] = 0
            self.V -= lr * self.h.T @ d
            self.table -= lr * dtable
            return cross_entropy(z, y)

    y = rng.integers(2, size=200)
    ids = rng.integers(1, 20, size=(200, 7)) + 20 * (rng.random((200, 7)) < 0.2 + 0.6 * y[:, None])
    ids[:, 5:][rng.random((200, 2)) < 0.6] = 0
    return {
        "subject": Bag(),
        "x": ids[:150],
        "target": y[:150],
        "evaluation": (ids[150:], y[150:]),
        "learning_rate": 1.0,
        "batch_size": 25,
        "steps": 60,
    }


def autoencoder_large_batch() -> Setup:
    rng = np.random.default_rng(17)
    x = rng.normal(size=(300, 3)) @ rng.normal(size=(3, 12)) + 0.1 * rng.normal(size=(300, 12))

    def mse(y: np.ndarray, t: np.ndarray) -> float:
        return float(((y - t) ** 2).mean())

    def mse_gradient(y: np.ndarray, t: np.ndarray) -> np.ndarray:
        return 2 * (y - t) / y.size

    model = MLP((12, 6, 12), 17, relu=False)
    return {
        "subject": model,
        "x": x[:240],
        "target": x[:240],
        "evaluation": (x[240:], x[240:]),
        "optimizer": AdaptiveRule(model, "adamw", 0.005),
        "loss": (mse, mse_gradient),
        "batch_size": 240,
        "steps": 40,
    }


def logistic_that_returns_nothing() -> Setup:
    class Logistic:
        def __init__(self) -> None:
            self.w, self.b = np.zeros(5), 0.0

        def predict(self, x: np.ndarray) -> np.ndarray:
            return 1 / (1 + np.exp(-(x @ self.w + self.b)))

        def train_step(self, x: np.ndarray, y: np.ndarray, lr: float = 0.5) -> None:
            d = (self.predict(x) - y) / len(y)
            self.w -= lr * x.T @ d
            self.b -= lr * d.sum()

    rng = np.random.default_rng(18)
    x = rng.normal(size=(160, 5))
    y = (x @ np.array([1.0, -1, 0.5, 0, 2]) + 0.3 * rng.normal(size=160) > 0).astype(float)
    return {
        "subject": Logistic(),
        "x": x[:120],
        "target": y[:120],
        "evaluation": (x[120:], y[120:]),
        "batch_size": 30,
    }


def a_frozen_layer_and_mixed_steps() -> Setup:
    class Tuned(Stepping):
        """Only the last layer learns: the first one is somebody else's."""

        def __init__(self) -> None:
            super().__init__((10, 40, 4), 19)
            rng = np.random.default_rng(20)
            self.backbone, self.head = (
                {"weight": rng.normal(size=(10, 40)) * 0.4, "frozen": True},
                {"weight": rng.normal(size=(40, 4)) * 0.15},
            )
            del self.W, self.b

        def forward(self, x: np.ndarray) -> np.ndarray:
            self.h = np.tanh(x @ self.backbone["weight"])
            return self.h @ self.head["weight"]

        def train_step(self, x: np.ndarray, y: np.ndarray, learning_rate: float) -> float:
            z = self.forward(x)
            self.head["weight"] -= learning_rate * self.h.T @ cross_entropy_gradient(z, y)
            return cross_entropy(z, y)

    return data(seed=20) | {"subject": Tuned(), "learning_rate": 0.3, "batch_size": 30, "steps": 40}


def columns_and_one_hot() -> Setup:
    class Columns:
        """Samples are columns: x (features, batch), targets one-hot (classes, batch)."""

        def __init__(self) -> None:
            rng = np.random.RandomState(21)
            self.parameters = {
                "W1": rng.randn(15, 9) * 0.3,
                "b1": np.zeros((15, 1)),
                "W2": rng.randn(3, 15) * 0.3,
                "b2": np.zeros((3, 1)),
            }

        def forward(self, x: np.ndarray) -> np.ndarray:
            p = self.parameters
            self.A1 = np.tanh(p["W1"] @ x + p["b1"])
            z = p["W2"] @ self.A1 + p["b2"]
            e = np.exp(z - z.max(0))
            return e / e.sum(0)

        def train_step(self, X: np.ndarray, Y: np.ndarray, learning_rate: float) -> float:
            p, m = self.parameters, X.shape[1]
            A2 = self.forward(X)
            dZ2 = A2 - Y
            dZ1 = p["W2"].T @ dZ2 * (1 - self.A1**2)
            grads = {
                "W2": dZ2 @ self.A1.T / m,
                "b2": dZ2.sum(1, keepdims=True) / m,
                "W1": dZ1 @ X.T / m,
                "b1": dZ1.sum(1, keepdims=True) / m,
            }
            for k in p:
                p[k] = p[k] - learning_rate * grads[k]
            return float(-np.sum(Y * np.log(A2)) / m)

    x, y = blobs(200, 9, 3, 21)
    hot = np.eye(3)[y]
    return {
        "subject": Columns(),
        "x": x[:150].T.copy(),
        "target": hot[:150].T.copy(),
        "learning_rate": 0.3,
        "batch_size": 30,
        "steps": 40,
    }


SETUPS: dict[str, Callable[[], Setup]] = {
    "momentum": momentum, "averaged momentum": averaged_momentum, "nesterov": nesterov_in_torch_style,
    "adagrad": adaptive("adagrad", 0.05), "rmsprop": adaptive("rmsprop", 0.005),
    "nadam": adaptive("nadam", 0.01),
    "adamw": adaptive("adamw", 0.01), "float32 with clipping": float32_with_clipping,
    "decay outside of the loss": decay_outside_of_the_loss, "warm-up": warm_up, "cosine": cosine_schedule,
    "softmax from zero": full_batch_softmax_from_zero, "regression in closures": regression_with_closures,
    "dropout and batch norm": dropout_and_batch_norm, "orthogonal rnn": orthogonal_rnn,
    "convolution": small_convolution, "imbalanced": imbalanced, "noise": pure_noise,
    "embedding with padding": embedding_with_padding, "autoencoder": autoencoder_large_batch,
    "no loss returned": logistic_that_returns_nothing, "frozen layer": a_frozen_layer_and_mixed_steps,
    "columns": columns_and_one_hot,
}  # fmt: skip
