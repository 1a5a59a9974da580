import numpy as np
from typing import NamedTuple


class Lista(NamedTuple):
    We: np.ndarray      # (m, k) encoder
    S: np.ndarray       # (k, k) lateral
    theta: np.ndarray   # (k,)


def init(m, k, seed=0):
    rng = np.random.default_rng(seed)
    D = rng.normal(size=(m, k))
    D /= np.linalg.norm(D, axis=0)
    L = 1.1 * np.linalg.norm(D, 2) ** 2
    return Lista(D / L, np.eye(k) - D.T @ D / L, np.full(k, 0.05))


def shrink(v, theta):
    return np.sign(v) * np.maximum(np.abs(v) - theta, 0.0)


def unroll(x, We, S, theta, steps=3):
    drive = x @ We
    pre = [drive]
    z = shrink(drive, theta)
    codes = [z]
    for _ in range(steps):
        v = drive + z @ S
        z = shrink(v, theta)
        pre.append(v)
        codes.append(z)
    return z, (x, We, S, theta, pre, codes)


def unroll_backward(dz, cache):
    x, We, S, theta, pre, codes = cache
    dS, dtheta = np.zeros_like(S), np.zeros_like(theta)
    ddrive = np.zeros_like(pre[0])
    for t in range(len(pre) - 1, -1, -1):
        active = np.abs(dz) > theta
        dv = dz * active
        dtheta -= (np.sign(pre[t]) * dv).sum(axis=0)
        ddrive += dv
        if t > 0:
            dS += codes[t - 1].T @ dv
            dz = dv @ S.T
    return ddrive @ We.T, x.T @ ddrive, dS, dtheta
