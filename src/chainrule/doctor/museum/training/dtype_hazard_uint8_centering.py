"""Images straight from a decoder (uint8), centred inside the model.

Symptom: Dark pixels wrap around to bright ones; accuracy far below that of the same net on float images.
Repair: Convert to float before subtracting.
"""
import numpy as np

CODES = ('dtype-hazard',)
PLACES = ('x', '')

def thumbnails(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    base = np.random.default_rng(50).normal(size=(3, 5, 5))
    img = 128 + 25 * base[y] + 25 * rng.normal(size=(n, 5, 5))
    return np.clip(img, 0, 255).astype(np.uint8), y


def loss(o, y):
    o = o - o.max(1, keepdims=True)
    return -np.mean(o[np.arange(len(y)), y] - np.log(np.exp(o).sum(1)))


def loss_grad(o, y):
    p = np.exp(o - o.max(1, keepdims=True))
    return (p / p.sum(1, keepdims=True) - np.eye(3)[y]) / len(y)


class ThumbNet:
    def __init__(self, n=25, h=12, c=3):
        rng = np.random.default_rng(41)
        self.W = rng.normal(0, 1 / np.sqrt(n), (h, n))
        self.b = np.zeros(h)
        self.V = rng.normal(0, 0.6 / np.sqrt(h), (c, h))
        self.c = np.zeros(c)

    def forward(self, img):
        flat = img.reshape(len(img), -1)
        self.u = (flat - 128) / 40.0  # FAULT
        self.a = np.tanh(self.u @ self.W.T + self.b)
        return self.a @ self.V.T + self.c

    def backward(self, do):
        da = do @ self.V * (1 - self.a ** 2)
        self.dW, self.db, self.dV, self.dc = da.T @ self.u, da.sum(0), do.T @ self.a, do.sum(0)


class Adagrad:
    def __init__(self, net, lr=0.003):
        self.net, self.lr, self.h = net, lr, {}

    def step(self):
        for n in ("W", "b", "V", "c"):
            g = getattr(self.net, "d" + n)
            self.h[n] = self.h.get(n, 0.01) + g * g
            w = getattr(self.net, n)
            w -= self.lr * g / np.sqrt(self.h[n])


class ThumbNetRepaired:
    def __init__(self, n=25, h=12, c=3):
        rng = np.random.default_rng(41)
        self.W = rng.normal(0, 1 / np.sqrt(n), (h, n))
        self.b = np.zeros(h)
        self.V = rng.normal(0, 0.6 / np.sqrt(h), (c, h))
        self.c = np.zeros(c)

    def forward(self, img):
        flat = img.reshape(len(img), -1)
        self.u = (flat.astype(np.float64) - 128) / 40.0
        self.a = np.tanh(self.u @ self.W.T + self.b)
        return self.a @ self.V.T + self.c

    def backward(self, do):
        da = do @ self.V * (1 - self.a ** 2)
        self.dW, self.db, self.dV, self.dc = da.T @ self.u, da.sum(0), do.T @ self.a, do.sum(0)


class AdagradRepaired:
    def __init__(self, net, lr=0.003):
        self.net, self.lr, self.h = net, lr, {}

    def step(self):
        for n in ("W", "b", "V", "c"):
            g = getattr(self.net, "d" + n)
            self.h[n] = self.h.get(n, 0.01) + g * g
            w = getattr(self.net, n)
            w -= self.lr * g / np.sqrt(self.h[n])


def faulty():
    img, y = thumbnails(150, 0)
    net = ThumbNet()
    return {"training_check": True, "subject": net, "x": img, "target": y, "optimizer": Adagrad(net),
            "loss": (loss, loss_grad), "evaluation": thumbnails(60, 1), "learning_rate": 0.003, "batch_size": 15, "steps": 500}


def correct():
    img, y = thumbnails(150, 0)
    net = ThumbNetRepaired()
    return {"training_check": True, "subject": net, "x": img, "target": y, "optimizer": AdagradRepaired(net),
            "loss": (loss, loss_grad), "evaluation": thumbnails(60, 1), "learning_rate": 0.003, "batch_size": 15, "steps": 500}
