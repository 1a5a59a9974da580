"""A fully connected network with its activations in a table that skips the last layer's derivative.

Symptom: works with a linear output, fails with a sigmoid one.
Repair: multiply by the output activation's slope, too.
"""
import numpy as np

CODES = ("activation-derivative-missing",)
PLACES = ("layers.1", "layers", "x", "1", "layers.0", "")


ACTS = {
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2),
}


class FCNet:
    def __init__(self, sizes, acts, rng):
        self.acts = acts
        self.weights = [rng.normal(size=(o, i)) * 0.6 for i, o in zip(sizes, sizes[1:])]
        self.biases = [rng.normal(size=o) * 0.1 for o in sizes[1:]]
        self.weight_grads = [None] * len(self.weights)
        self.bias_grads = [None] * len(self.weights)

    def forward(self, x):
        self.zs, self.outs = [], [x]
        for w, b, name in zip(self.weights, self.biases, self.acts):
            z = self.outs[-1] @ w.T + b
            self.zs.append(z)
            self.outs.append(ACTS[name][0](z))
        return self.outs[-1]

    def backward(self, delta):
        last = len(self.weights) - 1
        delta = np.array(delta)  # FAULT
        for k in range(last, -1, -1):
            self.weight_grads[k] = delta.T @ self.outs[k]
            self.bias_grads[k] = delta.sum(0)
            delta = delta @ self.weights[k]
            if k > 0:
                delta = delta * ACTS[self.acts[k - 1]][1](self.zs[k - 1])
        return delta


class FCNetRepaired:
    def __init__(self, sizes, acts, rng):
        self.acts = acts
        self.weights = [rng.normal(size=(o, i)) * 0.6 for i, o in zip(sizes, sizes[1:])]
        self.biases = [rng.normal(size=o) * 0.1 for o in sizes[1:]]
        self.weight_grads = [None] * len(self.weights)
        self.bias_grads = [None] * len(self.weights)

    def forward(self, x):
        self.zs, self.outs = [], [x]
        for w, b, name in zip(self.weights, self.biases, self.acts):
            z = self.outs[-1] @ w.T + b
            self.zs.append(z)
            self.outs.append(ACTS[name][0](z))
        return self.outs[-1]

    def backward(self, delta):
        last = len(self.weights) - 1
        delta = delta * ACTS[self.acts[last]][1](self.zs[last])
        for k in range(last, -1, -1):
            self.weight_grads[k] = delta.T @ self.outs[k]
            self.bias_grads[k] = delta.sum(0)
            delta = delta @ self.weights[k]
            if k > 0:
                delta = delta * ACTS[self.acts[k - 1]][1](self.zs[k - 1])
        return delta


def faulty():
    rng = np.random.default_rng(22)
    return {"subject": FCNet([4, 6, 3], ["tanh", "sigmoid"], rng), "inputs": (rng.normal(size=(5, 4)),)}


def correct():
    rng = np.random.default_rng(22)
    return {"subject": FCNetRepaired([4, 6, 3], ["tanh", "sigmoid"], rng),
            "inputs": (rng.normal(size=(5, 4)),)}
