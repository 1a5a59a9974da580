"""Elman RNN layer, time first, all hidden states returned.

Symptom: learns short sequences slowly, long ones not at all.
Repair: hs[0] is the initial state, so the state of step t is hs[t + 1].
"""
import numpy as np

CODES = ("activation-derivative-misplaced",)
PLACES = ("U", "V", "c", "x", "")


class ElmanRNN:
    def __init__(self, n_in, n_rec, seed):
        rs = np.random.RandomState(seed)
        self.U = rs.randn(n_in, n_rec) / np.sqrt(n_in)
        self.V = rs.randn(n_rec, n_rec) * 0.8 / np.sqrt(n_rec)
        self.c = rs.randn(n_rec) * 0.3

    def fprop(self, xs):
        T, B, _ = xs.shape
        self.xs = xs
        self.hs = [np.zeros((B, self.V.shape[0]))]
        for t in range(T):
            self.hs.append(np.tanh(xs[t] @ self.U + self.hs[t] @ self.V + self.c))
        return np.stack(self.hs[1:])

    def bprop(self, dhs):
        self.dU, self.dV, self.dc = np.zeros_like(self.U), np.zeros_like(self.V), np.zeros_like(self.c)
        dxs = np.empty_like(self.xs)
        dh_next = 0.0
        for t in reversed(range(len(self.xs))):
            dh = dhs[t] + dh_next
            dz = dh * (1.0 - self.hs[t] ** 2)  # FAULT
            self.dU += self.xs[t].T @ dz
            self.dV += self.hs[t].T @ dz
            self.dc += dz.sum(axis=0)
            dxs[t] = dz @ self.U.T
            dh_next = dz @ self.V.T
        return dxs


class ElmanRNNRepaired:
    def __init__(self, n_in, n_rec, seed):
        rs = np.random.RandomState(seed)
        self.U = rs.randn(n_in, n_rec) / np.sqrt(n_in)
        self.V = rs.randn(n_rec, n_rec) * 0.8 / np.sqrt(n_rec)
        self.c = rs.randn(n_rec) * 0.3

    def fprop(self, xs):
        T, B, _ = xs.shape
        self.xs = xs
        self.hs = [np.zeros((B, self.V.shape[0]))]
        for t in range(T):
            self.hs.append(np.tanh(xs[t] @ self.U + self.hs[t] @ self.V + self.c))
        return np.stack(self.hs[1:])

    def bprop(self, dhs):
        self.dU, self.dV, self.dc = np.zeros_like(self.U), np.zeros_like(self.V), np.zeros_like(self.c)
        dxs = np.empty_like(self.xs)
        dh_next = 0.0
        for t in reversed(range(len(self.xs))):
            dh = dhs[t] + dh_next
            dz = dh * (1.0 - self.hs[t + 1] ** 2)
            self.dU += self.xs[t].T @ dz
            self.dV += self.hs[t].T @ dz
            self.dc += dz.sum(axis=0)
            dxs[t] = dz @ self.U.T
            dh_next = dz @ self.V.T
        return dxs


def _x():
    return (np.random.RandomState(77).randn(5, 2, 3),)


def faulty():
    return {"subject": ElmanRNN(3, 4, seed=9), "inputs": _x()}


def correct():
    return {"subject": ElmanRNNRepaired(3, 4, seed=9), "inputs": _x()}
