"""An LSTM with one matrix for each gate that carries back the cell gradient without what came from later.

Symptom: no memory beyond two steps.
Repair: carry the whole cell gradient times the forget gate.
"""
import numpy as np

CODES = ("cell-gradient-dropped",)
PLACES = ("x", "", "Wf", "Wi", "Wg", "Wo", "theta", "W")


def lgs(a):
    return 1.0 / (1.0 + np.exp(-a))


class LSTMLayer:
    def __init__(self, d, h, rng):
        self.hid = h
        self.theta = {g: rng.normal(size=(d + h, h)) * 0.6 for g in "figo"}

    def forward(self, x):
        b, steps, _ = x.shape
        h, c = np.zeros((b, self.hid)), np.zeros((b, self.hid))
        self.tape = []
        for t in range(steps):
            u = np.concatenate([x[:, t], h], axis=1)
            s = {g: (np.tanh if g == "g" else lgs)(u @ w) for g, w in self.theta.items()}
            prev, c = c, s["f"] * c + s["i"] * s["g"]
            h = s["o"] * np.tanh(c)
            self.tape.append((u, s, prev, c))
        return h

    def backward(self, dh):
        self.nabla = {g: np.zeros_like(w) for g, w in self.theta.items()}
        dc = np.zeros_like(dh)
        dxs = []
        for u, s, prev, c in reversed(self.tape):
            tc = np.tanh(c)
            direct = dh * s["o"] * (1 - tc * tc)
            dc = dc + direct
            da = {"o": dh * tc * s["o"] * (1 - s["o"]), "f": dc * prev * s["f"] * (1 - s["f"]),
                  "i": dc * s["g"] * s["i"] * (1 - s["i"]), "g": dc * s["i"] * (1 - s["g"] ** 2)}
            du = 0
            for g in self.theta:
                self.nabla[g] += u.T @ da[g]
                du = du + da[g] @ self.theta[g].T
            dc = np.zeros_like(dc)  # FAULT
            dxs.append(du[:, :-self.hid])
            dh = du[:, -self.hid:]
        return np.stack(dxs[::-1], axis=1)


class LSTMLayerRepaired:
    def __init__(self, d, h, rng):
        self.hid = h
        self.theta = {g: rng.normal(size=(d + h, h)) * 0.6 for g in "figo"}

    def forward(self, x):
        b, steps, _ = x.shape
        h, c = np.zeros((b, self.hid)), np.zeros((b, self.hid))
        self.tape = []
        for t in range(steps):
            u = np.concatenate([x[:, t], h], axis=1)
            s = {g: (np.tanh if g == "g" else lgs)(u @ w) for g, w in self.theta.items()}
            prev, c = c, s["f"] * c + s["i"] * s["g"]
            h = s["o"] * np.tanh(c)
            self.tape.append((u, s, prev, c))
        return h

    def backward(self, dh):
        self.nabla = {g: np.zeros_like(w) for g, w in self.theta.items()}
        dc = np.zeros_like(dh)
        dxs = []
        for u, s, prev, c in reversed(self.tape):
            tc = np.tanh(c)
            direct = dh * s["o"] * (1 - tc * tc)
            dc = dc + direct
            da = {"o": dh * tc * s["o"] * (1 - s["o"]), "f": dc * prev * s["f"] * (1 - s["f"]),
                  "i": dc * s["g"] * s["i"] * (1 - s["i"]), "g": dc * s["i"] * (1 - s["g"] ** 2)}
            du = 0
            for g in self.theta:
                self.nabla[g] += u.T @ da[g]
                du = du + da[g] @ self.theta[g].T
            dc = dc * s["f"]
            dxs.append(du[:, :-self.hid])
            dh = du[:, -self.hid:]
        return np.stack(dxs[::-1], axis=1)


def faulty():
    rng = np.random.default_rng(161)
    return {"subject": LSTMLayer(3, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}


def correct():
    rng = np.random.default_rng(161)
    return {"subject": LSTMLayerRepaired(3, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}
