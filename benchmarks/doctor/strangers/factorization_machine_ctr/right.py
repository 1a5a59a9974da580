import numpy as np


class FM:
    """y(x) = w0 + <w, x> + 1/2 sum_f [ (sum_i v_if x_i)^2 - sum_i v_if^2 x_i^2 ]      (Rendle 2010)"""

    def __init__(self, n, k=4, eta=0.05, random_state=0):
        rs = np.random.RandomState(random_state)
        self.w0 = np.zeros(1)
        self.w = rs.normal(0, 0.2, n)
        self.v = rs.normal(0, 0.15, (n, k))
        self.eta = eta

    def predict(self, X):
        XV = X @ self.v
        inter = 0.5 * (XV ** 2 - (X ** 2) @ (self.v ** 2)).sum(axis=1)
        return self.w0 + X @ self.w + inter

    def train_on_batch(self, X, y):
        n = X.shape[0]
        XV = X @ self.v
        residual = y - self.predict(X)
        loss = 0.5 * np.mean(residual ** 2)
        grad_w0 = -residual.mean(keepdims=True)
        grad_w = -X.T @ residual / n
        rX = residual[:, None] * X
        grad_v = -(rX.T @ XV - self.v * (rX * X).sum(axis=0)[:, None]) / n
        self.w0 -= self.eta * grad_w0
        self.w -= self.eta * grad_w
        self.v -= self.eta * grad_v
        return loss
