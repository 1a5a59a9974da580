"""Temporal convolution network: residual causal convolutions, (batch, time, channel).

Symptom: only the top layer learns sensibly; adding layers does not help.
Repair: hand each layer the gradient that its successor returned.
"""
import numpy as np
CODES = ("unchained-upstream",)
PLACES = ("layers.0", "layers.1", "layers", "x", "dx", "W", "")


class CausalConv:
    def __init__(self, channels, width, dilation):
        self.W = np.random.randn(width, channels, channels) * 0.3
        self.b = np.random.randn(channels) * 0.1
        self.width, self.dilation = width, dilation

    def forward(self, x):
        self.T, pad = x.shape[1], (self.width - 1) * self.dilation
        self.xp = np.pad(x, ((0, 0), (pad, 0), (0, 0)))
        z = sum(self.xp[:, k * self.dilation:k * self.dilation + self.T] @ self.W[k] for k in range(self.width)) + self.b
        self.a = np.tanh(z)
        return x + self.a

    def backward(self, dy):
        dz = dy * (1 - self.a ** 2)
        self.dW, self.db = np.zeros_like(self.W), dz.sum((0, 1))
        dxp = np.zeros_like(self.xp)
        for k in range(self.width):
            window = slice(k * self.dilation, k * self.dilation + self.T)
            self.dW[k] = np.einsum("bti,bto->io", self.xp[:, window], dz)
            dxp[:, window] += dz @ self.W[k].T
        return dy + dxp[:, (self.width - 1) * self.dilation:]


class TCN:
    def __init__(self, channels=4, width=2, depth=3):
        self.layers = [CausalConv(channels, width, 2 ** i) for i in range(depth)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dx = layer.backward(dout)  # FAULT
        return dx  # FAULT


class CausalConvRepaired:
    def __init__(self, channels, width, dilation):
        self.W = np.random.randn(width, channels, channels) * 0.3
        self.b = np.random.randn(channels) * 0.1
        self.width, self.dilation = width, dilation

    def forward(self, x):
        self.T, pad = x.shape[1], (self.width - 1) * self.dilation
        self.xp = np.pad(x, ((0, 0), (pad, 0), (0, 0)))
        z = sum(self.xp[:, k * self.dilation:k * self.dilation + self.T] @ self.W[k] for k in range(self.width)) + self.b
        self.a = np.tanh(z)
        return x + self.a

    def backward(self, dy):
        dz = dy * (1 - self.a ** 2)
        self.dW, self.db = np.zeros_like(self.W), dz.sum((0, 1))
        dxp = np.zeros_like(self.xp)
        for k in range(self.width):
            window = slice(k * self.dilation, k * self.dilation + self.T)
            self.dW[k] = np.einsum("bti,bto->io", self.xp[:, window], dz)
            dxp[:, window] += dz @ self.W[k].T
        return dy + dxp[:, (self.width - 1) * self.dilation:]


class TCNRepaired:
    def __init__(self, channels=4, width=2, depth=3):
        self.layers = [CausalConvRepaired(channels, width, 2 ** i) for i in range(depth)]

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout


def faulty():
    np.random.seed(81)
    return {"subject": TCN(), "inputs": (np.random.randn(2, 6, 4),)}


def correct():
    np.random.seed(81)
    return {"subject": TCNRepaired(), "inputs": (np.random.randn(2, 6, 4),)}
