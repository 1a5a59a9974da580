"""Student MLP with its own training step (GELU, plain SGD).

Symptom: Learning crawls; a batch twice as large makes it crawl twice as slowly.
Repair: Do not divide the step by the batch size: the gradient is a mean already.
"""
import numpy as np

CODES = ('update-disagrees', 'mean-sum-mismatch')
PLACES = ('W1', 'b1', 'W2', 'b2', 'params', '')

def blobs(n, seed=0):
    rng = np.random.default_rng(seed)
    centres = np.array([[1.5, 0, 0, 1, -1], [-1, 1.5, 0, -1, 0], [0, -1, 1.5, 0, 1], [0, 0, -1.5, 1, 1]])
    y = rng.integers(0, 4, n)
    return centres[y] + 0.7 * rng.normal(size=(n, 5)), y


class MLP:
    def __init__(self, n_in=5, n_hidden=14, n_out=4, seed=1):
        rng = np.random.default_rng(seed)
        self.params = {"W1": rng.normal(0, 1 / np.sqrt(n_in), (n_in, n_hidden)), "b1": np.zeros(n_hidden),
                       "W2": rng.normal(0, 0.4 / np.sqrt(n_hidden), (n_hidden, n_out)), "b2": np.zeros(n_out)}

    def predict(self, x):
        p = self.params
        z = x @ p["W1"] + p["b1"]
        u = np.tanh(0.7978845608 * (z + 0.044715 * z ** 3))
        a = 0.5 * z * (1 + u)
        self.memo = (x, z, u, a)
        return a @ p["W2"] + p["b2"]

    def step(self, x, target, learning_rate):
        logits = self.predict(x)
        x, z, u, a = self.memo
        n = len(x)
        e = np.exp(logits - logits.max(1, keepdims=True))
        prob = e / e.sum(1, keepdims=True)
        loss = -np.mean(np.log(prob[np.arange(n), target]))
        delta = prob.copy()
        delta[np.arange(n), target] -= 1
        delta /= n
        da = delta @ self.params["W2"].T
        dz = da * (0.5 * (1 + u) + 0.5 * z * (1 - u ** 2) * 0.7978845608 * (1 + 3 * 0.044715 * z ** 2))
        self.grads = {"W2": a.T @ delta, "b2": delta.sum(0), "W1": x.T @ dz, "b1": dz.sum(0)}
        for k in self.params:
            self.params[k] -= learning_rate / n * self.grads[k]  # FAULT
        return float(loss)


class MLPRepaired:
    def __init__(self, n_in=5, n_hidden=14, n_out=4, seed=1):
        rng = np.random.default_rng(seed)
        self.params = {"W1": rng.normal(0, 1 / np.sqrt(n_in), (n_in, n_hidden)), "b1": np.zeros(n_hidden),
                       "W2": rng.normal(0, 0.4 / np.sqrt(n_hidden), (n_hidden, n_out)), "b2": np.zeros(n_out)}

    def predict(self, x):
        p = self.params
        z = x @ p["W1"] + p["b1"]
        u = np.tanh(0.7978845608 * (z + 0.044715 * z ** 3))
        a = 0.5 * z * (1 + u)
        self.memo = (x, z, u, a)
        return a @ p["W2"] + p["b2"]

    def step(self, x, target, learning_rate):
        logits = self.predict(x)
        x, z, u, a = self.memo
        n = len(x)
        e = np.exp(logits - logits.max(1, keepdims=True))
        prob = e / e.sum(1, keepdims=True)
        loss = -np.mean(np.log(prob[np.arange(n), target]))
        delta = prob.copy()
        delta[np.arange(n), target] -= 1
        delta /= n
        da = delta @ self.params["W2"].T
        dz = da * (0.5 * (1 + u) + 0.5 * z * (1 - u ** 2) * 0.7978845608 * (1 + 3 * 0.044715 * z ** 2))
        self.grads = {"W2": a.T @ delta, "b2": delta.sum(0), "W1": x.T @ dz, "b1": dz.sum(0)}
        for k in self.params:
            self.params[k] -= learning_rate * self.grads[k]
        return float(loss)


def faulty():
    x, y = blobs(160)
    return {"training_check": True, "subject": MLP(), "x": x, "target": y, "optimizer": None,
            "evaluation": blobs(80, 9), "learning_rate": 0.025, "batch_size": 16, "steps": 600}


def correct():
    x, y = blobs(160)
    return {"training_check": True, "subject": MLPRepaired(), "x": x, "target": y, "optimizer": None,
            "evaluation": blobs(80, 9), "learning_rate": 0.025, "batch_size": 16, "steps": 600}
