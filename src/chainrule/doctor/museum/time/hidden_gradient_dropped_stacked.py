"""A recurrent cell object unrolled by a model that gives each step the loss's gradient only.

Symptom: the network learns only what the current input tells.
Repair: add the next step's hidden gradient.
"""
import numpy as np

CODES = ("hidden-gradient-dropped",)
PLACES = ("x", "", "cell", "cell.W_xh", "cell.W_hh", "W_xh", "W_hh")


class Cell:
    def __init__(self, d, h, rng):
        self.W_xh, self.W_hh = rng.normal(size=(d, h)) * 0.6, rng.normal(size=(h, h)) * 0.6
        self.zero_grad()

    def zero_grad(self):
        self.g_xh, self.g_hh = np.zeros_like(self.W_xh), np.zeros_like(self.W_hh)

    def forward(self, x, h):
        new = np.tanh(x @ self.W_xh + h @ self.W_hh)
        return new, (x, h, new)

    def backward(self, dnew, memo):
        x, h, new = memo
        da = dnew * (1 - new ** 2)
        self.g_xh += x.T @ da
        self.g_hh += h.T @ da
        return da @ self.W_xh.T, da @ self.W_hh.T


class Unrolled:
    def __init__(self, d, h, o, rng):
        self.cell = Cell(d, h, rng)
        self.W_hy = rng.normal(size=(h, o))

    def forward(self, xs):
        h = np.zeros((xs.shape[1], self.W_hy.shape[0]))
        self.memos, self.hs = [], []
        for x in xs:
            h, memo = self.cell.forward(x, h)
            self.memos.append(memo)
            self.hs.append(h)
        return np.array(self.hs) @ self.W_hy

    def backward(self, dys):
        self.cell.zero_grad()
        self.g_hy = np.einsum("tbh,tbo->ho", np.array(self.hs), dys)
        dhs = dys @ self.W_hy.T
        dxs = [None] * len(dys)
        dh = np.zeros_like(dhs[0])
        for t in range(len(dys) - 1, -1, -1):
            dxs[t], dh = self.cell.backward(dhs[t], self.memos[t])  # FAULT
        return np.array(dxs)


class CellRepaired:
    def __init__(self, d, h, rng):
        self.W_xh, self.W_hh = rng.normal(size=(d, h)) * 0.6, rng.normal(size=(h, h)) * 0.6
        self.zero_grad()

    def zero_grad(self):
        self.g_xh, self.g_hh = np.zeros_like(self.W_xh), np.zeros_like(self.W_hh)

    def forward(self, x, h):
        new = np.tanh(x @ self.W_xh + h @ self.W_hh)
        return new, (x, h, new)

    def backward(self, dnew, memo):
        x, h, new = memo
        da = dnew * (1 - new ** 2)
        self.g_xh += x.T @ da
        self.g_hh += h.T @ da
        return da @ self.W_xh.T, da @ self.W_hh.T


class UnrolledRepaired:
    def __init__(self, d, h, o, rng):
        self.cell = CellRepaired(d, h, rng)
        self.W_hy = rng.normal(size=(h, o))

    def forward(self, xs):
        h = np.zeros((xs.shape[1], self.W_hy.shape[0]))
        self.memos, self.hs = [], []
        for x in xs:
            h, memo = self.cell.forward(x, h)
            self.memos.append(memo)
            self.hs.append(h)
        return np.array(self.hs) @ self.W_hy

    def backward(self, dys):
        self.cell.zero_grad()
        self.g_hy = np.einsum("tbh,tbo->ho", np.array(self.hs), dys)
        dhs = dys @ self.W_hy.T
        dxs = [None] * len(dys)
        dh = np.zeros_like(dhs[0])
        for t in range(len(dys) - 1, -1, -1):
            dxs[t], dh = self.cell.backward(dhs[t] + dh, self.memos[t])
        return np.array(dxs)


def faulty():
    rng = np.random.default_rng(160)
    return {"subject": Unrolled(3, 5, 4, rng), "inputs": (rng.normal(size=(4, 2, 3)),)}


def correct():
    rng = np.random.default_rng(160)
    return {"subject": UnrolledRepaired(3, 5, 4, rng), "inputs": (rng.normal(size=(4, 2, 3)),)}
