import numpy as np


class LatentCrossAttention:
    """Learned latents (M, d) read from a long memory (B, N, c)."""

    def __init__(self, n_latents, d, c, seed=0):
        g = np.random.default_rng(seed)
        self.p = {"latents": g.normal(0, 1, (n_latents, d)),
                  "Wk": g.normal(0, c ** -0.5, (c, d)),
                  "Wv": g.normal(0, c ** -0.5, (c, d)),
                  "Wo": g.normal(0, d ** -0.5, (d, d))}
        self.g = {}

    def forward(self, memory):
        p = self.p
        K, V = memory @ p["Wk"], memory @ p["Wv"]
        S = p["latents"] @ K.swapaxes(1, 2) / np.sqrt(K.shape[-1])
        A = np.exp(S - S.max(-1, keepdims=True))
        A /= A.sum(-1, keepdims=True)
        R = A @ V
        self.tape = memory, K, V, A, R
        return R @ p["Wo"]

    def backward(self, dout):
        p = self.p
        memory, K, V, A, R = self.tape
        self.g["Wo"] = np.einsum("bmd,bme->de", R, dout)
        dR = dout @ p["Wo"].T
        dA = dR @ V.swapaxes(1, 2)
        dV = A.swapaxes(1, 2) @ dR
        dS = A * (dA - (A * dA).sum(-1, keepdims=True)) / np.sqrt(K.shape[-1])
        dK = dS.swapaxes(1, 2) @ p["latents"]
        self.g["latents"] = (dS @ K).sum(axis=0)
        self.g["Wk"] = np.einsum("bnc,bnd->cd", memory, dK)
        self.g["Wv"] = np.einsum("bnc,bnd->cd", memory, dV)
        return dV @ p["Wv"].T + dK @ p["Wk"].T
