"""A path that backward forgets has the name of what it is: a head, a memory, a skip connection."""

from __future__ import annotations

import numpy as np
import pytest
from findings import only

import chainrule

Array = np.ndarray
RNG = np.random.default_rng(9)


class Dueling:
    """Q = V + A - mean A, on one trunk: two heads that are added up are no skip connection."""

    def __init__(self, right: bool) -> None:
        self.Wt, self.Wv, self.Wa = (RNG.normal(size=s) for s in ((4, 6), (6, 1), (6, 3)))
        self.right = right

    def forward(self, s: Array) -> Array:
        self.s, self.h = s, np.tanh(s @ self.Wt)
        v = self.h @ self.Wv
        adv = self.h @ self.Wa
        return v + adv - adv.mean(axis=1, keepdims=True)

    def backward(self, dq: Array) -> Array:
        dv, da = dq.sum(axis=1, keepdims=True), dq - dq.mean(axis=1, keepdims=True)
        self.dWv, self.dWa = self.h.T @ dv, self.h.T @ da
        dh = da @ self.Wa.T
        if self.right:
            dh = dh + dv @ self.Wv.T
        dz = dh * (1 - self.h**2)
        self.dWt = self.s.T @ dz
        return dz @ self.Wt.T


class Skip(Dueling):
    """y = h + f(h): that is one."""

    def __init__(self, right: bool) -> None:
        super().__init__(right)
        self.Wv = RNG.normal(size=(6, 6))

    def forward(self, s: Array) -> Array:
        self.s, self.h = s, np.tanh(s @ self.Wt)
        self.f = np.tanh(self.h @ self.Wv)
        return self.h + self.f

    def backward(self, dq: Array) -> Array:
        df = dq * (1 - self.f**2)
        self.dWv = self.h.T @ df
        dh = df @ self.Wv.T + (dq if self.right else 0)
        dz = dh * (1 - self.h**2)
        self.dWt = self.s.T @ dz
        return dz @ self.Wt.T


class Reader:
    """Learned queries read from a memory, which is all that comes in."""

    def __init__(self, right: bool) -> None:
        self.Q, self.Wk, self.Wv = (RNG.normal(size=s) for s in ((3, 4), (6, 4), (6, 4)))
        self.right = right

    def forward(self, memory: Array) -> Array:
        self.memory, self.K, self.V = memory, memory @ self.Wk, memory @ self.Wv
        S = self.Q @ self.K.swapaxes(1, 2) / 2
        A = np.exp(S - S.max(-1, keepdims=True))
        self.A = A / A.sum(-1, keepdims=True)
        return self.A @ self.V

    def backward(self, dy: Array) -> Array:
        dV, dA = self.A.swapaxes(1, 2) @ dy, dy @ self.V.swapaxes(1, 2)
        dS = self.A * (dA - (self.A * dA).sum(-1, keepdims=True)) / 2
        dK = dS.swapaxes(1, 2) @ self.Q
        self.dQ = (dS @ self.K).sum(0)
        self.dWk, self.dWv = (np.einsum("bnc,bnd->cd", self.memory, g) for g in (dK, dV))
        return dV @ self.Wv.T + (dK @ self.Wk.T if self.right else 0)


CASES = [
    (Dueling, (5, 4), "branch-overwritten"),
    (Skip, (5, 4), "residual-gradient-missing"),
    (Reader, (2, 5, 6), "memory-gradient-lost"),
]


@pytest.mark.parametrize(("made", "shape", "code"), CASES, ids=lambda c: getattr(c, "__name__", ""))
def test_its_name(made: type, shape: tuple[int, ...], code: str) -> None:
    x = RNG.normal(size=shape)
    finding = only(made(right=False), x)
    assert (finding.code, finding.verified) == (code, True)
    assert chainrule.check(made(right=True), x).ok
