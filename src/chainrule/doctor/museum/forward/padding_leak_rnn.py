"""A sentence encoder that takes the state after the last column, not after the last word.

Symptom: short sentences are classified worse the more they are padded.
Repair: read the state at lengths - 1.
"""
import numpy as np

CODES = ("padding-leak",)
PLACES = ("x", "", "lengths")


def encode_forward(x, lengths, wx, wh, b):
    """Encode padded sequences by a tanh recurrence and return one vector for each.

    x: (N, T, D), rows beyond lengths[i] are padding; lengths: (N,) integers; wx: (D, H); wh: (H, H); b: (H,).
    """
    n, t, _ = x.shape
    hs = np.zeros((n, t + 1, wh.shape[0]))
    for i in range(t):
        hs[:, i + 1] = np.tanh(x[:, i] @ wx + hs[:, i] @ wh + b)
    rows = np.arange(n)
    last = np.full(n, t)  # FAULT
    code = hs[rows, last]
    return code, (x, wx, wh, hs, rows, last)


def encode_backward(dcode, cache):
    x, wx, wh, hs, rows, last = cache
    n, t, _ = x.shape
    dx = np.zeros_like(x)
    dwx, dwh, db = np.zeros_like(wx), np.zeros_like(wh), np.zeros(wh.shape[0])
    dhs = np.zeros_like(hs)
    dhs[rows, last] = dcode
    carry = np.zeros_like(dcode)
    for i in range(t - 1, -1, -1):
        dh = dhs[:, i + 1] + carry
        dz = dh * (1 - hs[:, i + 1] ** 2)
        dx[:, i] = dz @ wx.T
        dwx += x[:, i].T @ dz
        dwh += hs[:, i].T @ dz
        db += dz.sum(0)
        carry = dz @ wh.T
    return {"x": dx, "wx": dwx, "wh": dwh, "b": db}


def encode_forward_repaired(x, lengths, wx, wh, b):
    """Encode padded sequences by a tanh recurrence and return one vector for each.

    x: (N, T, D), rows beyond lengths[i] are padding; lengths: (N,) integers; wx: (D, H); wh: (H, H); b: (H,).
    """
    n, t, _ = x.shape
    hs = np.zeros((n, t + 1, wh.shape[0]))
    for i in range(t):
        hs[:, i + 1] = np.tanh(x[:, i] @ wx + hs[:, i] @ wh + b)
    rows = np.arange(n)
    last = np.asarray(lengths)
    code = hs[rows, last]
    return code, (x, wx, wh, hs, rows, last)


def encode_backward_repaired(dcode, cache):
    x, wx, wh, hs, rows, last = cache
    n, t, _ = x.shape
    dx = np.zeros_like(x)
    dwx, dwh, db = np.zeros_like(wx), np.zeros_like(wh), np.zeros(wh.shape[0])
    dhs = np.zeros_like(hs)
    dhs[rows, last] = dcode
    carry = np.zeros_like(dcode)
    for i in range(t - 1, -1, -1):
        dh = dhs[:, i + 1] + carry
        dz = dh * (1 - hs[:, i + 1] ** 2)
        dx[:, i] = dz @ wx.T
        dwx += x[:, i].T @ dz
        dwh += hs[:, i].T @ dz
        db += dz.sum(0)
        carry = dz @ wh.T
    return {"x": dx, "wx": dwx, "wh": dwh, "b": db}


def faulty():
    rng = np.random.default_rng(11)
    x = rng.normal(size=(3, 6, 4))
    lengths = np.array([6, 2, 4])
    wx = rng.normal(size=(4, 5)) / 2.0
    wh = rng.normal(size=(5, 5)) / np.sqrt(5)
    b = np.zeros(5)
    return {"subject": (encode_forward, encode_backward), "inputs": (x, lengths, wx, wh, b)}


def correct():
    rng = np.random.default_rng(11)
    x = rng.normal(size=(3, 6, 4))
    lengths = np.array([6, 2, 4])
    wx = rng.normal(size=(4, 5)) / 2.0
    wh = rng.normal(size=(5, 5)) / np.sqrt(5)
    b = np.zeros(5)
    return {"subject": (encode_forward_repaired, encode_backward_repaired), "inputs": (x, lengths, wx, wh, b)}
