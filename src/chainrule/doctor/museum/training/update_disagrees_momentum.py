"""Momentum whose velocity already points downhill and is then subtracted.

Symptom: the loss rises from the first step whatever the learning rate.
Repair: add the velocity.
"""
import numpy as np

CODES = ("update-disagrees",)
PLACES = ("", "update", "W", "b")


class Momentum:
    """Classical momentum. Two dicts with the same keys; params change in place."""

    def __init__(self, lr=0.01, momentum=0.9):
        self.lr = lr
        self.momentum = momentum
        self.velocity = None

    def update(self, params, grads):
        if self.velocity is None:
            self.velocity = {}
            for key, value in params.items():
                self.velocity[key] = np.zeros_like(value)
        for key in params:
            self.velocity[key] = self.momentum * self.velocity[key] - self.lr * grads[key]
            params[key] -= self.velocity[key]  # FAULT


class MomentumRepaired:
    """Classical momentum. Two dicts with the same keys; params change in place."""

    def __init__(self, lr=0.01, momentum=0.9):
        self.lr = lr
        self.momentum = momentum
        self.velocity = None

    def update(self, params, grads):
        if self.velocity is None:
            self.velocity = {}
            for key, value in params.items():
                self.velocity[key] = np.zeros_like(value)
        for key in params:
            self.velocity[key] = self.momentum * self.velocity[key] - self.lr * grads[key]
            params[key] += self.velocity[key]


def faulty():
    return {"training_check": True, "subject": Momentum, "x": None, "target": None, "learning_rate": 0.01}


def correct():
    return {"training_check": True, "subject": MomentumRepaired, "x": None, "target": None,
            "learning_rate": 0.01}
