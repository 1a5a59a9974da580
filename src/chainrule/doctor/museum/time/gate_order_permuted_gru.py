"""A GRU whose stacked gradients come back with update and reset exchanged.

Symptom: the input gradient passes its check, training fails all the same.
Repair: stack in the order of the forward: reset, update, new.
"""
import numpy as np

CODES = ("gate-order-permuted",)
PLACES = ("Wx", "Wh", "b", "dWx", "dWh", "db", "")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def gru(x, Wx, Wh, b):
    """x (B, T, D), Wx (D, 3H), Wh (H, 3H), b (3H,); blocks are reset, update, new."""
    H = Wh.shape[0]
    h = np.zeros((x.shape[0], H))
    tape, out = [], []
    for t in range(x.shape[1]):
        a, u = x[:, t] @ Wx + b, h @ Wh
        r = sigmoid(a[:, :H] + u[:, :H])
        z = sigmoid(a[:, H:2 * H] + u[:, H:2 * H])
        n = np.tanh(a[:, 2 * H:] + r * u[:, 2 * H:])
        tape.append((x[:, t], h, r, z, n, u[:, 2 * H:]))
        h = (1 - z) * n + z * h
        out.append(h)
    return np.stack(out, axis=1), {"tape": tape, "Wx": Wx, "Wh": Wh}


def gru_grad(dout, cache):
    tape, Wx, Wh = cache["tape"], cache["Wx"], cache["Wh"]
    H = Wh.shape[0]
    Wxr, Wxz, Wxn = np.split(Wx, 3, axis=1)
    Whr, Whz, Whn = np.split(Wh, 3, axis=1)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(3 * H)
    dx = np.zeros((dout.shape[0], dout.shape[1], Wx.shape[0]))
    dh = np.zeros_like(dout[:, 0])
    for t in reversed(range(len(tape))):
        x, h, r, z, n, un = tape[t]
        dh = dh + dout[:, t]
        dn = dh * (1 - z) * (1 - n**2)
        dz = dh * (h - n) * z * (1 - z)
        dr = dn * un * r * (1 - r)
        da = np.hstack([dz, dr, dn])  # FAULT
        du = np.hstack([dz, dr, dn * r])  # FAULT
        dWx += x.T @ da
        dWh += h.T @ du
        db += da.sum(axis=0)
        dx[:, t] = dr @ Wxr.T + dz @ Wxz.T + dn @ Wxn.T
        dh = dh * z + dr @ Whr.T + dz @ Whz.T + (dn * r) @ Whn.T
    return {"x": dx, "Wx": dWx, "Wh": dWh, "b": db}


def gru_repaired(x, Wx, Wh, b):
    """x (B, T, D), Wx (D, 3H), Wh (H, 3H), b (3H,); blocks are reset, update, new."""
    H = Wh.shape[0]
    h = np.zeros((x.shape[0], H))
    tape, out = [], []
    for t in range(x.shape[1]):
        a, u = x[:, t] @ Wx + b, h @ Wh
        r = sigmoid(a[:, :H] + u[:, :H])
        z = sigmoid(a[:, H:2 * H] + u[:, H:2 * H])
        n = np.tanh(a[:, 2 * H:] + r * u[:, 2 * H:])
        tape.append((x[:, t], h, r, z, n, u[:, 2 * H:]))
        h = (1 - z) * n + z * h
        out.append(h)
    return np.stack(out, axis=1), {"tape": tape, "Wx": Wx, "Wh": Wh}


def gru_grad_repaired(dout, cache):
    tape, Wx, Wh = cache["tape"], cache["Wx"], cache["Wh"]
    H = Wh.shape[0]
    Wxr, Wxz, Wxn = np.split(Wx, 3, axis=1)
    Whr, Whz, Whn = np.split(Wh, 3, axis=1)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(3 * H)
    dx = np.zeros((dout.shape[0], dout.shape[1], Wx.shape[0]))
    dh = np.zeros_like(dout[:, 0])
    for t in reversed(range(len(tape))):
        x, h, r, z, n, un = tape[t]
        dh = dh + dout[:, t]
        dn = dh * (1 - z) * (1 - n**2)
        dz = dh * (h - n) * z * (1 - z)
        dr = dn * un * r * (1 - r)
        da = np.hstack([dr, dz, dn])
        du = np.hstack([dr, dz, dn * r])
        dWx += x.T @ da
        dWh += h.T @ du
        db += da.sum(axis=0)
        dx[:, t] = dr @ Wxr.T + dz @ Wxz.T + dn @ Wxn.T
        dh = dh * z + dr @ Whr.T + dz @ Whz.T + (dn * r) @ Whn.T
    return {"x": dx, "Wx": dWx, "Wh": dWh, "b": db}


def faulty():
    rng = np.random.default_rng(1)
    B, T, D, H = 2, 4, 3, 5
    x, Wx = rng.normal(size=(B, T, D)), rng.normal(size=(D, 3 * H)) * 0.6
    Wh, b = rng.normal(size=(H, 3 * H)) * 0.6, rng.normal(size=3 * H) * 0.3
    return {"subject": (gru, gru_grad), "inputs": (x, Wx, Wh, b)}


def correct():
    rng = np.random.default_rng(1)
    B, T, D, H = 2, 4, 3, 5
    x, Wx = rng.normal(size=(B, T, D)), rng.normal(size=(D, 3 * H)) * 0.6
    Wh, b = rng.normal(size=(H, 3 * H)) * 0.6, rng.normal(size=3 * H) * 0.3
    return {"subject": (gru_repaired, gru_grad_repaired), "inputs": (x, Wx, Wh, b)}
