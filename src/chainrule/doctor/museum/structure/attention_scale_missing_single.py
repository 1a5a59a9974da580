"""Self-attention that forgets its temperature on the way back; weights are updated in place.

Symptom: with wide heads the query and key weights blow up first.
Repair: multiply the score gradient by 1/sqrt(d).
"""
import numpy as np

CODES = ("attention-scale-missing",)
PLACES = ("x", "W_query", "W_key", "")


def row_softmax(a):
    a = np.exp(a - a.max(axis=-1, keepdims=True))
    return a / a.sum(axis=-1, keepdims=True)


class SelfAttention:
    def __init__(self, d_model, d_head, rng):
        init = lambda: rng.normal(0.0, 1.0 / np.sqrt(d_model), size=(d_model, d_head))
        self.W_query, self.W_key, self.W_value = init(), init(), init()
        self.d_head = d_head

    def forward(self, x):
        """x: (batch, time, d_model)"""
        self.x = x
        self.query = x @ self.W_query
        self.key = x @ self.W_key
        self.value = x @ self.W_value
        scores = self.query @ self.key.swapaxes(1, 2) / np.sqrt(self.d_head)
        self.weights = row_softmax(scores)
        return self.weights @ self.value

    def backward(self, dy, lr):
        d_weights = dy @ self.value.swapaxes(1, 2)
        d_value = self.weights.swapaxes(1, 2) @ dy
        inner = (d_weights * self.weights).sum(axis=-1, keepdims=True)
        d_scores = self.weights * (d_weights - inner)  # FAULT
        d_query = d_scores @ self.key
        d_key = d_scores.swapaxes(1, 2) @ self.query
        dx = d_query @ self.W_query.T + d_key @ self.W_key.T + d_value @ self.W_value.T
        flat = self.x.reshape(-1, self.x.shape[-1])
        self.W_query -= lr * flat.T @ d_query.reshape(-1, self.d_head)
        self.W_key -= lr * flat.T @ d_key.reshape(-1, self.d_head)
        self.W_value -= lr * flat.T @ d_value.reshape(-1, self.d_head)
        return dx


class SelfAttentionRepaired:
    def __init__(self, d_model, d_head, rng):
        init = lambda: rng.normal(0.0, 1.0 / np.sqrt(d_model), size=(d_model, d_head))
        self.W_query, self.W_key, self.W_value = init(), init(), init()
        self.d_head = d_head

    def forward(self, x):
        """x: (batch, time, d_model)"""
        self.x = x
        self.query = x @ self.W_query
        self.key = x @ self.W_key
        self.value = x @ self.W_value
        scores = self.query @ self.key.swapaxes(1, 2) / np.sqrt(self.d_head)
        self.weights = row_softmax(scores)
        return self.weights @ self.value

    def backward(self, dy, lr):
        d_weights = dy @ self.value.swapaxes(1, 2)
        d_value = self.weights.swapaxes(1, 2) @ dy
        inner = (d_weights * self.weights).sum(axis=-1, keepdims=True)
        d_scores = self.weights * (d_weights - inner) / np.sqrt(self.d_head)
        d_query = d_scores @ self.key
        d_key = d_scores.swapaxes(1, 2) @ self.query
        dx = d_query @ self.W_query.T + d_key @ self.W_key.T + d_value @ self.W_value.T
        flat = self.x.reshape(-1, self.x.shape[-1])
        self.W_query -= lr * flat.T @ d_query.reshape(-1, self.d_head)
        self.W_key -= lr * flat.T @ d_key.reshape(-1, self.d_head)
        self.W_value -= lr * flat.T @ d_value.reshape(-1, self.d_head)
        return dx


def faulty():
    rng = np.random.default_rng(0)
    return {"subject": SelfAttention(6, 5, rng), "inputs": (rng.normal(size=(2, 4, 6)),)}


def correct():
    rng = np.random.default_rng(0)
    return {"subject": SelfAttentionRepaired(6, 5, rng), "inputs": (rng.normal(size=(2, 4, 6)),)}
