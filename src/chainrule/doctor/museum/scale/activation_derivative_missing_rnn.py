"""Backpropagation through time of an Elman network, time first.

Symptom: with longer sequences the gradients blow up although tanh should damp them.
Repair: go through tanh at every step: dz = dh (1 - h^2).
"""
import numpy as np

CODES = ("activation-derivative-missing",)
PLACES = ("Wxh", "Whh", "bh", "xs", "")


def rnn_forward(xs, h0, Wxh, Whh, bh):
    """xs (T, B, D), h0 (B, H) -> hs (T, B, H)."""
    T, B, _ = xs.shape
    hs = np.zeros((T + 1, B, Whh.shape[0]))
    hs[0] = h0
    for t in range(T):
        hs[t + 1] = np.tanh(xs[t] @ Wxh + hs[t] @ Whh + bh)
    return hs[1:].copy(), (xs, hs, Wxh, Whh)


def rnn_backward(dhs, cache):
    xs, hs, Wxh, Whh = cache
    dxs = np.zeros_like(xs)
    dWxh, dWhh, dbh = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros(Whh.shape[0])
    dh_next = np.zeros_like(hs[0])
    for t in reversed(range(xs.shape[0])):
        dh = dhs[t] + dh_next
        dz = dh  # FAULT
        dWxh += xs[t].T @ dz
        dWhh += hs[t].T @ dz
        dbh += dz.sum(axis=0)
        dxs[t] = dz @ Wxh.T
        dh_next = dz @ Whh.T
    return dxs, dh_next, dWxh, dWhh, dbh


def rnn_forward_repaired(xs, h0, Wxh, Whh, bh):
    """xs (T, B, D), h0 (B, H) -> hs (T, B, H)."""
    T, B, _ = xs.shape
    hs = np.zeros((T + 1, B, Whh.shape[0]))
    hs[0] = h0
    for t in range(T):
        hs[t + 1] = np.tanh(xs[t] @ Wxh + hs[t] @ Whh + bh)
    return hs[1:].copy(), (xs, hs, Wxh, Whh)


def rnn_backward_repaired(dhs, cache):
    xs, hs, Wxh, Whh = cache
    dxs = np.zeros_like(xs)
    dWxh, dWhh, dbh = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros(Whh.shape[0])
    dh_next = np.zeros_like(hs[0])
    for t in reversed(range(xs.shape[0])):
        dh = dhs[t] + dh_next
        dz = dh * (1.0 - hs[t + 1] ** 2)
        dWxh += xs[t].T @ dz
        dWhh += hs[t].T @ dz
        dbh += dz.sum(axis=0)
        dxs[t] = dz @ Wxh.T
        dh_next = dz @ Whh.T
    return dxs, dh_next, dWxh, dWhh, dbh


def faulty():
    rng = np.random.default_rng(8)
    inputs = (rng.normal(size=(4, 2, 3)), rng.normal(size=(2, 5)) * 0.5, rng.normal(size=(3, 5)) * 0.5,
              rng.normal(size=(5, 5)) * 0.4, rng.normal(size=5) * 0.1)
    return {"subject": (rnn_forward, rnn_backward), "inputs": inputs}


def correct():
    rng = np.random.default_rng(8)
    inputs = (rng.normal(size=(4, 2, 3)), rng.normal(size=(2, 5)) * 0.5, rng.normal(size=(3, 5)) * 0.5,
              rng.normal(size=(5, 5)) * 0.4, rng.normal(size=5) * 0.1)
    return {"subject": (rnn_forward_repaired, rnn_backward_repaired), "inputs": inputs}
