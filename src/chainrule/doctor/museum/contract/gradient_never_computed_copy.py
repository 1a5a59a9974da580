"""A recurrent layer that adds up its recurrent gradient in a copy made by a cast.

Symptom: the recurrent matrix is never trained.
Repair: add up in the buffer itself.
"""
import numpy as np

CODES = ("gradient-never-computed",)
PLACES = ("Wh", "W_hh", "cell", "rec")


class Recurrent:
    def __init__(self, d, h, rng):
        self.Wi = rng.normal(size=(d, h)) * 0.5
        self.Wh = rng.normal(size=(h, h)) * 0.5
        self.grads = [np.zeros_like(self.Wi), np.zeros_like(self.Wh)]

    @property
    def params(self):
        return [self.Wi, self.Wh]

    def forward(self, x):
        self.x = x
        self.h = [np.zeros((x.shape[0], self.Wh.shape[0]))]
        for t in range(x.shape[1]):
            self.h.append(np.tanh(x[:, t] @ self.Wi + self.h[t] @ self.Wh))
        return self.h[-1]

    def backward(self, dh):
        for g in self.grads:
            g.fill(0.0)
        gi = self.grads[0]
        gh = self.grads[1].astype(dh.dtype)  # FAULT
        dx = np.zeros_like(self.x)
        for t in reversed(range(self.x.shape[1])):
            dz = dh * (1.0 - self.h[t + 1] ** 2)
            gi += self.x[:, t].T @ dz
            gh += self.h[t].T @ dz
            dx[:, t] = dz @ self.Wi.T
            dh = dz @ self.Wh.T
        return dx


class RecurrentRepaired:
    def __init__(self, d, h, rng):
        self.Wi = rng.normal(size=(d, h)) * 0.5
        self.Wh = rng.normal(size=(h, h)) * 0.5
        self.grads = [np.zeros_like(self.Wi), np.zeros_like(self.Wh)]

    @property
    def params(self):
        return [self.Wi, self.Wh]

    def forward(self, x):
        self.x = x
        self.h = [np.zeros((x.shape[0], self.Wh.shape[0]))]
        for t in range(x.shape[1]):
            self.h.append(np.tanh(x[:, t] @ self.Wi + self.h[t] @ self.Wh))
        return self.h[-1]

    def backward(self, dh):
        for g in self.grads:
            g.fill(0.0)
        gi = self.grads[0]
        gh = self.grads[1]
        dx = np.zeros_like(self.x)
        for t in reversed(range(self.x.shape[1])):
            dz = dh * (1.0 - self.h[t + 1] ** 2)
            gi += self.x[:, t].T @ dz
            gh += self.h[t].T @ dz
            dx[:, t] = dz @ self.Wi.T
            dh = dz @ self.Wh.T
        return dx


def faulty():
    rng = np.random.default_rng(109)
    return {"subject": Recurrent(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}


def correct():
    rng = np.random.default_rng(109)
    return {"subject": RecurrentRepaired(3, 5, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}
