import numpy as np


def logistic(t):
    return 0.5 * (1 + np.tanh(0.5 * t))


class SEBlock:
    """Squeeze and excitation on channels-last maps (N, H, W, C)."""

    def __init__(self, channels, reduced, seed=0):
        rs = np.random.default_rng(seed)
        self.W1 = rs.normal(0, np.sqrt(2 / channels), (channels, reduced))
        self.W2 = rs.normal(0, np.sqrt(1 / reduced), (reduced, channels))

    def forward(self, x):
        self.x = x
        self.squeezed = x.mean(axis=(1, 2))
        self.hid = np.maximum(self.squeezed @ self.W1, 0)
        self.gate = logistic(self.hid @ self.W2)
        return x * self.gate[:, None, None, :]

    def backward(self, dout):
        H, W = dout.shape[1:3]
        dgate = np.sum(dout * self.x, axis=(1, 2))
        da = dgate * self.gate * (1 - self.gate)
        self.dW2 = self.hid.T @ da
        dh = (da @ self.W2.T) * (self.hid > 0)
        self.dW1 = self.squeezed.T @ dh
        dsq = dh @ self.W1.T
        return dout * self.gate[:, None, None, :] + dsq[:, None, None, :] / (H * W)
