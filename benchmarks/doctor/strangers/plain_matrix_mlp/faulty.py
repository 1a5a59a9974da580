import numpy as np


def rand_matrix(rows, cols, spread, seed):
    m = np.empty((rows, cols))
    for i in range(rows):
        rng = np.random.default_rng(seed)
        m[i] = rng.normal(0.0, spread, cols)
    return m


class Network(object):
    """One hidden layer, sigmoid.  Row j of w_in: weights into hidden unit j; row j of w_out: weights out of it."""

    def __init__(self, n_in, n_hidden, n_out, lr=0.3, seed=42):
        self.w_in = rand_matrix(n_hidden, n_in, n_in ** -0.5, seed)
        self.b_in = np.zeros(n_hidden)
        self.w_out = rand_matrix(n_hidden, n_out, n_hidden ** -0.5, seed + 1)
        self.b_out = np.zeros(n_out)
        self.lr = lr

    def predict_proba(self, X):
        self.h = 1 / (1 + np.exp(-(X @ self.w_in.T + self.b_in)))
        s = self.h @ self.w_out + self.b_out
        e = np.exp(s - s.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def predict(self, X):
        return self.predict_proba(X).argmax(1)

    def train_on_batch(self, X, y):
        p = self.predict_proba(X)
        n = len(y)
        loss = -np.mean(np.log(p[np.arange(n), y] + 1e-12))
        delta = (p - np.eye(p.shape[1])[y]) / n
        delta_h = (delta @ self.w_out.T) * self.h * (1 - self.h)
        self.w_out -= self.lr * self.h.T @ delta
        self.b_out -= self.lr * delta.sum(0)
        self.w_in -= self.lr * delta_h.T @ X
        self.b_in -= self.lr * delta_h.sum(0)
        return loss
