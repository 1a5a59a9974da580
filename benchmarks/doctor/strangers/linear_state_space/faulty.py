import numpy as np


class LinearSSM:
    """h_t = A h_{t-1} + B u_t,  y_t = C h_t.  u: (batch, time, inputs)."""

    def __init__(self, state, inputs, outputs, seed=0):
        rng = np.random.default_rng(seed)
        Q, _ = np.linalg.qr(rng.normal(size=(state, state)))
        self.A = 0.9 * Q
        self.Bm = rng.normal(0, 0.5, (state, inputs))
        self.C = rng.normal(0, 0.5, (outputs, state))

    def forward(self, u):
        N, T, _ = u.shape
        h = np.zeros((N, self.A.shape[0]))
        self.u, self.hs = u, [h]
        ys = []
        for t in range(T):
            h = h @ self.A.T + u[:, t] @ self.Bm.T
            self.hs.append(h)
            ys.append(h @ self.C.T)
        return np.stack(ys, axis=1)

    def backward(self, dy):
        T = dy.shape[1]
        self.gA, self.gB, self.gC = np.zeros_like(self.A), np.zeros_like(self.Bm), np.zeros_like(self.C)
        du = np.empty_like(self.u)
        lam = np.zeros_like(self.hs[0])
        for t in reversed(range(T)):
            self.gC += dy[:, t].T @ self.hs[t + 1]
            lam = lam + dy[:, t] @ self.C
            self.gA += lam.T @ self.hs[t]
            self.gB += lam.T @ self.u[:, t]
            du[:, t] = lam @ self.Bm
            lam = lam @ self.A.T
        return du
