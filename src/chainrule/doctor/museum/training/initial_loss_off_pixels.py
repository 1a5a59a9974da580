"""A small image classifier that is fed pixels from 0 to 255.

Symptom: the first loss is in the tens although the weights are initialized with care.
Repair: bring the pixels into the range from 0 to 1 first.
"""
import numpy as np

CODES = ("initial-loss-off",)
PLACES = ("", "x", "W", "K")


def pictures(n, seed):
    """Stripes, dots or a bright corner on 6 x 6 pixels, values from 0 to 255."""
    rng = np.random.default_rng(seed)
    grid = np.indices((6, 6))
    shapes = np.stack([grid[0] % 2, (grid[0] + grid[1]) % 2, (grid[0] < 3) & (grid[1] < 3), grid[1] % 2])
    y = rng.integers(4, size=n)
    x = 160.0 * shapes[y] + rng.integers(0, 90, size=(n, 6, 6))
    return x, y


class TinyConvNet:
    """A 3 x 3 convolution with four kernels, ReLU, a dense layer."""

    def __init__(self, rng):
        self.K = rng.normal(size=(4, 3, 3)) * np.sqrt(2 / 9)
        self.kb = np.zeros(4)
        self.W = rng.normal(size=(4 * 4 * 4, 4)) * np.sqrt(1 / 64)
        self.b = np.zeros(4)

    def forward(self, images):
        x = images.astype(np.float64)  # FAULT
        self.windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
        self.z = np.einsum("bijkl,ckl->bcij", self.windows, self.K) + self.kb[:, None, None]
        self.flat = np.maximum(self.z, 0).reshape(len(x), -1)
        return self.flat @ self.W + self.b

    def backward(self, dscores):
        self.dW = self.flat.T @ dscores
        self.db = dscores.sum(axis=0)
        dz = (dscores @ self.W.T).reshape(self.z.shape) * (self.z > 0)
        self.dK = np.einsum("bijkl,bcij->ckl", self.windows, dz)
        self.dkb = dz.sum(axis=(0, 2, 3))

    def train_step(self, images, target, learning_rate):
        scores = self.forward(images)
        scores = scores - scores.max(axis=1, keepdims=True)
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        onehot = np.eye(4)[target]
        self.backward((np.exp(log_p) - onehot) / len(images))
        for name in ("K", "kb", "W", "b"):
            array = getattr(self, name)
            array -= learning_rate * getattr(self, "d" + name)
        return float(-np.sum(onehot * log_p) / len(images))


class TinyConvNetRepaired:
    """A 3 x 3 convolution with four kernels, ReLU, a dense layer."""

    def __init__(self, rng):
        self.K = rng.normal(size=(4, 3, 3)) * np.sqrt(2 / 9)
        self.kb = np.zeros(4)
        self.W = rng.normal(size=(4 * 4 * 4, 4)) * np.sqrt(1 / 64)
        self.b = np.zeros(4)

    def forward(self, images):
        x = images / 255.0 - 0.5
        self.windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
        self.z = np.einsum("bijkl,ckl->bcij", self.windows, self.K) + self.kb[:, None, None]
        self.flat = np.maximum(self.z, 0).reshape(len(x), -1)
        return self.flat @ self.W + self.b

    def backward(self, dscores):
        self.dW = self.flat.T @ dscores
        self.db = dscores.sum(axis=0)
        dz = (dscores @ self.W.T).reshape(self.z.shape) * (self.z > 0)
        self.dK = np.einsum("bijkl,bcij->ckl", self.windows, dz)
        self.dkb = dz.sum(axis=(0, 2, 3))

    def train_step(self, images, target, learning_rate):
        scores = self.forward(images)
        scores = scores - scores.max(axis=1, keepdims=True)
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        onehot = np.eye(4)[target]
        self.backward((np.exp(log_p) - onehot) / len(images))
        for name in ("K", "kb", "W", "b"):
            array = getattr(self, name)
            array -= learning_rate * getattr(self, "d" + name)
        return float(-np.sum(onehot * log_p) / len(images))


def faulty():
    x, y = pictures(120, seed=29)
    rate = 1e-5
    return {"training_check": True, "subject": TinyConvNet(np.random.default_rng(30)), "x": x[:90],
            "target": y[:90], "evaluation": (x[90:], y[90:]), "learning_rate": rate, "batch_size": 30,
            "steps": 40}


def correct():
    x, y = pictures(120, seed=29)
    rate = 0.05
    return {"training_check": True, "subject": TinyConvNetRepaired(np.random.default_rng(30)), "x": x[:90],
            "target": y[:90], "evaluation": (x[90:], y[90:]), "learning_rate": rate, "batch_size": 30,
            "steps": 40}
