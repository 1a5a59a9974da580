"""WaveNet: stack of dilated causal convolutions with gated units, residual and skip connections. (B, C, T) arrays."""
import numpy as np


def shift(x, n):
    """delays by n steps, zeros enter on the left"""
    if n == 0:
        return x
    y = np.zeros_like(x)
    if n < x.shape[2]:
        y[:, :, n:] = x[:, :, :-n]
    return y


def unshift(d, n):
    if n == 0:
        return d
    y = np.zeros_like(d)
    if n < d.shape[2]:
        y[:, :, :-n] = d[:, :, n:]
    return y


class CausalConv:
    def __init__(self, cin, cout, taps, dilation, rng):
        self.w = rng.standard_normal((taps, cout, cin)) / np.sqrt(taps * cin)
        self.b = np.zeros((cout, 1))
        self.dilation = dilation

    def forward(self, x):
        self.delayed = [shift(x, k * self.dilation) for k in range(len(self.w))]
        return sum(w @ x for w, x in zip(self.w, self.delayed)) + self.b

    def backward(self, d):
        self.dw = np.array([np.einsum("bot,bit->oi", d, x) for x in self.delayed])
        self.db = d.sum(axis=(0, 2))[:, None]
        return sum(unshift(w.T @ d, k * self.dilation) for k, w in enumerate(self.w))


class GatedBlock:
    """returns (residual output, skip output)"""

    def __init__(self, channels, skip, dilation, rng):
        self.conv = CausalConv(channels, 2 * channels, 2, dilation, rng)
        self.res = CausalConv(channels, channels, 1, 1, rng)
        self.skip = CausalConv(channels, skip, 1, 1, rng)

    def forward(self, x):
        a, b = np.split(self.conv.forward(x), 2, axis=1)
        self.t, self.s = np.tanh(a), 1 / (1 + np.exp(-b))
        z = self.t * self.s
        return x + self.res.forward(z), self.skip.forward(z)

    def backward(self, dx, dskip):
        dz = self.res.backward(dx) + self.skip.backward(dskip)
        da = dz * self.s * (1 - self.t ** 2)
        db = dz * self.t * self.s * (1 - self.s)
        return dx + self.conv.backward(np.concatenate([da, db], axis=1))

    def convs(self):
        return [self.conv, self.res, self.skip]


class WaveNet:
    def __init__(self, levels=16, channels=8, skip=12, n_blocks=3, seed=0):
        rng = np.random.default_rng(seed)
        self.inp = CausalConv(levels, channels, 1, 1, rng)
        self.blocks = [GatedBlock(channels, skip, 2 ** k, rng) for k in range(n_blocks)]
        self.out = CausalConv(skip, levels, 1, 1, rng)

    def forward(self, x):
        h = self.inp.forward(x)
        total = 0.0
        for block in self.blocks:
            h, s = block.forward(h)
            total = total + s
        self.on = total > 0
        return self.out.forward(total * self.on)

    def backward(self, d):
        ds = self.out.backward(d) * self.on
        dh = np.zeros((d.shape[0], len(self.inp.b), d.shape[2]))     # the last block's residual output is not used
        for block in reversed(self.blocks):
            dh = block.backward(dh, ds)
        return self.inp.backward(dh)

    def convs(self):
        return [self.inp] + [c for b in self.blocks for c in b.convs()] + [self.out]


def quantize(signal, levels=16):
    return np.clip(((signal + 1) / 2 * levels).astype(int), 0, levels - 1)


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    net = WaveNet()
    for it in range(101):
        f, ph = rng.uniform(0.2, 0.5, (12, 1)), rng.uniform(0, 6, (12, 1))
        q = quantize(np.sin(f * np.arange(41) + ph))
        x = np.eye(16)[q[:, :-1]].transpose(0, 2, 1)
        y = np.eye(16)[q[:, 1:]].transpose(0, 2, 1)
        z = net.forward(x)
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        net.backward((p - y) / (12 * 40))
        for c in net.convs():
            c.w -= 0.5 * c.dw
            c.b -= 0.5 * c.db
        if it % 25 == 0:
            print("%3d  %.3f" % (it, -np.log((p * y).sum(1)).mean()))
