"""A vanilla recurrent network, batch first, as a pair of functions with a dict as cache.

Symptom: forward is fine; backward stops at the first time step with a matmul shape mismatch.
Repair: dWhh is (hidden, hidden) and dWxh is (features, hidden): transpose the left factor.
"""
import numpy as np

CODES = ("backward-raises",)
PLACES = ("Wxh", "dWxh", "")


def rnn_forward(x, h0, Wxh, Whh, bh):
    """x: (N, T, D), h0: (N, H). Returns the hidden states (N, T, H)."""
    N, T, D = x.shape
    H = h0.shape[1]
    hs = np.empty((N, T, H))
    h = h0
    for t in range(T):
        h = np.tanh(x[:, t] @ Wxh + h @ Whh + bh)
        hs[:, t] = h
    cache = {"x": x, "h0": h0, "hs": hs, "Wxh": Wxh, "Whh": Whh}
    return hs, cache


def rnn_backward(dhs, cache):
    x, h0, hs = cache["x"], cache["h0"], cache["hs"]
    Wxh, Whh = cache["Wxh"], cache["Whh"]
    N, T, H = dhs.shape
    dx = np.zeros_like(x)
    dWxh, dWhh, dbh = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros(H)
    dh_next = np.zeros((N, H))
    for t in reversed(range(T)):
        h_prev = hs[:, t - 1] if t > 0 else h0
        draw = (dhs[:, t] + dh_next) * (1.0 - hs[:, t] ** 2)
        dWxh += np.dot(draw, x[:, t].T)  # FAULT
        dWhh += np.dot(h_prev.T, draw)
        dbh += draw.sum(axis=0)
        dx[:, t] = np.dot(draw, Wxh.T)
        dh_next = np.dot(draw, Whh.T)
    return dx, dh_next, dWxh, dWhh, dbh


def rnn_forward_repaired(x, h0, Wxh, Whh, bh):
    """x: (N, T, D), h0: (N, H). Returns the hidden states (N, T, H)."""
    N, T, D = x.shape
    H = h0.shape[1]
    hs = np.empty((N, T, H))
    h = h0
    for t in range(T):
        h = np.tanh(x[:, t] @ Wxh + h @ Whh + bh)
        hs[:, t] = h
    cache = {"x": x, "h0": h0, "hs": hs, "Wxh": Wxh, "Whh": Whh}
    return hs, cache


def rnn_backward_repaired(dhs, cache):
    x, h0, hs = cache["x"], cache["h0"], cache["hs"]
    Wxh, Whh = cache["Wxh"], cache["Whh"]
    N, T, H = dhs.shape
    dx = np.zeros_like(x)
    dWxh, dWhh, dbh = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros(H)
    dh_next = np.zeros((N, H))
    for t in reversed(range(T)):
        h_prev = hs[:, t - 1] if t > 0 else h0
        draw = (dhs[:, t] + dh_next) * (1.0 - hs[:, t] ** 2)
        dWxh += np.dot(x[:, t].T, draw)
        dWhh += np.dot(h_prev.T, draw)
        dbh += draw.sum(axis=0)
        dx[:, t] = np.dot(draw, Wxh.T)
        dh_next = np.dot(draw, Whh.T)
    return dx, dh_next, dWxh, dWhh, dbh


def faulty():
    rng = np.random.default_rng(11)
    x, h0 = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 5))
    Wxh, Whh, bh = 0.5 * rng.normal(size=(3, 5)), 0.4 * rng.normal(size=(5, 5)), 0.1 * rng.normal(size=5)
    return {"subject": (rnn_forward, rnn_backward), "inputs": (x, h0, Wxh, Whh, bh)}


def correct():
    rng = np.random.default_rng(11)
    x, h0 = rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 5))
    Wxh, Whh, bh = 0.5 * rng.normal(size=(3, 5)), 0.4 * rng.normal(size=(5, 5)), 0.1 * rng.normal(size=5)
    return {"subject": (rnn_forward_repaired, rnn_backward_repaired), "inputs": (x, h0, Wxh, Whh, bh)}
