import numpy as np


class SRU:
    """Light recurrence: c_t = f_t c_{t-1} + (1 - f_t) z_t, with f, z from x_t alone. (batch, time, features)."""

    def __init__(self, d, n, seed=0):
        rng = np.random.default_rng(seed)
        self.n = n
        self.Wz = rng.normal(0, d ** -0.5, (d, n))
        self.Wf = rng.normal(0, d ** -0.5, (d, n))
        self.bf = np.zeros(n)
        self.c = None

    def forward(self, x):
        B, T, _ = x.shape
        self.c = np.zeros((B, self.n))
        self.x = x
        self.z = x @ self.Wz
        self.f = 1 / (1 + np.exp(-(x @ self.Wf + self.bf)))
        self.prev = np.empty_like(self.z)
        out = np.empty_like(self.z)
        for t in range(T):
            self.prev[:, t] = self.c
            self.c = self.f[:, t] * self.c + (1 - self.f[:, t]) * self.z[:, t]
            out[:, t] = self.c
        return out

    def backward(self, dout):
        dz, df = np.empty_like(self.z), np.empty_like(self.f)
        carry = np.zeros_like(self.c)
        for t in range(dout.shape[1] - 1, -1, -1):
            dc = dout[:, t] + carry
            df[:, t] = dc * (self.prev[:, t] - self.z[:, t])
            dz[:, t] = dc * (1 - self.f[:, t])
            carry = dc * self.f[:, t]
        da = df * self.f * (1 - self.f)
        self.dWz = np.einsum("btd,btn->dn", self.x, dz)
        self.dWf = np.einsum("btd,btn->dn", self.x, da)
        self.dbf = da.sum(axis=(0, 1))
        return dz @ self.Wz.T + da @ self.Wf.T
