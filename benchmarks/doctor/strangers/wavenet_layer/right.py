import numpy as np


class GatedCausalConv:
    """One WaveNet layer: tanh(filter) * sigmoid(gate) + x, dilated causal convolution. x: (B, C, T)."""

    def __init__(self, channels, kernel=3, dilation=2, seed=0):
        rng = np.random.default_rng(seed)
        self.k, self.dil = kernel, dilation
        std = (channels * kernel) ** -0.5
        self.Wf = rng.normal(0, std, (kernel, channels, channels))
        self.Wg = rng.normal(0, std, (kernel, channels, channels))

    def _padding(self):
        span = (self.k - 1) * self.dil
        return span, 0

    def _taps(self, T):
        for i in range(self.k):
            yield i, slice(i * self.dil, i * self.dil + T)

    def forward(self, x):
        T = x.shape[2]
        self.xp = np.pad(x, ((0, 0), (0, 0), self._padding()))
        a = sum(np.einsum("oc,bct->bot", self.Wf[i], self.xp[:, :, s]) for i, s in self._taps(T))
        b = sum(np.einsum("oc,bct->bot", self.Wg[i], self.xp[:, :, s]) for i, s in self._taps(T))
        self.f, self.g = np.tanh(a), 1 / (1 + np.exp(-b))
        return self.f * self.g + x

    def backward(self, dy):
        T = dy.shape[2]
        da = dy * self.g * (1 - self.f ** 2)
        db = dy * self.f * self.g * (1 - self.g)
        self.dWf, self.dWg = np.zeros_like(self.Wf), np.zeros_like(self.Wg)
        dxp = np.zeros_like(self.xp)
        for i, s in self._taps(T):
            self.dWf[i] = np.einsum("bot,bct->oc", da, self.xp[:, :, s])
            self.dWg[i] = np.einsum("bot,bct->oc", db, self.xp[:, :, s])
            dxp[:, :, s] += np.einsum("oc,bot->bct", self.Wf[i], da) + np.einsum("oc,bot->bct", self.Wg[i], db)
        left = self._padding()[0]
        return dy + dxp[:, :, left:left + T]
