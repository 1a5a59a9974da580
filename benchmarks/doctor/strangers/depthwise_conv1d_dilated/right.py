from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class DepthwiseConv1d:
    """Depthwise, dilated, 'same' 1-D convolution on signals of shape (batch, time, channels)."""

    channels: int = 4
    width: int = 5
    dilation: int = 2
    seed: int = 0
    kernel: np.ndarray = field(init=False)
    bias: np.ndarray = field(init=False)
    grads: dict[str, np.ndarray] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.width % 2 == 0:
            raise ValueError("width must be odd")
        rng = np.random.default_rng(self.seed)
        self.kernel = rng.normal(0.0, self.width ** -0.5, (self.width, self.channels))
        self.bias = np.zeros(self.channels)

    @property
    def _halo(self) -> int:
        return self.dilation * (self.width // 2)

    def _correlate(self, signal: np.ndarray, taps: np.ndarray) -> np.ndarray:
        steps = signal.shape[1]
        padded = np.pad(signal, ((0, 0), (self._halo, self._halo), (0, 0)))
        out = np.zeros_like(signal)
        for k in range(self.width):
            start = k * self.dilation
            out += padded[:, start:start + steps] * taps[k]
        return out

    def forward(self, signal: np.ndarray) -> np.ndarray:
        self._signal = signal
        return self._correlate(signal, self.kernel) + self.bias

    def backward(self, grad: np.ndarray) -> np.ndarray:
        steps = grad.shape[1]
        padded = np.pad(self._signal, ((0, 0), (self._halo, self._halo), (0, 0)))
        d_kernel = np.empty_like(self.kernel)
        for k in range(self.width):
            start = k * self.dilation
            d_kernel[k] = np.einsum("btc,btc->c", padded[:, start:start + steps], grad)
        self.grads["kernel"] = d_kernel
        self.grads["bias"] = grad.sum(axis=(0, 1))
        return self._correlate(grad, self.kernel[::-1])


if __name__ == "__main__":
    layer = DepthwiseConv1d(channels=3, width=3, dilation=4)
    wave = np.sin(np.linspace(0, 20, 300)).reshape(2, 50, 3)
    out = layer.forward(wave)
    print(out.shape, layer.backward(out).shape)
