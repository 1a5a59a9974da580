import numpy as np


class BlockDiagonal:
    """G independent dense maps applied to G slices of the features; x is (batch, time, G * d_in)."""

    def __init__(self, groups, d_in, d_out, rng=np.random.default_rng(0)):
        self.groups, self.d_in, self.d_out = groups, d_in, d_out
        self.weight = rng.normal(0, d_in ** -0.5, (groups, d_in, d_out))
        self.bias = np.zeros((groups, d_out))
        self.grad_weight = np.empty_like(self.weight)
        self.grad_bias = np.empty_like(self.bias)

    def forward(self, x):
        b, t, _ = x.shape
        self.xs = x.reshape(b, t, self.groups, self.d_in)
        y = np.einsum("btgi,gio->btgo", self.xs, self.weight) + self.bias
        return y.reshape(b, t, -1)

    def backward(self, grad):
        b, t, _ = grad.shape
        grad = grad.reshape(b, t, self.groups, self.d_out)
        self.grad_weight[...] = np.einsum("btgi,btgo->gio", self.xs, grad)
        self.grad_bias[...] = grad.sum(axis=(0, 1, 2))
        return np.einsum("btgo,gio->btgi", grad, self.weight).reshape(b, t, -1)
