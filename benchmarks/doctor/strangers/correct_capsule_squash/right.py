import numpy as np

# capsules: pose vectors (B, N_caps, D), prediction with one matrix per (in, out) pair, squash, mean routing


def squash(s):
    n2 = np.sum(s * s, axis=-1, keepdims=True)
    n = np.sqrt(n2 + 1e-9)
    return s * n2 / ((1 + n2) * n), (s, n2, n)


def dsquash(g, saved):
    s, n2, n = saved
    k = n2 / ((1 + n2) * n)
    # dk/dn2
    dk = 1 / ((1 + n2) ** 2 * n) - n2 / (2 * (1 + n2) * n ** 3)
    return g * k + 2 * s * dk * np.sum(g * s, axis=-1, keepdims=True)


class CapsuleLayer:
    def __init__(self, n_in=4, d_in=3, n_out=2, d_out=5, seed=0):
        self.W = np.random.default_rng(seed).normal(0, 0.5, (n_in, n_out, d_in, d_out))

    def forward(self, u):
        self.u = u
        votes = np.einsum("bid,iode->boie", u, self.W)
        self.n_in = votes.shape[2]
        v, self.saved = squash(votes.mean(axis=2))
        return v

    def backward(self, dv):
        ds = dsquash(dv, self.saved) / self.n_in
        self.dW = np.einsum("bid,boe->iode", self.u, ds)
        return np.einsum("boe,iode->bid", ds, self.W)


if __name__ == "__main__":
    net = CapsuleLayer()
    v = net.forward(np.random.randn(2, 4, 3))
    print(np.linalg.norm(v, axis=-1))
