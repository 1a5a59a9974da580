"""A small WaveNet (gated dilated causal convolutions, residual and skip outputs).

Arrays are (batch, channels, time).
"""
from __future__ import annotations

import numpy as np


class CausalConv1d:
    def __init__(self, c_in: int, c_out: int, kernel: int, dilation: int, rng: np.random.Generator):
        self.weight = rng.normal(0, 1 / np.sqrt(c_in * kernel), (c_out, c_in, kernel))
        self.bias = rng.normal(0, 0.05, c_out)
        self.dilation = dilation
        reach = dilation * (kernel - 1)
        self.pad = (reach, 0)

    def forward(self, x: np.ndarray) -> np.ndarray:
        T = x.shape[2]
        self.xp = np.pad(x, ((0, 0), (0, 0), self.pad))
        y = np.zeros((x.shape[0], len(self.bias), T)) + self.bias[:, None]
        for k in range(self.weight.shape[2]):
            s = k * self.dilation
            y += np.einsum("oi,bit->bot", self.weight[:, :, k], self.xp[:, :, s:s + T])
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        T = dy.shape[2]
        self.grad_weight = np.zeros_like(self.weight)
        self.grad_bias = dy.sum(axis=(0, 2))
        dxp = np.zeros_like(self.xp)
        for k in range(self.weight.shape[2]):
            s = k * self.dilation
            self.grad_weight[:, :, k] = np.einsum("bot,bit->oi", dy, self.xp[:, :, s:s + T])
            dxp[:, :, s:s + T] += np.einsum("oi,bot->bit", self.weight[:, :, k], dy)
        return dxp[:, :, self.pad[0]:self.pad[0] + T]


class GatedBlock:
    def __init__(self, channels: int, skip: int, dilation: int, rng: np.random.Generator):
        self.filt = CausalConv1d(channels, channels, 3, dilation, rng)
        self.gate = CausalConv1d(channels, channels, 3, dilation, rng)
        self.res = CausalConv1d(channels, channels, 1, 1, rng)
        self.skip = CausalConv1d(channels, skip, 1, 1, rng)

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.f = np.tanh(self.filt.forward(x))
        self.g = 1 / (1 + np.exp(-self.gate.forward(x)))
        z = self.f * self.g
        return x + self.res.forward(z), self.skip.forward(z)

    def backward(self, d_out: np.ndarray, d_skip: np.ndarray) -> np.ndarray:
        dz = self.res.backward(d_out) + self.skip.backward(d_skip)
        df = dz * self.g * (1 - self.f ** 2)
        dg = dz * self.f * self.g * (1 - self.g)
        return d_out + self.filt.backward(df) + self.gate.backward(dg)


class WaveNet:
    """Predicts sample t+1 from the samples up to t."""

    def __init__(self, channels: int = 4, skip: int = 5, levels: int = 8, depth: int = 3, seed: int = 0):
        rng = np.random.default_rng(seed)
        self.entry = CausalConv1d(1, channels, 2, 1, rng)
        self.blocks = [GatedBlock(channels, skip, 2 ** k, rng) for k in range(depth)]
        self.exit = CausalConv1d(skip, levels, 1, 1, rng)

    def forward(self, wave: np.ndarray) -> np.ndarray:
        h = self.entry.forward(wave)
        total = 0
        for block in self.blocks:
            h, s = block.forward(h)
            total = total + s
        self.t = np.tanh(total)
        self.h_shape = h.shape
        return self.exit.forward(self.t)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        ds = self.exit.backward(dy) * (1 - self.t ** 2)
        dh = np.zeros(self.h_shape)
        for block in reversed(self.blocks):
            dh = block.backward(dh, ds)
        return self.entry.backward(dh)

    def convs(self):
        yield self.entry
        for b in self.blocks:
            yield from (b.filt, b.gate, b.res, b.skip)
        yield self.exit


def nll(logits: np.ndarray, levels: np.ndarray) -> tuple[float, np.ndarray]:
    z = logits - logits.max(axis=1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    hot = np.arange(logits.shape[1])[None, :, None] == levels[:, None, :]
    return -logp[hot].mean(), (np.exp(logp) - hot) / levels.size


if __name__ == "__main__":
    t = np.arange(65)
    wave = np.stack([np.sin(0.3 * t + p) for p in range(4)])
    quantised = np.clip(((wave + 1) * 4).astype(int), 0, 7)
    net = WaveNet()
    for it in range(100):
        loss, d = nll(net.forward(wave[:, None, :-1]), quantised[:, 1:])
        net.backward(d)
        for c in net.convs():
            c.weight -= 0.3 * c.grad_weight
            c.bias -= 0.3 * c.grad_bias
    print(loss)
