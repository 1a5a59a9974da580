"""Depthwise separable convolutions, channels last, with circular boundaries: the depthwise part goes through the FFT."""
import numpy as np


class DepthwiseCircular:
    """every channel has its own kernel; y[n,h,w,c] = sum_ij k[i,j,c] x[n,h-i,w-j,c] (indices modulo the size)"""

    def __init__(self, channels, size=3, rng=None):
        rng = rng or np.random.default_rng(0)
        self.kernel = rng.normal(0, 1 / size, (size, size, channels))
        self.kernel_grad = np.zeros_like(self.kernel)

    def forward(self, x):
        self.hw = x.shape[1:3]
        self.X = np.fft.rfft2(x, axes=(1, 2))
        self.K = np.fft.rfft2(self.kernel, s=self.hw, axes=(0, 1))
        return np.fft.irfft2(self.X * self.K, s=self.hw, axes=(1, 2))

    def backward(self, dy):
        D = np.fft.rfft2(dy, axes=(1, 2))
        full = np.fft.irfft2((np.conj(self.X) * D).sum(0), s=self.hw, axes=(0, 1))
        self.kernel_grad = full[:self.kernel.shape[0], :self.kernel.shape[1]]
        return np.fft.irfft2(np.conj(self.K) * D, s=self.hw, axes=(1, 2))

    def slots(self):
        return [("kernel", "kernel_grad")]


class Pointwise:
    def __init__(self, cin, cout, rng):
        self.mix = rng.normal(0, np.sqrt(2 / cin), (cin, cout))
        self.shift = np.zeros(cout)

    def forward(self, x):
        self.x = x
        return x @ self.mix + self.shift

    def backward(self, dy):
        self.mix_grad = np.tensordot(self.x, dy, axes=(tuple(range(dy.ndim - 1)),) * 2)
        self.shift_grad = dy.sum(axis=tuple(range(dy.ndim - 1)))
        return dy @ self.mix.T

    def slots(self):
        return [("mix", "mix_grad"), ("shift", "shift_grad")]


class HardSwish:
    """x * clip(x + 3, 0, 6) / 6"""

    def forward(self, x):
        self.x = x
        return x * np.clip(x + 3, 0, 6) / 6

    def backward(self, dy):
        x = self.x
        return dy * np.where(x <= -3, 0, np.where(x >= 3, 1, (2 * x + 3) / 6))

    def slots(self):
        return []


class SqueezeExcite:
    """channel gates computed from the spatial mean"""

    def __init__(self, channels, reduced, rng):
        self.down = rng.normal(0, 1 / np.sqrt(channels), (channels, reduced))
        self.up = rng.normal(0, 1 / np.sqrt(reduced), (reduced, channels))

    def forward(self, x):
        self.x = x
        self.s = x.mean((1, 2))
        self.h = np.tanh(self.s @ self.down)
        self.gate = 1 / (1 + np.exp(-self.h @ self.up))
        return x * self.gate[:, None, None, :]

    def backward(self, dy):
        n, h, w, c = dy.shape
        dz = (dy * self.x).sum((1, 2)) * self.gate * (1 - self.gate)
        self.up_grad = self.h.T @ dz
        dh = (dz @ self.up.T) * (1 - self.h ** 2)
        self.down_grad = self.s.T @ dh
        return dy * self.gate[:, None, None, :] + (dh @ self.down.T)[:, None, None, :] / (h * w)

    def slots(self):
        return [("down", "down_grad"), ("up", "up_grad")]


class GlobalAverage:
    def forward(self, x):
        self.shape = x.shape
        return x.mean((1, 2))

    def backward(self, dy):
        n, h, w, c = self.shape
        return np.tile(dy[:, None, None, :] / (h * w), (1, h, w, 1))

    def slots(self):
        return []


class MobileNet:
    def __init__(self, channels=2, width=8, classes=3, seed=0):
        rng = np.random.default_rng(seed)
        self.stack = [DepthwiseCircular(channels, 3, rng), Pointwise(channels, width, rng), HardSwish(),
                      DepthwiseCircular(width, 3, rng), SqueezeExcite(width, 4, rng), Pointwise(width, width, rng), HardSwish(),
                      GlobalAverage(), Pointwise(width, classes, rng)]

    def forward(self, x):
        for m in self.stack:
            x = m.forward(x)
        return x

    def backward(self, dy):
        for m in reversed(self.stack):
            dy = m.backward(dy)
        return dy


def loss_and_gradient(logits, labels):
    shifted = logits - logits.max(1, keepdims=True)
    logz = np.log(np.exp(shifted).sum(1))
    d = np.exp(shifted - logz[:, None])
    d[np.arange(len(labels)), labels] -= 1
    return (logz - shifted[np.arange(len(labels)), labels]).mean(), d / len(labels)


if __name__ == "__main__":
    rng = np.random.default_rng(8)
    net = MobileNet()
    for it in range(101):
        y = rng.integers(0, 3, 32)
        ph = rng.uniform(0, 6, (32, 1, 1))
        i, j = np.mgrid[:8, :8] * np.pi / 2
        wave = np.sin(np.where(y[:, None, None] == 0, i, np.where(y[:, None, None] == 1, j, i + j)) + ph)
        x = np.stack([wave, rng.normal(size=wave.shape)], axis=-1)
        loss, d = loss_and_gradient(net.forward(x), y)
        net.backward(d)
        for m in net.stack:
            for p, g in m.slots():
                setattr(m, p, getattr(m, p) - 0.5 * getattr(m, g))
        if it % 25 == 0:
            print(it, round(loss, 4))
