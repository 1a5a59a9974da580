"""GRU layer, time first, for multivariate sensor data. Gates in order update z, reset r, candidate n.

Symptom: shuffling the sensor columns of the test set changes nothing at all.
Repair: the input weights of each gate have shape (features, hidden), applied with a matrix product.
"""
import numpy as np

CODES = ("weight-shared-across-inputs",)
PLACES = ("theta", "Uz", "Ur", "Un", "x", "")


def sig(v):
    return 1 / (1 + np.exp(-v))


class GRULayer:
    def __init__(self, features=4, hidden=5, seed=6):
        rng = np.random.default_rng(seed)
        self.features, self.hidden = features, hidden
        self.theta, self.grad = {}, {}
        for gate in "zrn":
            self.theta["U" + gate] = rng.normal(0, 0.5, hidden)        # FAULT
            self.theta["W" + gate] = rng.normal(0, 0.5, (hidden, hidden))
            self.theta["b" + gate] = rng.normal(0, 0.2, hidden)

    def project(self, gate, xt):
        return xt.sum(axis=1, keepdims=True) * self.theta["U" + gate]

    def project_back(self, gate, xt, d):
        self.grad["U" + gate] += (xt.sum(axis=1, keepdims=True) * d).sum(axis=0)
        return np.repeat((d * self.theta["U" + gate]).sum(axis=1, keepdims=True), self.features, axis=1)

    def forward(self, x):
        """x (T, B, features) -> states (T, B, hidden)"""
        p = self.theta
        h = np.zeros((x.shape[1], self.hidden))
        self.x, self.steps, out = x, [], []
        for xt in x:
            z = sig(self.project("z", xt) + h @ p["Wz"] + p["bz"])
            r = sig(self.project("r", xt) + h @ p["Wr"] + p["br"])
            n = np.tanh(self.project("n", xt) + (r * h) @ p["Wn"] + p["bn"])
            self.steps.append({"h": h, "z": z, "r": r, "n": n})
            h = (1 - z) * n + z * h
            out.append(h)
        return np.array(out)

    def backward(self, dout):
        p = self.theta
        self.grad = {k: np.zeros_like(v) for k, v in p.items()}
        dx, dh = np.zeros_like(self.x), np.zeros_like(dout[0])
        for t in range(len(self.x) - 1, -1, -1):
            s, xt = self.steps[t], self.x[t]
            dh = dh + dout[t]
            dn = dh * (1 - s["z"]) * (1 - s["n"] ** 2)
            drh = dn @ p["Wn"].T
            dz = dh * (s["h"] - s["n"]) * s["z"] * (1 - s["z"])
            dr = drh * s["h"] * s["r"] * (1 - s["r"])
            self.grad["Wn"] += (s["r"] * s["h"]).T @ dn
            self.grad["Wz"] += s["h"].T @ dz
            self.grad["Wr"] += s["h"].T @ dr
            for gate, d in zip("zrn", (dz, dr, dn)):
                self.grad["b" + gate] += d.sum(axis=0)
                dx[t] += self.project_back(gate, xt, d)
            dh = dh * s["z"] + drh * s["r"] + dz @ p["Wz"].T + dr @ p["Wr"].T
        return dx


class GRULayerRepaired:
    def __init__(self, features=4, hidden=5, seed=6):
        rng = np.random.default_rng(seed)
        self.features, self.hidden = features, hidden
        self.theta, self.grad = {}, {}
        for gate in "zrn":
            self.theta["U" + gate] = rng.normal(0, 0.5, (features, hidden))
            self.theta["W" + gate] = rng.normal(0, 0.5, (hidden, hidden))
            self.theta["b" + gate] = rng.normal(0, 0.2, hidden)

    def project(self, gate, xt):
        return xt @ self.theta["U" + gate]

    def project_back(self, gate, xt, d):
        self.grad["U" + gate] += xt.T @ d
        return d @ self.theta["U" + gate].T

    def forward(self, x):
        """x (T, B, features) -> states (T, B, hidden)"""
        p = self.theta
        h = np.zeros((x.shape[1], self.hidden))
        self.x, self.steps, out = x, [], []
        for xt in x:
            z = sig(self.project("z", xt) + h @ p["Wz"] + p["bz"])
            r = sig(self.project("r", xt) + h @ p["Wr"] + p["br"])
            n = np.tanh(self.project("n", xt) + (r * h) @ p["Wn"] + p["bn"])
            self.steps.append({"h": h, "z": z, "r": r, "n": n})
            h = (1 - z) * n + z * h
            out.append(h)
        return np.array(out)

    def backward(self, dout):
        p = self.theta
        self.grad = {k: np.zeros_like(v) for k, v in p.items()}
        dx, dh = np.zeros_like(self.x), np.zeros_like(dout[0])
        for t in range(len(self.x) - 1, -1, -1):
            s, xt = self.steps[t], self.x[t]
            dh = dh + dout[t]
            dn = dh * (1 - s["z"]) * (1 - s["n"] ** 2)
            drh = dn @ p["Wn"].T
            dz = dh * (s["h"] - s["n"]) * s["z"] * (1 - s["z"])
            dr = drh * s["h"] * s["r"] * (1 - s["r"])
            self.grad["Wn"] += (s["r"] * s["h"]).T @ dn
            self.grad["Wz"] += s["h"].T @ dz
            self.grad["Wr"] += s["h"].T @ dr
            for gate, d in zip("zrn", (dz, dr, dn)):
                self.grad["b" + gate] += d.sum(axis=0)
                dx[t] += self.project_back(gate, xt, d)
            dh = dh * s["z"] + drh * s["r"] + dz @ p["Wz"].T + dr @ p["Wr"].T
        return dx


def faulty():
    return {"subject": GRULayer(), "inputs": (np.random.default_rng(1).normal(size=(6, 3, 4)),)}


def correct():
    return {"subject": GRULayerRepaired(), "inputs": (np.random.default_rng(1).normal(size=(6, 3, 4)),)}
