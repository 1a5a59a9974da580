"""One step of a gated recurrent unit.

Symptom: the update gate learns to do the opposite of what helps; the cell still trains, badly.
Repair: h' = (1 - z) n + z h, so that dh'/dz is h - n.
"""
import numpy as np

CODES = ("sign-flipped",)
PLACES = ("Wz", "Uz", "bz")


def sigmoid(v):
    return 1.0 / (1.0 + np.exp(-v))


class GRUCell:
    def __init__(self, input_size, hidden_size, rng):
        for gate in "zrn":
            setattr(self, "W" + gate, rng.normal(size=(input_size, hidden_size)) / np.sqrt(input_size))
            setattr(self, "U" + gate, rng.normal(size=(hidden_size, hidden_size)) / np.sqrt(hidden_size))
            setattr(self, "b" + gate, rng.normal(size=hidden_size) * 0.2)

    def forward(self, x, h):
        z = sigmoid(x @ self.Wz + h @ self.Uz + self.bz)
        r = sigmoid(x @ self.Wr + h @ self.Ur + self.br)
        rh = r * h
        n = np.tanh(x @ self.Wn + rh @ self.Un + self.bn)
        self.cache = (x, h, z, r, rh, n)
        return (1.0 - z) * n + z * h

    def backward(self, dh_next):
        x, h, z, r, rh, n = self.cache
        dn = dh_next * (1.0 - z)
        dz = dh_next * (n - h)  # FAULT
        dh = dh_next * z

        dn_pre = dn * (1.0 - n * n)
        drh = dn_pre @ self.Un.T
        dr_pre = drh * h * r * (1.0 - r)
        dz_pre = dz * z * (1.0 - z)
        dh = dh + drh * r + dr_pre @ self.Ur.T + dz_pre @ self.Uz.T
        dx = dn_pre @ self.Wn.T + dr_pre @ self.Wr.T + dz_pre @ self.Wz.T

        self.dWn, self.dUn, self.dbn = x.T @ dn_pre, rh.T @ dn_pre, dn_pre.sum(axis=0)
        self.dWr, self.dUr, self.dbr = x.T @ dr_pre, h.T @ dr_pre, dr_pre.sum(axis=0)
        self.dWz, self.dUz, self.dbz = x.T @ dz_pre, h.T @ dz_pre, dz_pre.sum(axis=0)
        return dx, dh


class GRUCellRepaired:
    def __init__(self, input_size, hidden_size, rng):
        for gate in "zrn":
            setattr(self, "W" + gate, rng.normal(size=(input_size, hidden_size)) / np.sqrt(input_size))
            setattr(self, "U" + gate, rng.normal(size=(hidden_size, hidden_size)) / np.sqrt(hidden_size))
            setattr(self, "b" + gate, rng.normal(size=hidden_size) * 0.2)

    def forward(self, x, h):
        z = sigmoid(x @ self.Wz + h @ self.Uz + self.bz)
        r = sigmoid(x @ self.Wr + h @ self.Ur + self.br)
        rh = r * h
        n = np.tanh(x @ self.Wn + rh @ self.Un + self.bn)
        self.cache = (x, h, z, r, rh, n)
        return (1.0 - z) * n + z * h

    def backward(self, dh_next):
        x, h, z, r, rh, n = self.cache
        dn = dh_next * (1.0 - z)
        dz = dh_next * (h - n)
        dh = dh_next * z

        dn_pre = dn * (1.0 - n * n)
        drh = dn_pre @ self.Un.T
        dr_pre = drh * h * r * (1.0 - r)
        dz_pre = dz * z * (1.0 - z)
        dh = dh + drh * r + dr_pre @ self.Ur.T + dz_pre @ self.Uz.T
        dx = dn_pre @ self.Wn.T + dr_pre @ self.Wr.T + dz_pre @ self.Wz.T

        self.dWn, self.dUn, self.dbn = x.T @ dn_pre, rh.T @ dn_pre, dn_pre.sum(axis=0)
        self.dWr, self.dUr, self.dbr = x.T @ dr_pre, h.T @ dr_pre, dr_pre.sum(axis=0)
        self.dWz, self.dUz, self.dbz = x.T @ dz_pre, h.T @ dz_pre, dz_pre.sum(axis=0)
        return dx, dh


def faulty():
    rng = np.random.default_rng(5)
    return {"subject": GRUCell(3, 5, rng), "inputs": (rng.normal(size=(4, 3)), rng.normal(size=(4, 5)))}


def correct():
    rng = np.random.default_rng(5)
    return {"subject": GRUCellRepaired(3, 5, rng),
            "inputs": (rng.normal(size=(4, 3)), rng.normal(size=(4, 5)))}
