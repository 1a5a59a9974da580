from dataclasses import dataclass

import numpy as np


@dataclass
class Adapter:
    A: np.ndarray
    B: np.ndarray
    gA: np.ndarray = None
    gB: np.ndarray = None


class LoRALinear:
    """y = x W0 + (alpha / r) x A B. W0 is frozen: no gradient is computed for it, on purpose."""

    def __init__(self, n_in=6, n_out=4, rank=2, alpha=4.0, seed=0):
        g = np.random.default_rng(seed)
        self._frozen = g.normal(0, n_in ** -0.5, (n_in, n_out))
        self.adapter = Adapter(g.normal(0, n_in ** -0.5, (n_in, rank)), g.normal(0, 0.1, (rank, n_out)))
        self.scaling = alpha / rank

    def forward(self, x):
        self._x = x
        self._xa = x @ self.adapter.A
        return x @ self._frozen + self.scaling * (self._xa @ self.adapter.B)

    def backward(self, dy):
        ad = self.adapter
        d = self.scaling * dy
        ad.gB = self._xa.T @ d
        dxa = d @ ad.B.T
        ad.gA = self._x.T @ dxa
        return dy @ self._frozen.T + dxa @ ad.A.T


if __name__ == "__main__":
    r = np.random.default_rng(1)
    x = r.normal(size=(50, 6))
    y = x @ r.normal(size=(6, 4))
    l = LoRALinear()
    for i in range(200):
        e = l.forward(x) - y
        l.backward(e / 50)
        l.adapter.A -= 0.05 * l.adapter.gA
        l.adapter.B -= 0.05 * l.adapter.gB
    print((e ** 2).mean())
