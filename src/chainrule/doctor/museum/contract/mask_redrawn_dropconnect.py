"""DropConnect: a random part of the weights is switched off in each forward.

Symptom: with drop rate 0 it learns, with 0.5 it learns much less than the paper promises.
Repair: sample in forward only.
"""
import numpy as np
CODES = ("mask-redrawn",)
PLACES = ("W", "x", "dx", "")


class DropConnectDense:
    def __init__(self, fan_in=5, fan_out=4, rate=0.5, seed=0):
        self.rng = np.random.default_rng(seed)
        self.W = self.rng.standard_normal((fan_out, fan_in)) * 0.7
        self.b = self.rng.standard_normal(fan_out) * 0.1
        self.rate = rate

    def sample(self):
        self.M = (self.rng.random(self.W.shape) > self.rate) / (1 - self.rate)
        return self.M

    def forward(self, x, train=True):
        self.x = x
        W = self.W * self.sample() if train else self.W
        return np.einsum("bi,oi->bo", x, W) + self.b

    def backward(self, dy):
        M = self.sample()  # FAULT
        self.gW = np.einsum("bo,bi->oi", dy, self.x) * M
        self.gb = dy.sum(axis=0)
        return dy @ (self.W * M)


class DropConnectDenseRepaired:
    def __init__(self, fan_in=5, fan_out=4, rate=0.5, seed=0):
        self.rng = np.random.default_rng(seed)
        self.W = self.rng.standard_normal((fan_out, fan_in)) * 0.7
        self.b = self.rng.standard_normal(fan_out) * 0.1
        self.rate = rate

    def sample(self):
        self.M = (self.rng.random(self.W.shape) > self.rate) / (1 - self.rate)
        return self.M

    def forward(self, x, train=True):
        self.x = x
        W = self.W * self.sample() if train else self.W
        return np.einsum("bi,oi->bo", x, W) + self.b

    def backward(self, dy):
        M = self.M
        self.gW = np.einsum("bo,bi->oi", dy, self.x) * M
        self.gb = dy.sum(axis=0)
        return dy @ (self.W * M)


def faulty():
    return {"subject": DropConnectDense(), "inputs": (np.random.default_rng(72).standard_normal((3, 5)),),
            "forward_kwargs": {"train": True}}


def correct():
    return {"subject": DropConnectDenseRepaired(), "inputs": (np.random.default_rng(72).standard_normal((3, 5)),),
            "forward_kwargs": {"train": True}}
