import numpy as np


class AffineCoupling:
    def __init__(self, d, rng):
        self.d = d
        self.params = {"S": rng.normal(0, 0.3, (d, d)), "T": rng.normal(0, 0.3, (d, d))}
        self.grads = {}

    def forward(self, x):
        u, v = np.split(x, 2, axis=1)
        s = np.tanh(u @ self.params["S"])
        t = u @ self.params["T"]
        self.tape = u, v, s
        return np.hstack([u, v * np.exp(s) + t])

    def inverse(self, y):
        u, w = np.split(y, 2, axis=1)
        s = np.tanh(u @ self.params["S"])
        return np.hstack([u, (w - u @ self.params["T"]) * np.exp(-s)])

    def backward(self, dy):
        u, v, s = self.tape
        du, dw = np.split(dy, 2, axis=1)
        ds = dw * v * np.exp(s) * (1 - s ** 2)
        grad_scale = u.T @ ds
        grad_shift = u.T @ dw
        self.grads = dict(zip(("T", "S"), (grad_scale, grad_shift)))
        du = du + ds @ self.params["S"].T + dw @ self.params["T"].T
        return np.hstack([du, dw * np.exp(s)])
