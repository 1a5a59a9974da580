"""An LSTM cell whose backward stacks the gate errors in another order than forward splits them.

Symptom: the forget gate is trained as output gate.
Repair: the same order in both passes.
"""
import numpy as np

CODES = ("gate-order-permuted",)
PLACES = ("Wx", "Wh", "b", "3", "4", "5")


def sg(a):
    return np.reciprocal(1 + np.exp(-a))


def lstm_cell_forward(x, h0, c0, Wx, Wh, b):
    n = h0.shape[1]
    a = x @ Wx + h0 @ Wh + b
    i, f, o = sg(a[:, :n]), sg(a[:, n:2 * n]), sg(a[:, 2 * n:3 * n])
    g = np.tanh(a[:, 3 * n:])
    c = f * c0 + i * g
    h = o * np.tanh(c)
    return h, c, (x, h0, c0, Wx, Wh, i, f, o, g, c)


def lstm_cell_backward(dh, dc, cache):
    x, h0, c0, Wx, Wh, i, f, o, g, c = cache
    tc = np.tanh(c)
    dc = dc + dh * o * (1 - tc ** 2)
    di = dc * g * i * (1 - i)
    df = dc * c0 * f * (1 - f)
    do = dh * tc * o * (1 - o)
    dg = dc * i * (1 - g ** 2)
    da = np.concatenate([di, do, df, dg], axis=1)  # FAULT
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, h0.T @ da, da.sum(axis=0)


def lstm_cell_forward_repaired(x, h0, c0, Wx, Wh, b):
    n = h0.shape[1]
    a = x @ Wx + h0 @ Wh + b
    i, f, o = sg(a[:, :n]), sg(a[:, n:2 * n]), sg(a[:, 2 * n:3 * n])
    g = np.tanh(a[:, 3 * n:])
    c = f * c0 + i * g
    h = o * np.tanh(c)
    return h, c, (x, h0, c0, Wx, Wh, i, f, o, g, c)


def lstm_cell_backward_repaired(dh, dc, cache):
    x, h0, c0, Wx, Wh, i, f, o, g, c = cache
    tc = np.tanh(c)
    dc = dc + dh * o * (1 - tc ** 2)
    di = dc * g * i * (1 - i)
    df = dc * c0 * f * (1 - f)
    do = dh * tc * o * (1 - o)
    dg = dc * i * (1 - g ** 2)
    da = np.concatenate([di, df, do, dg], axis=1)
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, h0.T @ da, da.sum(axis=0)


def faulty():
    rng = np.random.default_rng(64)
    r = lambda *s: rng.normal(size=s)
    return {"subject": (lstm_cell_forward, lstm_cell_backward),
            "inputs": (r(2, 3), r(2, 4), r(2, 4), r(3, 16), r(4, 16), r(16))}


def correct():
    rng = np.random.default_rng(64)
    r = lambda *s: rng.normal(size=s)
    return {"subject": (lstm_cell_forward_repaired, lstm_cell_backward_repaired),
            "inputs": (r(2, 3), r(2, 4), r(2, 4), r(3, 16), r(4, 16), r(16))}
