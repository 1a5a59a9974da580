import numpy as np


class MoERegressor:
    """Softly gated linear experts, sklearn-flavoured."""

    def __init__(self, n_in, n_experts=4, learning_rate=1e-7, random_state=0):
        rng = np.random.default_rng(random_state)
        self.learning_rate = learning_rate
        self.experts_ = rng.normal(0, 1 / np.sqrt(n_in), (n_experts, n_in))
        self.offsets_ = np.zeros(n_experts)
        self.gate_ = rng.normal(0, 1 / np.sqrt(n_in), (n_in, n_experts))

    def _gates(self, X):
        s = X @ self.gate_
        s = np.exp(s - s.max(axis=1, keepdims=True))
        return s / s.sum(axis=1, keepdims=True)

    def predict(self, X):
        return (self._gates(X) * (X @ self.experts_.T + self.offsets_)).sum(axis=1)

    def partial_fit(self, X, y):
        n = len(X)
        pi = self._gates(X)
        mu = X @ self.experts_.T + self.offsets_
        out = (pi * mu).sum(axis=1)
        delta = (out - y) / n
        dmu = delta[:, None] * pi
        ds = delta[:, None] * pi * (mu - out[:, None])
        self.experts_ -= self.learning_rate * dmu.T @ X
        self.offsets_ -= self.learning_rate * dmu.sum(axis=0)
        self.gate_ -= self.learning_rate * X.T @ ds
        self.loss_ = 0.5 * np.mean((out - y) ** 2)
        return self
