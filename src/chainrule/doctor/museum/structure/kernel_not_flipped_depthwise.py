"""Depthwise 3x3 convolution (MobileNet homework), same padding.

Symptom: the pointwise layers learn, everything below the depthwise one drifts.
Repair: the gradient image must meet the kernel rotated by 180 degrees.
"""
import numpy as np

CODES = ("kernel-not-flipped",)
PLACES = ("x",)


class DepthwiseConv2d:
    def __init__(self, channels=3, k=3):
        self.k = k
        self.weight = np.random.randn(channels, k, k) * 0.4
        self.bias = np.random.randn(channels) * 0.1
        self.weight_grad = None
        self.bias_grad = None

    def _taps(self, img):
        """img padded -> generator over (u, v, shifted view)"""
        h, w = img.shape[2] - self.k + 1, img.shape[3] - self.k + 1
        for u in range(self.k):
            for v in range(self.k):
                yield u, v, img[:, :, u:u + h, v:v + w]

    def _pad(self, a):
        p = self.k // 2
        return np.pad(a, ((0, 0), (0, 0), (p, p), (p, p)))

    def forward(self, x):
        self.xp = self._pad(x)
        y = np.zeros(x.shape)
        for u, v, view in self._taps(self.xp):
            y += self.weight[None, :, u, v, None, None] * view
        return y + self.bias[None, :, None, None]

    def backward(self, grad):
        self.bias_grad = grad.sum(axis=(0, 2, 3))
        self.weight_grad = np.zeros_like(self.weight)
        for u, v, view in self._taps(self.xp):
            self.weight_grad[:, u, v] = (view * grad).sum(axis=(0, 2, 3))
        dx = np.zeros(grad.shape)
        for u, v, view in self._taps(self._pad(grad)):
            dx += self.weight[None, :, u, v, None, None] * view  # FAULT
        return dx


class DepthwiseConv2dRepaired:
    def __init__(self, channels=3, k=3):
        self.k = k
        self.weight = np.random.randn(channels, k, k) * 0.4
        self.bias = np.random.randn(channels) * 0.1
        self.weight_grad = None
        self.bias_grad = None

    def _taps(self, img):
        """img padded -> generator over (u, v, shifted view)"""
        h, w = img.shape[2] - self.k + 1, img.shape[3] - self.k + 1
        for u in range(self.k):
            for v in range(self.k):
                yield u, v, img[:, :, u:u + h, v:v + w]

    def _pad(self, a):
        p = self.k // 2
        return np.pad(a, ((0, 0), (0, 0), (p, p), (p, p)))

    def forward(self, x):
        self.xp = self._pad(x)
        y = np.zeros(x.shape)
        for u, v, view in self._taps(self.xp):
            y += self.weight[None, :, u, v, None, None] * view
        return y + self.bias[None, :, None, None]

    def backward(self, grad):
        self.bias_grad = grad.sum(axis=(0, 2, 3))
        self.weight_grad = np.zeros_like(self.weight)
        for u, v, view in self._taps(self.xp):
            self.weight_grad[:, u, v] = (view * grad).sum(axis=(0, 2, 3))
        dx = np.zeros(grad.shape)
        for u, v, view in self._taps(self._pad(grad)):
            dx += self.weight[None, :, self.k - 1 - u, self.k - 1 - v, None, None] * view
        return dx


def faulty():
    np.random.seed(3)
    return {"subject": DepthwiseConv2d(3), "inputs": (np.random.randn(2, 3, 5, 6),)}


def correct():
    np.random.seed(3)
    return {"subject": DepthwiseConv2dRepaired(3), "inputs": (np.random.randn(2, 3, 5, 6),)}
