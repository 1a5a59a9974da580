"""A small sequence model that turns (batch, time, features) into time-major order for its recurrence.

Symptom: batch 1 trains; with more samples the embedding before the recurrence receives mixed-up gradients.
Repair: transpose back; `reshape` keeps the memory order.
"""
import numpy as np

CODES = ("reshape-for-transpose",)
PLACES = ("layers[1]", "layers.1", "to_time_major")


class Dense:
    def __init__(self, d_in, d_out, rng):
        self.W = rng.normal(size=(d_in, d_out)) / np.sqrt(d_in)
        self.b = rng.normal(size=d_out) * 0.1

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW = self.x.reshape(-1, self.x.shape[-1]).T @ dy.reshape(-1, dy.shape[-1])
        self.db = dy.reshape(-1, dy.shape[-1]).sum(axis=0)
        return dy @ self.W.T


class LeakyIntegrator:
    """h_t = a h_{t-1} + (1 - a) x_t, time first."""

    def __init__(self, a=0.7):
        self.a = a

    def forward(self, x):
        h, out = np.zeros_like(x[0]), []
        for x_t in x:
            h = self.a * h + (1.0 - self.a) * x_t
            out.append(h)
        return np.stack(out)

    def backward(self, dy):
        dx, dh = np.zeros_like(dy), np.zeros_like(dy[0])
        for t in reversed(range(len(dy))):
            dh = dh + dy[t]
            dx[t] = (1.0 - self.a) * dh
            dh = self.a * dh
        return dx


class TimeMajor:
    def forward(self, x):
        self.shape = x.shape
        return x.transpose(1, 0, 2)

    def backward(self, dy):
        return dy.reshape(self.shape)  # FAULT


class SequenceModel:
    def __init__(self, d_in, d_hidden, d_out, rng):
        self.layers = [Dense(d_in, d_hidden, rng), TimeMajor(), LeakyIntegrator(),
                       Dense(d_hidden, d_out, rng)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in self.layers[::-1]:
            dy = layer.backward(dy)
        return dy


class TimeMajorRepaired:
    def forward(self, x):
        self.shape = x.shape
        return x.transpose(1, 0, 2)

    def backward(self, dy):
        return dy.transpose(1, 0, 2)


class SequenceModelRepaired:
    def __init__(self, d_in, d_hidden, d_out, rng):
        self.layers = [Dense(d_in, d_hidden, rng), TimeMajorRepaired(), LeakyIntegrator(),
                       Dense(d_hidden, d_out, rng)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        for layer in self.layers[::-1]:
            dy = layer.backward(dy)
        return dy


def faulty():
    rng = np.random.default_rng(21)
    return {"subject": SequenceModel(3, 4, 2, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}


def correct():
    rng = np.random.default_rng(21)
    return {"subject": SequenceModelRepaired(3, 4, 2, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}
