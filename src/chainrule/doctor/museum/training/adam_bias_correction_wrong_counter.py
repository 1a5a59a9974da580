"""A network whose one Adam counts a step for every parameter instead of for every batch.

Symptom: it trains, but the first steps differ from layer to layer and no reference run can be reproduced.
Repair: advance the counter once per step, outside the loop over the parameters.
"""
import numpy as np

CODES = ("adam-bias-correction-wrong",)
PLACES = ("W1", "b1", "W2", "b2", "")


def rings(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    angle = rng.uniform(0, 2 * np.pi, size=n)
    radius = 0.5 + y + 0.1 * rng.normal(size=n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), y


class Adam:
    def __init__(self, lr, beta1=0.9, beta2=0.999):
        self.lr, self.beta1, self.beta2 = lr, beta1, beta2
        self.t = 0
        self.state = {}

    def step(self, params, grads):
        for key, p in params.items():
            m, v = self.state.get(key, (np.zeros_like(p), np.zeros_like(p)))
            self.t += 1  # FAULT
            m = self.beta1 * m + (1 - self.beta1) * grads[key]
            v = self.beta2 * v + (1 - self.beta2) * grads[key] ** 2
            self.state[key] = (m, v)
            m_hat = m / (1 - self.beta1 ** self.t)
            v_hat = v / (1 - self.beta2 ** self.t)
            p -= self.lr * m_hat / (np.sqrt(v_hat) + 1e-8)


class RingClassifier:
    def __init__(self, hidden, rng):
        self.params = {
            "W1": rng.normal(size=(2, hidden)),
            "b1": rng.normal(size=hidden) * 0.5,
            "W2": rng.normal(size=(hidden, 3)) * 0.2,
            "b2": np.zeros(3),
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        self.x = x
        self.h = np.tanh(x @ p["W1"] + p["b1"])
        return self.h @ p["W2"] + p["b2"]

    def backward(self, dlogits):
        p = self.params
        self.grads["W2"] = self.h.T @ dlogits
        self.grads["b2"] = dlogits.sum(0)
        dz = dlogits @ p["W2"].T * (1 - self.h ** 2)
        self.grads["W1"] = self.x.T @ dz
        self.grads["b1"] = dz.sum(0)
        return dz @ p["W1"].T


class AdamRepaired:
    def __init__(self, lr, beta1=0.9, beta2=0.999):
        self.lr, self.beta1, self.beta2 = lr, beta1, beta2
        self.t = 0
        self.state = {}

    def step(self, params, grads):
        self.t += 1
        for key, p in params.items():
            m, v = self.state.get(key, (np.zeros_like(p), np.zeros_like(p)))
            m = self.beta1 * m + (1 - self.beta1) * grads[key]
            v = self.beta2 * v + (1 - self.beta2) * grads[key] ** 2
            self.state[key] = (m, v)
            m_hat = m / (1 - self.beta1 ** self.t)
            v_hat = v / (1 - self.beta2 ** self.t)
            p -= self.lr * m_hat / (np.sqrt(v_hat) + 1e-8)


class RingClassifierRepaired:
    def __init__(self, hidden, rng):
        self.params = {
            "W1": rng.normal(size=(2, hidden)),
            "b1": rng.normal(size=hidden) * 0.5,
            "W2": rng.normal(size=(hidden, 3)) * 0.2,
            "b2": np.zeros(3),
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        self.x = x
        self.h = np.tanh(x @ p["W1"] + p["b1"])
        return self.h @ p["W2"] + p["b2"]

    def backward(self, dlogits):
        p = self.params
        self.grads["W2"] = self.h.T @ dlogits
        self.grads["b2"] = dlogits.sum(0)
        dz = dlogits @ p["W2"].T * (1 - self.h ** 2)
        self.grads["W1"] = self.x.T @ dz
        self.grads["b1"] = dz.sum(0)
        return dz @ p["W1"].T


def cross_entropy(logits, y):
    shifted = logits - logits.max(1, keepdims=True)
    return float(np.mean(np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(y)), y]))


def cross_entropy_gradient(logits, y):
    e = np.exp(logits - logits.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


def faulty():
    x, y = rings(240, seed=8)
    model = RingClassifier(24, np.random.default_rng(9))
    return {"training_check": True, "subject": model, "x": x[:180], "target": y[:180],
            "evaluation": (x[180:], y[180:]), "optimizer": Adam(lr=0.01),
            "loss": (cross_entropy, cross_entropy_gradient), "learning_rate": 0.01, "batch_size": 60,
            "steps": 60}


def correct():
    x, y = rings(240, seed=8)
    model = RingClassifierRepaired(24, np.random.default_rng(9))
    return {"training_check": True, "subject": model, "x": x[:180], "target": y[:180],
            "evaluation": (x[180:], y[180:]), "optimizer": AdamRepaired(lr=0.01),
            "loss": (cross_entropy, cross_entropy_gradient), "learning_rate": 0.01, "batch_size": 60,
            "steps": 60}
