import numpy as np


def expit(v):
    return 1 / (1 + np.exp(-v))


class GRU:
    """cuDNN flavour: n = tanh(W x + b + r * (U h + c)); hidden and input weights stacked by thirds."""

    def __init__(self, input_size, hidden_size, seed=0):
        k = hidden_size ** -0.5
        rng = np.random.default_rng(seed)
        self.H = hidden_size
        self.Wi = rng.uniform(-k, k, (3 * hidden_size, input_size))
        self.Wh = rng.uniform(-k, k, (3 * hidden_size, hidden_size))
        self.bi = rng.uniform(-k, k, 3 * hidden_size)
        self.bh = rng.uniform(-k, k, 3 * hidden_size)

    def forward(self, x):
        T, B, _ = x.shape
        h = np.zeros((B, self.H))
        self.mem, ys = [], []
        for t in range(T):
            ir, iz, inn = np.split(x[t] @ self.Wi.T + self.bi, 3, axis=1)
            hr, hz, hn = np.split(h @ self.Wh.T + self.bh, 3, axis=1)
            r, z = expit(ir + hr), expit(iz + hz)
            n = np.tanh(inn + r * hn)
            self.mem.append((x[t], h, r, z, n, hn))
            h = (1 - z) * n + z * h
            ys.append(h)
        return np.stack(ys)

    def backward(self, dy):
        for name in ("Wi", "Wh", "bi", "bh"):
            setattr(self, "d" + name, np.zeros_like(getattr(self, name)))
        dh, dx = np.zeros(dy.shape[1:]), []
        for t in reversed(range(len(dy))):
            x, hp, r, z, n, hn = self.mem[t]
            dh = dh + dy[t]
            dn = dh * (1 - z) * (1 - n ** 2)
            dz = dh * (hp - n) * z * (1 - z)
            dr = dn * hn * r * (1 - r)
            gi = np.hstack([dr, dz, dn])
            gh = np.hstack([dr, dz, dn * r])
            self.dWi += gi.T @ x
            self.dbi += gi.sum(axis=0)
            self.dWh += gh.T @ hp
            self.dbh += gh.sum(axis=0)
            dx.append(gi @ self.Wi)
            dh = dh * z + gh @ self.Wh
        return np.stack(dx[::-1])
