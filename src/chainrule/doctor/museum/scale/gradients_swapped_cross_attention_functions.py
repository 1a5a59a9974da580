"""Cross-attention as forward / backward functions, gradients as a tuple.

Symptom: attention maps stay uniform, yet the output norm changes wildly.
Repair: return the gradients in the order of the arguments: ..., dWk, dWv.
"""
import numpy as np

CODES = ("gradients-swapped",)
PLACES = ("Wk", "Wv", "")


def xattn_forward(x, mem, Wq, Wk, Wv):
    q, k, v = x @ Wq, mem @ Wk, mem @ Wv
    c = q.shape[-1] ** -0.5
    s = c * q @ k.swapaxes(1, 2)
    s -= s.max(axis=2, keepdims=True)
    p = np.exp(s)
    p /= p.sum(axis=2, keepdims=True)
    return p @ v, (x, mem, Wq, Wk, Wv, q, k, v, p, c)


def xattn_backward(dout, cache):
    x, mem, Wq, Wk, Wv, q, k, v, p, c = cache
    dv = p.swapaxes(1, 2) @ dout
    dp = dout @ v.swapaxes(1, 2)
    ds = c * p * (dp - (dp * p).sum(axis=2, keepdims=True))
    dq = ds @ k
    dk = ds.swapaxes(1, 2) @ q
    dWq = np.einsum("bti,btj->ij", x, dq)
    dWk = np.einsum("bti,btj->ij", mem, dk)
    dWv = np.einsum("bti,btj->ij", mem, dv)
    dx = dq @ Wq.T
    dmem = dk @ Wk.T + dv @ Wv.T
    return dx, dmem, dWq, dWv, dWk  # FAULT


def xattn_forward_repaired(x, mem, Wq, Wk, Wv):
    q, k, v = x @ Wq, mem @ Wk, mem @ Wv
    c = q.shape[-1] ** -0.5
    s = c * q @ k.swapaxes(1, 2)
    s -= s.max(axis=2, keepdims=True)
    p = np.exp(s)
    p /= p.sum(axis=2, keepdims=True)
    return p @ v, (x, mem, Wq, Wk, Wv, q, k, v, p, c)


def xattn_backward_repaired(dout, cache):
    x, mem, Wq, Wk, Wv, q, k, v, p, c = cache
    dv = p.swapaxes(1, 2) @ dout
    dp = dout @ v.swapaxes(1, 2)
    ds = c * p * (dp - (dp * p).sum(axis=2, keepdims=True))
    dq = ds @ k
    dk = ds.swapaxes(1, 2) @ q
    dWq = np.einsum("bti,btj->ij", x, dq)
    dWk = np.einsum("bti,btj->ij", mem, dk)
    dWv = np.einsum("bti,btj->ij", mem, dv)
    dx = dq @ Wq.T
    dmem = dk @ Wk.T + dv @ Wv.T
    return dx, dmem, dWq, dWk, dWv


def _inputs():
    rs = np.random.RandomState(90)
    return rs.randn(2, 3, 6), rs.randn(2, 4, 7), rs.randn(6, 5) * 0.5, rs.randn(7, 5) * 0.5, rs.randn(7, 5) * 0.5


def faulty():
    return {"subject": (xattn_forward, xattn_backward), "inputs": _inputs()}


def correct():
    return {"subject": (xattn_forward_repaired, xattn_backward_repaired), "inputs": _inputs()}
