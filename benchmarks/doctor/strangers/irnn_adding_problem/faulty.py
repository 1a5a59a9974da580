"""ReLU recurrent network on the adding problem.  Time first: x is (T, B, 2)."""
import numpy as np


class IRNN:
    def __init__(self, nin=2, nh=16, seed=1):
        rng = np.random.default_rng(seed)
        self.Wx = rng.normal(0, 0.3, (nin, nh))
        self.Wh = np.eye(nh) * 0.95 + rng.normal(0, 1.0, (nh, nh))
        self.bh = np.zeros(nh)
        self.Wy = rng.normal(0, 0.1, (nh, 1))
        self.by = np.zeros(1)

    def forward(self, x):
        T, B, _ = x.shape
        self.x = x
        self.h = np.zeros((T + 1, B, self.bh.size))
        for t in range(T):
            self.h[t + 1] = np.maximum(0, x[t] @ self.Wx + self.h[t] @ self.Wh + self.bh)
        return self.h[T] @ self.Wy + self.by

    def backward(self, dy):
        T = len(self.x)
        self.dWy, self.dby = self.h[T].T @ dy, dy.sum(0)
        self.dWx, self.dWh, self.dbh = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.bh)
        dx = np.zeros_like(self.x)
        dh = dy @ self.Wy.T
        for t in range(T - 1, -1, -1):
            da = dh * (self.h[t + 1] > 0)
            self.dWx += self.x[t].T @ da
            self.dWh += self.h[t].T @ da
            self.dbh += da.sum(0)
            dx[t] = da @ self.Wx.T
            dh = da @ self.Wh.T
        return dx

    def step(self, x, target, learning_rate=0.01):
        out = self.forward(x)[:, 0]
        err = out - target
        self.backward((2 * err / len(err))[:, None])
        for n in ("Wx", "Wh", "bh", "Wy", "by"):
            setattr(self, n, getattr(self, n) - learning_rate * getattr(self, "d" + n))
        return np.mean(err ** 2)
