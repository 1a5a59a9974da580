import numpy as np


def gelu(x):
    return 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x ** 3)))


def gelu_grad(x):
    t = np.tanh(0.7978845608 * (x + 0.044715 * x ** 3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t ** 2) * 0.7978845608 * (1 + 3 * 0.044715 * x ** 2)


class MixerBlock:
    """x (B, patches, channels): x + token mixing, then + channel mixing (norms omitted)."""

    def __init__(self, patches, channels, expand=2, seed=0):
        r = np.random.default_rng(seed)
        self.T1 = r.normal(0, patches ** -0.5, (patches, patches * expand))
        self.T2 = r.normal(0, (patches * expand) ** -0.5, (patches * expand, patches))
        self.C1 = r.normal(0, channels ** -0.5, (channels, channels * expand))
        self.C2 = r.normal(0, (channels * expand) ** -0.5, (channels * expand, channels))

    def forward(self, x):
        self.xt = x.swapaxes(1, 2)
        self.a = self.xt @ self.T1
        self.ga = gelu(self.a)
        self.y = x + (self.ga @ self.T2).swapaxes(1, 2)
        self.c = self.y @ self.C1
        self.gc = gelu(self.c)
        return self.y + self.gc @ self.C2

    def backward(self, dout):
        self.dC2 = np.einsum("bph,bpc->hc", self.gc, dout)
        dc = (dout @ self.C2.T) * gelu_grad(self.c)
        self.dC1 = np.einsum("bpc,bph->ch", self.y, dc)
        dy = dout + dc @ self.C1.T

        dtok = dy.swapaxes(1, 2)
        self.dT2 = np.einsum("bch,bcp->hp", self.ga, dtok)
        da = (dtok @ self.T2.T) * gelu_grad(self.a)
        self.dT1 = np.einsum("bcp,bch->ph", self.xt, da)
        return dy + (da @ self.T1.T).swapaxes(1, 2)
