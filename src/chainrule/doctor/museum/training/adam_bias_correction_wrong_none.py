"""Adam as one remembers it, without the correction of the two moments.

Symptom: the first steps are several times the learning rate; training starts with a jolt.
Repair: divide the moments by 1 - beta ** t.
"""
import numpy as np

CODES = ("adam-bias-correction-wrong",)
PLACES = ("", "update", "W", "b")


class Adam:
    """Adam over dicts of arrays, changed in place."""

    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        self.learning_rate = learning_rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.t = 0
        self.m = {}
        self.v = {}

    def update(self, params, grads):
        self.t += 1
        for name in params:
            g = grads[name]
            if name not in self.m:
                self.m[name] = np.zeros_like(params[name])
                self.v[name] = np.zeros_like(params[name])
            self.m[name] = self.beta1 * self.m[name] + (1 - self.beta1) * g
            self.v[name] = self.beta2 * self.v[name] + (1 - self.beta2) * g ** 2
            m_hat = self.m[name]  # FAULT
            v_hat = self.v[name]  # FAULT
            params[name] -= self.learning_rate * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamRepaired:
    """Adam over dicts of arrays, changed in place."""

    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        self.learning_rate = learning_rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps
        self.t = 0
        self.m = {}
        self.v = {}

    def update(self, params, grads):
        self.t += 1
        for name in params:
            g = grads[name]
            if name not in self.m:
                self.m[name] = np.zeros_like(params[name])
                self.v[name] = np.zeros_like(params[name])
            self.m[name] = self.beta1 * self.m[name] + (1 - self.beta1) * g
            self.v[name] = self.beta2 * self.v[name] + (1 - self.beta2) * g ** 2
            m_hat = self.m[name] / (1 - self.beta1 ** self.t)
            v_hat = self.v[name] / (1 - self.beta2 ** self.t)
            params[name] -= self.learning_rate * m_hat / (np.sqrt(v_hat) + self.eps)


def faulty():
    return {"training_check": True, "subject": Adam(learning_rate=0.002), "x": None, "target": None,
            "learning_rate": 0.002}


def correct():
    return {"training_check": True, "subject": AdamRepaired(learning_rate=0.002), "x": None, "target": None,
            "learning_rate": 0.002}
