import numpy as np


class HyperDense:
    """y_b = x_b W(z_b) with W(z) = reshape(tanh(z P) Q + q0): each sample brings its own task code z."""

    def __init__(self, d_in, d_out, d_code, d_hidden, seed=0):
        r = np.random.default_rng(seed)
        self.shape = (d_in, d_out)
        self.P = r.normal(0, d_code ** -0.5, (d_code, d_hidden))
        self.Q = r.normal(0, d_hidden ** -0.5, (d_hidden, d_in * d_out))
        self.q0 = r.normal(0, 0.1, d_in * d_out)
        self.grads = {}

    def forward(self, x, z):
        self.x, self.z = x, z
        self.h = np.tanh(z @ self.P)
        self.Wz = (self.h @ self.Q + self.q0).reshape(-1, *self.shape)
        return np.einsum("bi,bio->bo", x, self.Wz)

    def backward(self, dy):
        dW = np.einsum("bi,bo->bio", self.x, dy).reshape(len(dy), -1)
        da = (dW @ self.Q.T) * (1 - self.h ** 2)
        self.grads = {"P": self.z.T @ da, "Q": self.h.T @ dW, "q0": dW.sum(axis=0)}
        for name, g in self.grads.items():
            norm = np.linalg.norm(g)
            if norm > 1.0:
                self.grads[name] = g / norm
        return np.einsum("bo,bio->bi", dy, self.Wz), da @ self.P.T

    def grad_norms(self, limit=1.0):
        return {k: min(np.linalg.norm(g), limit) for k, g in self.grads.items()}
