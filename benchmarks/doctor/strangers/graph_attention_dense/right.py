import numpy as np


class GATHead:
    """Graph attention on a dense adjacency (self loops included): e_ij = leaky(s_i + t_j), h_i' = sum_j alpha_ij W h_j.
    A batch of graphs that share the adjacency: H (B, N, F)."""

    def __init__(self, adjacency, f_in, f_out, slope=0.2, seed=0):
        rng = np.random.default_rng(seed)
        self.adj = (np.asarray(adjacency) + np.eye(len(adjacency))) > 0
        self.W = rng.normal(0, f_in ** -0.5, (f_in, f_out))
        self.a_src = rng.normal(0, 0.5, f_out)
        self.a_dst = rng.normal(0, 0.5, f_out)
        self.slope = slope

    def forward(self, H):
        Z = H @ self.W
        e = (Z @ self.a_dst)[:, :, None] + (Z @ self.a_src)[:, None, :]
        le = np.where(e > 0, e, self.slope * e)
        w = np.exp(le - le.max(axis=-1, keepdims=True)) * self.adj
        self.p = w / w.sum(axis=-1, keepdims=True)
        self.alpha = self.p
        self.H, self.Z, self.e = H, Z, e
        return self.alpha @ Z

    def backward(self, dout):
        dalpha = dout @ self.Z.swapaxes(1, 2)
        dZ = self.alpha.swapaxes(1, 2) @ dout
        dp = dalpha
        dle = self.p * (dp - (dp * self.p).sum(axis=-1, keepdims=True))
        de = dle * np.where(self.e > 0, 1.0, self.slope)
        d_dst, d_src = de.sum(axis=2), de.sum(axis=1)
        self.da_dst = np.einsum("bn,bnf->f", d_dst, self.Z)
        self.da_src = np.einsum("bn,bnf->f", d_src, self.Z)
        dZ = dZ + d_dst[:, :, None] * self.a_dst + d_src[:, :, None] * self.a_src
        self.dW = np.einsum("bni,bno->io", self.H, dZ)
        return dZ @ self.W.T
