"""Leaky-integrator recurrent net for a neuroscience task: r' = (1-a) r + a tanh(J r + B u), readout at the end.

Symptom: the recurrent matrix J learns only from the first step; input weights are fine.
Repair: accumulate dJ over the steps.
"""
import numpy as np
CODES = ("last-step-only",)
PLACES = ("J", "dJ", "")


class LeakyRNN:
    def __init__(self, N=5, n_in=3, n_out=2, a=0.4, seed=103):
        rng = np.random.default_rng(seed)
        self.J = rng.normal(0, 1.2 / np.sqrt(N), (N, N))
        self.B = rng.normal(0, 0.8, (N, n_in))
        self.R = rng.normal(0, 0.7, (n_out, N))
        self.r_init = rng.uniform(-0.5, 0.5, N)
        self.a = a

    def run(self, u):
        """u: trials x time x inputs -> trials x outputs"""
        r = np.tile(self.r_init, (u.shape[0], 1))
        self.hist = []
        for t in range(u.shape[1]):
            phi = np.tanh(r @ self.J.T + u[:, t] @ self.B.T)
            self.hist.append((u[:, t], r, phi))
            r = (1 - self.a) * r + self.a * phi
        self.r_end = r
        return r @ self.R.T

    forward = run

    def backward(self, dz):
        self.dR = dz.T @ self.r_end
        lam = dz @ self.R
        self.dB = np.zeros_like(self.B)
        self.dJ = np.zeros_like(self.J)
        du = []
        for u, r, phi in self.hist[::-1]:
            d = self.a * lam * (1 - phi ** 2)
            self.dJ = d.T @ r  # FAULT
            self.dB += d.T @ u
            du.insert(0, d @ self.B)
            lam = (1 - self.a) * lam + d @ self.J
        self.dr_init = lam.sum(axis=0)
        return np.stack(du, axis=1)


class LeakyRNNRepaired:
    def __init__(self, N=5, n_in=3, n_out=2, a=0.4, seed=103):
        rng = np.random.default_rng(seed)
        self.J = rng.normal(0, 1.2 / np.sqrt(N), (N, N))
        self.B = rng.normal(0, 0.8, (N, n_in))
        self.R = rng.normal(0, 0.7, (n_out, N))
        self.r_init = rng.uniform(-0.5, 0.5, N)
        self.a = a

    def run(self, u):
        """u: trials x time x inputs -> trials x outputs"""
        r = np.tile(self.r_init, (u.shape[0], 1))
        self.hist = []
        for t in range(u.shape[1]):
            phi = np.tanh(r @ self.J.T + u[:, t] @ self.B.T)
            self.hist.append((u[:, t], r, phi))
            r = (1 - self.a) * r + self.a * phi
        self.r_end = r
        return r @ self.R.T

    forward = run

    def backward(self, dz):
        self.dR = dz.T @ self.r_end
        lam = dz @ self.R
        self.dB = np.zeros_like(self.B)
        self.dJ = np.zeros_like(self.J)
        du = []
        for u, r, phi in self.hist[::-1]:
            d = self.a * lam * (1 - phi ** 2)
            self.dJ += d.T @ r
            self.dB += d.T @ u
            du.insert(0, d @ self.B)
            lam = (1 - self.a) * lam + d @ self.J
        self.dr_init = lam.sum(axis=0)
        return np.stack(du, axis=1)


def faulty():
    return {"subject": LeakyRNN(), "inputs": (np.random.default_rng(104).normal(size=(4, 6, 3)),)}


def correct():
    return {"subject": LeakyRNNRepaired(), "inputs": (np.random.default_rng(104).normal(size=(4, 6, 3)),)}
