import numpy as np


class DuelingQ:
    """Q(s, a) = V(s) + A(s, a) - mean_a A(s, a), on a shared tanh trunk."""

    def __init__(self, n_obs, n_hidden, n_actions, seed=0):
        r = np.random.default_rng(seed)
        self.Wt = r.normal(0, n_obs ** -0.5, (n_obs, n_hidden))
        self.bt = np.zeros(n_hidden)
        self.Wv = r.normal(0, n_hidden ** -0.5, (n_hidden, 1))
        self.bv = np.zeros(1)
        self.Wa = r.normal(0, n_hidden ** -0.5, (n_hidden, n_actions))
        self.ba = np.zeros(n_actions)

    def forward(self, s):
        self.s = s
        self.h = np.tanh(s @ self.Wt + self.bt)
        v = self.h @ self.Wv + self.bv
        adv = self.h @ self.Wa + self.ba
        return v + adv - adv.mean(axis=1, keepdims=True)

    def backward(self, dq):
        dv = dq.sum(axis=1, keepdims=True)
        da = dq - dq.mean(axis=1, keepdims=True)
        self.gWv, self.gbv = self.h.T @ dv, dv.sum(axis=0)
        dh = dv @ self.Wv.T
        self.gWa, self.gba = self.h.T @ da, da.sum(axis=0)
        dh += da @ self.Wa.T
        dz = dh * (1 - self.h ** 2)
        self.gWt, self.gbt = self.s.T @ dz, dz.sum(axis=0)
        return dz @ self.Wt.T
