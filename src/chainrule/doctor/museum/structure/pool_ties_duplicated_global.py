"""A max over time (as in text convolutions) that pays every step which reaches the maximum.

Symptom: repeated words count several times.
Repair: pay the first one only.
"""
import numpy as np

CODES = ("pool-ties-duplicated",)
PLACES = ("x", "", "pool")


class MaxOverTime:
    """(T, B, C) -> (B, C)"""

    def forward(self, x):
        self.x = x
        self.y = x.max(axis=0)
        return self.y

    def backward(self, dy):
        dx = np.where(self.x == self.y, dy, 0.0)  # FAULT
        return dx


class MaxOverTimeRepaired:
    """(T, B, C) -> (B, C)"""

    def forward(self, x):
        self.x = x
        self.y = x.max(axis=0)
        return self.y

    def backward(self, dy):
        dx = np.zeros_like(self.x)
        np.put_along_axis(dx, self.x.argmax(axis=0)[None], dy[None], axis=0)
        return dx


def faulty():
    rng = np.random.default_rng(147)
    words = rng.normal(size=(4, 3))
    return {"subject": MaxOverTime(), "inputs": (words[np.array([[0, 1], [2, 3], [0, 1], [2, 1], [3, 0]])],)}


def correct():
    rng = np.random.default_rng(147)
    words = rng.normal(size=(4, 3))
    return {"subject": MaxOverTimeRepaired(),
            "inputs": (words[np.array([[0, 1], [2, 3], [0, 1], [2, 1], [3, 0]])],)}
