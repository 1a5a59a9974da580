"""An im2col convolution whose columns run (kh, kw, c) where its weight is stored (out, c, kh, kw).

Symptom: weights loaded from elsewhere give nonsense.
Repair: transpose the columns to the weight's order.
"""
import numpy as np

CODES = ("patch-order-permuted",)
PLACES = ("", "W", "x")


def reference(x, W):
    """Plain loops: x (N, C, H, W), W (O, C, k, k)."""
    k = W.shape[2]
    n, _, h, w = x.shape
    y = np.zeros((n, W.shape[0], h - k + 1, w - k + 1))
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            y[:, :, i, j] = np.tensordot(x[:, :, i:i + k, j:j + k], W, ((1, 2, 3), (1, 2, 3)))
    return y


class ConvCols:
    def __init__(self, c, o, k, rng):
        self.W = rng.normal(size=(o, c, k, k))

    def forward(self, x):
        k = self.W.shape[2]
        self.shape = x.shape
        v = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))
        n, c, h, w = v.shape[:4]
        self.cols = v.transpose(0, 2, 3, 4, 5, 1).reshape(n, h, w, -1)  # FAULT
        return (self.cols @ self.W.reshape(len(self.W), -1).T).transpose(0, 3, 1, 2)

    def backward(self, dy):
        k = self.W.shape[2]
        d = dy.transpose(0, 2, 3, 1)
        n, h, w, o = d.shape
        self.dW = np.tensordot(d, self.cols, ((0, 1, 2), (0, 1, 2))).reshape(self.W.shape)
        dc = d @ self.W.reshape(o, -1)
        dc = dc.reshape(n, h, w, k, k, -1).transpose(0, 5, 1, 2, 3, 4)  # FAULT
        dx = np.zeros(self.shape)
        for i in range(k):
            for j in range(k):
                dx[:, :, i:i + h, j:j + w] += dc[..., i, j]
        return dx


class ConvColsRepaired:
    def __init__(self, c, o, k, rng):
        self.W = rng.normal(size=(o, c, k, k))

    def forward(self, x):
        k = self.W.shape[2]
        self.shape = x.shape
        v = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))
        n, c, h, w = v.shape[:4]
        self.cols = v.transpose(0, 2, 3, 1, 4, 5).reshape(n, h, w, -1)
        return (self.cols @ self.W.reshape(len(self.W), -1).T).transpose(0, 3, 1, 2)

    def backward(self, dy):
        k = self.W.shape[2]
        d = dy.transpose(0, 2, 3, 1)
        n, h, w, o = d.shape
        self.dW = np.tensordot(d, self.cols, ((0, 1, 2), (0, 1, 2))).reshape(self.W.shape)
        dc = d @ self.W.reshape(o, -1)
        dc = dc.reshape(n, h, w, -1, k, k).transpose(0, 3, 1, 2, 4, 5)
        dx = np.zeros(self.shape)
        for i in range(k):
            for j in range(k):
                dx[:, :, i:i + h, j:j + w] += dc[..., i, j]
        return dx


def faulty():
    rng = np.random.default_rng(78)
    conv = ConvCols(2, 3, 2, rng)
    x = rng.normal(size=(2, 2, 4, 5))
    return {"subject": conv, "inputs": (x,), "like": lambda x: reference(x, conv.W)}


def correct():
    rng = np.random.default_rng(78)
    conv = ConvColsRepaired(2, 3, 2, rng)
    x = rng.normal(size=(2, 2, 4, 5))
    return {"subject": conv, "inputs": (x,), "like": lambda x: reference(x, conv.W)}
