import numpy as np
from dataclasses import dataclass, field


@dataclass
class MGU:
    """f = s(x Wf + h Uf + bf), c = tanh(x Wh + (f h) Uh + bh), h' = (1 - f) h + f c; returns the last h."""
    n_in: int
    n_hid: int
    seed: int = 0
    p: dict = field(default_factory=dict)
    grads: dict = field(default_factory=dict)

    def __post_init__(self):
        r = np.random.default_rng(self.seed)
        for k in "fh":
            self.p["W" + k] = r.normal(0, self.n_in ** -0.5, (self.n_in, self.n_hid))
            self.p["U" + k] = r.normal(0, self.n_hid ** -0.5, (self.n_hid, self.n_hid))
            self.p["b" + k] = np.zeros(self.n_hid)

    def forward(self, X):
        p = self.p
        h = np.zeros((X.shape[0], self.n_hid))
        self.trace = []
        for x in X.transpose(1, 0, 2):
            f = 1 / (1 + np.exp(-(x @ p["Wf"] + h @ p["Uf"] + p["bf"])))
            c = np.tanh(x @ p["Wh"] + (f * h) @ p["Uh"] + p["bh"])
            self.trace.append((x, h, f, c))
            h = (1 - f) * h + f * c
        return h

    def backward(self, dh):
        p = self.p
        g = self.grads = {k: np.zeros_like(v) for k, v in p.items()}
        dX = []
        for x, h, f, c in reversed(self.trace):
            dac = dh * f * (1 - c ** 2)
            dfh = dac @ p["Uh"].T
            daf = (dh * (c - h) + dfh * h) * f * (1 - f)
            g["Wh"] += x.T @ dac
            g["Uh"] += (f * h).T @ dac
            g["bh"] += dac.sum(axis=0)
            g["Wf"] += x.T @ daf
            g["Uf"] += h.T @ daf
            g["bf"] += daf.sum(axis=0)
            dX.append(dac @ p["Wh"].T + daf @ p["Wf"].T)
            dh = dh * (1 - f) + dfh * f + daf @ p["Uf"].T
        return np.stack(dX[::-1], axis=1)
