"""Scaled dot-product attention as a function pair whose backward forgets the scale.

Symptom: query and key gradients too large by sqrt(d).
Repair: scale the gradient of the scores.
"""
import numpy as np

CODES = ("attention-scale-missing",)
PLACES = ("q", "k", "0", "1")


def sdpa_forward(q, k, v):
    scale = q.shape[-1] ** 0.5
    logits = np.matmul(q, np.swapaxes(k, -2, -1)) / scale
    w = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    w = w / np.sum(w, axis=-1, keepdims=True)
    return np.matmul(w, v), dict(q=q, k=k, v=v, w=w, scale=scale)


def sdpa_backward(dout, c):
    dw = np.matmul(dout, np.swapaxes(c["v"], -2, -1))
    dlogits = c["w"] * (dw - np.sum(dw * c["w"], axis=-1, keepdims=True))
    return dict(q=np.matmul(dlogits, c["k"]),  # FAULT
                k=np.matmul(np.swapaxes(dlogits, -2, -1), c["q"]),
                v=np.matmul(np.swapaxes(c["w"], -2, -1), dout))


def sdpa_forward_repaired(q, k, v):
    scale = q.shape[-1] ** 0.5
    logits = np.matmul(q, np.swapaxes(k, -2, -1)) / scale
    w = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    w = w / np.sum(w, axis=-1, keepdims=True)
    return np.matmul(w, v), dict(q=q, k=k, v=v, w=w, scale=scale)


def sdpa_backward_repaired(dout, c):
    dw = np.matmul(dout, np.swapaxes(c["v"], -2, -1))
    dlogits = c["w"] * (dw - np.sum(dw * c["w"], axis=-1, keepdims=True))
    dlogits = dlogits / c["scale"]
    return dict(q=np.matmul(dlogits, c["k"]),
                k=np.matmul(np.swapaxes(dlogits, -2, -1), c["q"]),
                v=np.matmul(np.swapaxes(c["w"], -2, -1), dout))


def faulty():
    rng = np.random.default_rng(150)
    return {"subject": (sdpa_forward, sdpa_backward),
            "inputs": (rng.normal(size=(2, 3, 5)), rng.normal(size=(2, 4, 5)), rng.normal(size=(2, 4, 6)))}


def correct():
    rng = np.random.default_rng(150)
    return {"subject": (sdpa_forward_repaired, sdpa_backward_repaired),
            "inputs": (rng.normal(size=(2, 3, 5)), rng.normal(size=(2, 4, 5)), rng.normal(size=(2, 4, 6)))}
