"""Adam over parallel lists, whose correction never sees the step number.

Symptom: the first step is right; a few steps later they are twice too long, in the end far too short.
Repair: raise beta to the power of the step count.
"""
import numpy as np

CODES = ("adam-bias-correction-wrong",)
PLACES = ("", "params.0", "params.1", "step")


class AdamOptimizer:
    """Keeps references to the arrays in params; the caller fills grads before each step."""

    def __init__(self, params, grads, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.params = params
        self.grads = grads
        self.lr = lr
        self.betas = betas
        self.eps = eps
        self.first_moments = [np.zeros_like(p) for p in params]
        self.second_moments = [np.zeros_like(p) for p in params]
        self.iteration = 0

    def step(self):
        b1, b2 = self.betas
        self.iteration += 1
        correction1 = 1.0 - b1  # FAULT
        correction2 = 1.0 - b2  # FAULT
        for p, g, m, v in zip(self.params, self.grads, self.first_moments, self.second_moments):
            m *= b1
            m += (1.0 - b1) * g
            v *= b2
            v += (1.0 - b2) * g * g
            p -= self.lr * (m / correction1) / (np.sqrt(v / correction2) + self.eps)


class AdamOptimizerRepaired:
    """Keeps references to the arrays in params; the caller fills grads before each step."""

    def __init__(self, params, grads, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.params = params
        self.grads = grads
        self.lr = lr
        self.betas = betas
        self.eps = eps
        self.first_moments = [np.zeros_like(p) for p in params]
        self.second_moments = [np.zeros_like(p) for p in params]
        self.iteration = 0

    def step(self):
        b1, b2 = self.betas
        self.iteration += 1
        correction1 = 1.0 - b1 ** self.iteration
        correction2 = 1.0 - b2 ** self.iteration
        for p, g, m, v in zip(self.params, self.grads, self.first_moments, self.second_moments):
            m *= b1
            m += (1.0 - b1) * g
            v *= b2
            v += (1.0 - b2) * g * g
            p -= self.lr * (m / correction1) / (np.sqrt(v / correction2) + self.eps)


def faulty():
    rng = np.random.default_rng(0)
    params = [rng.normal(size=(5, 3)), rng.normal(size=3)]
    grads = [np.zeros_like(p) for p in params]
    return {"training_check": True, "subject": AdamOptimizer(params, grads, lr=0.01), "x": None,
            "target": None,
            "learning_rate": 0.01}


def correct():
    rng = np.random.default_rng(0)
    params = [rng.normal(size=(5, 3)), rng.normal(size=3)]
    grads = [np.zeros_like(p) for p in params]
    return {"training_check": True, "subject": AdamOptimizerRepaired(params, grads, lr=0.01), "x": None,
            "target": None,
            "learning_rate": 0.01}
