import numpy as np


class LocallyConnected1D:
    """Like a convolution, but every position owns its kernel. x: (B, L, C), channels last."""

    def __init__(self, length, channels, filters, width=4, hop=2, seed=0):
        rng = np.random.default_rng(seed)
        self.width, self.hop = width, hop
        self.n_pos = (length - width) // hop + 1
        self.K = rng.normal(0, (width * channels) ** -0.5, (self.n_pos, width * channels, filters))
        self.bias = np.zeros((self.n_pos, filters))

    def _window(self, x, i):
        return x[:, i * self.hop:i * self.hop + self.width, :].reshape(len(x), -1)

    def forward(self, x):
        self.x = x
        out = [self._window(x, i) @ self.K[i] + self.bias[i] for i in range(self.n_pos)]
        return np.stack(out, axis=1)

    def backward(self, dy):
        B, L, C = self.x.shape
        self.dK = np.empty_like(self.K)
        dx = np.zeros_like(self.x)
        for i in range(self.n_pos):
            start = i * self.hop
            self.dK[i] = self._window(self.x, i).T @ dy[:, i]
            dx[:, start:start + self.width] = (dy[:, i] @ self.K[i].T).reshape(B, self.width, C)
        self.dbias = dy.sum(axis=0)
        return dx
