"""A time-first LSTM as two functions, states in and states out.

Symptom: exact for one step, good for two, hopeless for long sequences.
Repair: keep dc from step to step.
"""
import numpy as np

CODES = ("cell-gradient-dropped",)
PLACES = ("x", "c0", "h0", "Wx", "Wh", "b", "")


def sig(v):
    return 0.5 * (1.0 + np.tanh(0.5 * v))


def lstm_forward(x, h0, c0, Wx, Wh, b):
    """x (T, B, D), h0 and c0 (B, H), Wx (D, 4H), Wh (H, 4H), b (4H,) -> h (T, B, H), last c (B, H)"""
    T, B, _ = x.shape
    H = h0.shape[1]
    h = np.empty((T + 1, B, H))
    c = np.empty((T + 1, B, H))
    gates = np.empty((T, B, 4 * H))
    h[0], c[0] = h0, c0
    for t in range(T):
        a = x[t] @ Wx + h[t] @ Wh + b
        gates[t, :, :3 * H] = sig(a[:, :3 * H])
        gates[t, :, 3 * H:] = np.tanh(a[:, 3 * H:])
        i, f, o, g = (gates[t, :, k * H:(k + 1) * H] for k in range(4))
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return h[1:].copy(), c[-1].copy(), (x, h, c, gates, Wx, Wh)


def lstm_backward(dh_all, dc_last, cache):
    x, h, c, gates, Wx, Wh = cache
    T, B, H = dh_all.shape
    dx, dWx, dWh, db = np.zeros_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(4 * H)
    dh, dc = np.zeros((B, H)), dc_last
    for t in range(T - 1, -1, -1):
        i, f, o, g = (gates[t, :, k * H:(k + 1) * H] for k in range(4))
        tc = np.tanh(c[t + 1])
        dh = dh + dh_all[t]
        dc = (dc if t == T - 1 else 0.0) + dh * o * (1 - tc * tc)  # FAULT
        da = np.concatenate([
            dc * g * i * (1 - i), dc * c[t] * f * (1 - f), dh * tc * o * (1 - o), dc * i * (1 - g * g),
        ], axis=1)
        dx[t] = da @ Wx.T
        dWx += x[t].T @ da
        dWh += h[t].T @ da
        db += da.sum(axis=0)
        dh = da @ Wh.T
        dc = dc * f
    return dx, dh, dc, dWx, dWh, db


def lstm_forward_repaired(x, h0, c0, Wx, Wh, b):
    """x (T, B, D), h0 and c0 (B, H), Wx (D, 4H), Wh (H, 4H), b (4H,) -> h (T, B, H), last c (B, H)"""
    T, B, _ = x.shape
    H = h0.shape[1]
    h = np.empty((T + 1, B, H))
    c = np.empty((T + 1, B, H))
    gates = np.empty((T, B, 4 * H))
    h[0], c[0] = h0, c0
    for t in range(T):
        a = x[t] @ Wx + h[t] @ Wh + b
        gates[t, :, :3 * H] = sig(a[:, :3 * H])
        gates[t, :, 3 * H:] = np.tanh(a[:, 3 * H:])
        i, f, o, g = (gates[t, :, k * H:(k + 1) * H] for k in range(4))
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    return h[1:].copy(), c[-1].copy(), (x, h, c, gates, Wx, Wh)


def lstm_backward_repaired(dh_all, dc_last, cache):
    x, h, c, gates, Wx, Wh = cache
    T, B, H = dh_all.shape
    dx, dWx, dWh, db = np.zeros_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(4 * H)
    dh, dc = np.zeros((B, H)), dc_last
    for t in range(T - 1, -1, -1):
        i, f, o, g = (gates[t, :, k * H:(k + 1) * H] for k in range(4))
        tc = np.tanh(c[t + 1])
        dh = dh + dh_all[t]
        dc = dc + dh * o * (1 - tc * tc)
        da = np.concatenate([
            dc * g * i * (1 - i), dc * c[t] * f * (1 - f), dh * tc * o * (1 - o), dc * i * (1 - g * g),
        ], axis=1)
        dx[t] = da @ Wx.T
        dWx += x[t].T @ da
        dWh += h[t].T @ da
        db += da.sum(axis=0)
        dh = da @ Wh.T
        dc = dc * f
    return dx, dh, dc, dWx, dWh, db


def faulty():
    rng = np.random.default_rng(1)
    T, B, D, H = 4, 2, 3, 5
    x, h0, c0 = rng.normal(size=(T, B, D)), rng.normal(size=(B, H)), rng.normal(size=(B, H))
    Wx, Wh, b = rng.normal(size=(D, 4 * H)) * 0.5, rng.normal(size=(H, 4 * H)) * 0.5, rng.normal(size=4 * H)
    return {"subject": (lstm_forward, lstm_backward), "inputs": (x, h0, c0, Wx, Wh, b)}


def correct():
    rng = np.random.default_rng(1)
    T, B, D, H = 4, 2, 3, 5
    x, h0, c0 = rng.normal(size=(T, B, D)), rng.normal(size=(B, H)), rng.normal(size=(B, H))
    Wx, Wh, b = rng.normal(size=(D, 4 * H)) * 0.5, rng.normal(size=(H, 4 * H)) * 0.5, rng.normal(size=4 * H)
    return {"subject": (lstm_forward_repaired, lstm_backward_repaired), "inputs": (x, h0, c0, Wx, Wh, b)}
