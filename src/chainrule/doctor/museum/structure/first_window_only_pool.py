"""Average pooling that puts every window's share into the corner.

Symptom: only the upper left corner of the feature maps gets a gradient.
Repair: move the slice along with the window.
"""
import numpy as np

CODES = ("first-window-only",)
PLACES = ("x", "pool", "")


class Conv1x1:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(0, 1, (n_out, n_in))
        self.b = np.zeros((n_out, 1, 1))

    def forward(self, x):
        self.x = x
        return np.einsum("oi,bihw->bohw", self.W, x) + self.b

    def backward(self, dy):
        self.dW = np.einsum("bohw,bihw->oi", dy, self.x)
        self.db = dy.sum(axis=(0, 2, 3))[:, None, None]
        return np.einsum("oi,bohw->bihw", self.W, dy)


class AvgPool:
    def __init__(self, k):
        self.k = k

    def forward(self, x):
        self.x_shape, k = x.shape, self.k
        b, c, h, w = x.shape
        y = np.zeros((b, c, h // k, w // k))
        for i in range(h // k):
            for j in range(w // k):
                y[:, :, i, j] = x[:, :, i * k:(i + 1) * k, j * k:(j + 1) * k].mean(axis=(2, 3))
        return y

    def backward(self, dy):
        dx, k = np.zeros(self.x_shape), self.k
        for i in range(dy.shape[2]):
            for j in range(dy.shape[3]):
                share = dy[:, :, i, j][:, :, None, None] / (k * k)
                dx[:, :, :k, :k] += share  # FAULT
        return dx


class Head:
    def __init__(self, rng):
        self.pool = AvgPool(2)
        self.mix = Conv1x1(3, 5, rng)

    def forward(self, x):
        return self.mix.forward(self.pool.forward(x))

    def backward(self, dy):
        return self.pool.backward(self.mix.backward(dy))


class AvgPoolRepaired:
    def __init__(self, k):
        self.k = k

    def forward(self, x):
        self.x_shape, k = x.shape, self.k
        b, c, h, w = x.shape
        y = np.zeros((b, c, h // k, w // k))
        for i in range(h // k):
            for j in range(w // k):
                y[:, :, i, j] = x[:, :, i * k:(i + 1) * k, j * k:(j + 1) * k].mean(axis=(2, 3))
        return y

    def backward(self, dy):
        dx, k = np.zeros(self.x_shape), self.k
        for i in range(dy.shape[2]):
            for j in range(dy.shape[3]):
                share = dy[:, :, i, j][:, :, None, None] / (k * k)
                dx[:, :, i * k:(i + 1) * k, j * k:(j + 1) * k] += share
        return dx


class HeadRepaired:
    def __init__(self, rng):
        self.pool = AvgPoolRepaired(2)
        self.mix = Conv1x1(3, 5, rng)

    def forward(self, x):
        return self.mix.forward(self.pool.forward(x))

    def backward(self, dy):
        return self.pool.backward(self.mix.backward(dy))


def faulty():
    rng = np.random.default_rng(0)
    return {"subject": Head(rng), "inputs": (rng.normal(size=(2, 3, 4, 6)),)}


def correct():
    rng = np.random.default_rng(0)
    return {"subject": HeadRepaired(rng), "inputs": (rng.normal(size=(2, 3, 4, 6)),)}
