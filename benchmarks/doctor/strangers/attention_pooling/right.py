import numpy as np


class AttentionPooling:
    """Hierarchical-attention style pooling: a = softmax_t(v . tanh(W h_t)), s = sum_t a_t h_t. H: (B, T, D)."""

    def __init__(self, dim, att_dim, rng):
        self.W = rng.standard_normal((dim, att_dim)) / np.sqrt(dim)
        self.v = rng.standard_normal(att_dim) / np.sqrt(att_dim)

    def forward(self, H):
        u = np.tanh(H @ self.W)
        e = u @ self.v
        e = np.exp(e - e.max(axis=1, keepdims=True))
        a = e / e.sum(axis=1, keepdims=True)
        self._ = H, u, a
        return (a[:, :, None] * H).sum(axis=1)

    def backward(self, ds):
        H, u, a = self._
        da = (H * ds[:, None, :]).sum(axis=2)
        dscore = a * (da - (a * da).sum(axis=1, keepdims=True))
        self.dv = np.tensordot(dscore, u, axes=([0, 1], [0, 1]))
        du = dscore[:, :, None] * self.v * (1 - u * u)
        self.dW = np.tensordot(H, du, axes=([0, 1], [0, 1]))
        return a[:, :, None] * ds[:, None, :] + du @ self.W.T
