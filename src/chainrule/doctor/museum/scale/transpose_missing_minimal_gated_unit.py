"""Minimal gated unit (MGU), recurrent weights stored as (out, in).

Symptom: forgets quickly; the recurrent gate weights drift in the wrong direction.
Repair: weight gradient of (out, in) matrices is delta.T @ input, also for the square one.
"""
import numpy as np

CODES = ("transpose-missing",)
PLACES = ("Rf", "")


def sigma(v):
    return 1 / (1 + np.exp(-v))


class MGU:
    NAMES = ("Wf", "Rf", "bf", "Wh", "Rh", "bh")

    def __init__(self, D, H):
        rng = np.random.RandomState(21)
        shapes = dict(Wf=(H, D), Rf=(H, H), bf=(H,), Wh=(H, D), Rh=(H, H), bh=(H,))
        for n in self.NAMES:
            setattr(self, n, 0.5 * rng.randn(*shapes[n]))

    def forward(self, x):
        B, T, D = x.shape
        h = np.zeros((B, len(self.bf)))
        self.tape, out = [], []
        for t in range(T):
            f = sigma(x[:, t] @ self.Wf.T + h @ self.Rf.T + self.bf)
            n = np.tanh(x[:, t] @ self.Wh.T + (f * h) @ self.Rh.T + self.bh)
            self.tape.append(dict(x=x[:, t], h=h, f=f, n=n))
            h = (1 - f) * h + f * n
            out.append(h)
        return np.stack(out, axis=1)

    def backward(self, dout):
        self.grad = {n: np.zeros_like(getattr(self, n)) for n in self.NAMES}
        g = self.grad
        dx = []
        dh = np.zeros_like(dout[:, 0])
        for t in range(len(self.tape) - 1, -1, -1):
            s = self.tape[t]
            dh = dh + dout[:, t]
            dn = dh * s["f"] * (1 - s["n"] ** 2)
            dfh = dn @ self.Rh
            df = (dh * (s["n"] - s["h"]) + dfh * s["h"]) * s["f"] * (1 - s["f"])
            g["Wf"] += df.T @ s["x"]
            g["Rf"] += s["h"].T @ df  # FAULT
            g["bf"] += df.sum(0)
            g["Wh"] += dn.T @ s["x"]
            g["Rh"] += dn.T @ (s["f"] * s["h"])
            g["bh"] += dn.sum(0)
            dx.insert(0, df @ self.Wf + dn @ self.Wh)
            dh = dh * (1 - s["f"]) + dfh * s["f"] + df @ self.Rf
        return np.stack(dx, axis=1)


class MGURepaired:
    NAMES = ("Wf", "Rf", "bf", "Wh", "Rh", "bh")

    def __init__(self, D, H):
        rng = np.random.RandomState(21)
        shapes = dict(Wf=(H, D), Rf=(H, H), bf=(H,), Wh=(H, D), Rh=(H, H), bh=(H,))
        for n in self.NAMES:
            setattr(self, n, 0.5 * rng.randn(*shapes[n]))

    def forward(self, x):
        B, T, D = x.shape
        h = np.zeros((B, len(self.bf)))
        self.tape, out = [], []
        for t in range(T):
            f = sigma(x[:, t] @ self.Wf.T + h @ self.Rf.T + self.bf)
            n = np.tanh(x[:, t] @ self.Wh.T + (f * h) @ self.Rh.T + self.bh)
            self.tape.append(dict(x=x[:, t], h=h, f=f, n=n))
            h = (1 - f) * h + f * n
            out.append(h)
        return np.stack(out, axis=1)

    def backward(self, dout):
        self.grad = {n: np.zeros_like(getattr(self, n)) for n in self.NAMES}
        g = self.grad
        dx = []
        dh = np.zeros_like(dout[:, 0])
        for t in range(len(self.tape) - 1, -1, -1):
            s = self.tape[t]
            dh = dh + dout[:, t]
            dn = dh * s["f"] * (1 - s["n"] ** 2)
            dfh = dn @ self.Rh
            df = (dh * (s["n"] - s["h"]) + dfh * s["h"]) * s["f"] * (1 - s["f"])
            g["Wf"] += df.T @ s["x"]
            g["Rf"] += df.T @ s["h"]
            g["bf"] += df.sum(0)
            g["Wh"] += dn.T @ s["x"]
            g["Rh"] += dn.T @ (s["f"] * s["h"])
            g["bh"] += dn.sum(0)
            dx.insert(0, df @ self.Wf + dn @ self.Wh)
            dh = dh * (1 - s["f"]) + dfh * s["f"] + df @ self.Rf
        return np.stack(dx, axis=1)


def _x():
    return (np.random.RandomState(3).randn(2, 5, 3),)


def faulty():
    return {"subject": MGU(3, 4), "inputs": _x()}


def correct():
    return {"subject": MGURepaired(3, 4), "inputs": _x()}
