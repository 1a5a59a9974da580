import numpy as np


class IndRNN:
    """h_t = tanh(W x_t + u * h_{t-1} + b): each unit only sees its own past. Input (T, B, n)."""

    def __init__(self, n, m, seed=0):
        rng = np.random.default_rng(seed)
        self.W = rng.normal(0, n ** -0.5, (m, n))
        self.u = rng.uniform(0.3, 0.9, m)
        self.b = np.zeros(m)

    def forward(self, x):
        T, B, _ = x.shape
        self.x = x
        self.h = np.zeros((T + 1, B, len(self.u)))
        for t in range(T):
            self.h[t] = np.tanh(x[t] @ self.W.T + self.u * self.h[t - 1] + self.b)
        return self.h[:T].copy()

    def backward(self, dh):
        T = len(dh)
        self.gW, self.gu, self.gb = np.zeros_like(self.W), np.zeros_like(self.u), np.zeros_like(self.b)
        dx = np.zeros_like(self.x)
        for t in reversed(range(T)):
            da = dh[t] * (1 - self.h[t] ** 2)
            self.gW += da.T @ self.x[t]
            self.gu += (da * self.h[t - 1]).sum(axis=0)
            self.gb += da.sum(axis=0)
            dx[t] = da @ self.W
        return dx
