"""Functional GRU (reset gate applied after the recurrent product, as cuDNN does) with NamedTuples."""
from typing import NamedTuple

import numpy as np


class GRUParams(NamedTuple):
    W: np.ndarray      # (3H, X)  rows: reset, update, new
    R: np.ndarray      # (3H, H)
    bW: np.ndarray     # (3H,)
    bR: np.ndarray     # (3H,)
    V: np.ndarray      # (Y, H)
    bV: np.ndarray     # (Y,)


class StepResiduals(NamedTuple):
    x: np.ndarray
    h: np.ndarray
    r: np.ndarray
    u: np.ndarray
    n: np.ndarray
    q: np.ndarray
    h_next: np.ndarray


def init(n_in: int = 3, n_hidden: int = 8, n_out: int = 2, seed: int = 0) -> GRUParams:
    rng = np.random.default_rng(seed)
    k = n_hidden ** -0.5
    return GRUParams(rng.uniform(-k, k, (3 * n_hidden, n_in)), rng.uniform(-k, k, (3 * n_hidden, n_hidden)),
                     np.zeros(3 * n_hidden), np.zeros(3 * n_hidden),
                     rng.uniform(-k, k, (n_out, n_hidden)), np.zeros(n_out))


def logistic(a):
    return np.reciprocal(1 + np.exp(-a))


def forward(xs: np.ndarray, h0: np.ndarray, params: GRUParams):
    """xs (T, B, X), h0 (B, H) -> ys (T, B, Y)"""
    H = h0.shape[1]
    h, residuals, ys = h0, [], []
    for x in xs:
        a = x @ params.W.T + params.bW
        b = h @ params.R.T + params.bR
        r = logistic(a[:, :H] + b[:, :H])
        u = logistic(a[:, H:2 * H] + b[:, H:2 * H])
        q = b[:, 2 * H:]
        n = np.tanh(a[:, 2 * H:] + r * q)
        h_next = u * h + (1 - u) * n
        residuals.append(StepResiduals(x, h, r, u, n, q, h_next))
        h = h_next
        ys.append(h @ params.V.T + params.bV)
    return np.stack(ys), (residuals, params)


def backward(dys: np.ndarray, saved):
    residuals, params = saved
    grads = GRUParams(*(np.zeros_like(p) for p in params))
    dxs = []
    dh = np.zeros_like(residuals[0].h)
    for dy, s in zip(dys[::-1], residuals[::-1]):
        grads.V[...] += dy.T @ s.h_next
        grads.bV[...] += dy.sum(0)
        dh = dh + dy @ params.V
        dn = dh * (1 - s.u) * (1 - s.n ** 2)
        du = dh * (s.h - s.n) * s.u * (1 - s.u)
        dr = dn * s.q * s.r * (1 - s.r)
        da = np.concatenate([dr, du, dn], axis=1)
        db = np.concatenate([dr, du, dn * s.r], axis=1)
        grads.W[...] += da.T @ s.x
        grads.bW[...] += da.sum(0)
        grads.R[...] += db.T @ s.h
        grads.bR[...] += db.sum(0)
        dxs.append(da @ params.W)
        dh = dh * s.u + db @ params.R
    return np.stack(dxs[::-1]), dh, grads


def mean_squared(ys, target):
    return float(np.mean((ys - target) ** 2)), 2 * (ys - target) / target.size


def train(steps=200, lr=0.5, seed=1):
    """running mean of the first input, truncated backpropagation over chunks with the state handed on"""
    rng = np.random.default_rng(seed)
    params = init(n_in=2, n_hidden=12, n_out=1)
    for step in range(steps):
        h = np.zeros((8, 12))
        x = rng.normal(size=(20, 8, 2))
        target = np.cumsum(x[:, :, :1], axis=0) / np.arange(1, 21)[:, None, None]
        total = 0.0
        for s in (slice(0, 10), slice(10, 20)):
            ys, saved = forward(x[s], h, params)
            loss, dys = mean_squared(ys, target[s])
            _, _, grads = backward(dys, saved)
            h = saved[0][-1].h_next
            params = GRUParams(*(p - lr * g for p, g in zip(params, grads)))
            total += loss
        if step % 50 == 0:
            print(step, total / 2)
    return params


if __name__ == "__main__":
    train()
