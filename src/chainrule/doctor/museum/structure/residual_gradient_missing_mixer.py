"""MLP-Mixer block as two functions: token mixing, then channel mixing, each with a skip.

Symptom: one block trains, a tall stack hardly moves its lowest blocks.
Repair: the first skip connection carries its gradient as well.
"""
import numpy as np

CODES = ("residual-gradient-missing",)
PLACES = ("x", "0")


def mixer_fwd(x, A, B, C, D):
    """x (n, tokens, channels); A (s, tokens), B (tokens, s), C (channels, r), D (r, channels)"""
    u = np.tanh(np.einsum('st,ntc->nsc', A, x))
    y = x + np.einsum('ts,nsc->ntc', B, u)
    v = np.tanh(y @ C)
    z = y + v @ D
    return z, (x, A, B, C, D, u, y, v)


def mixer_bwd(dz, ctx):
    x, A, B, C, D, u, y, v = ctx
    # channel mixing
    dD = np.einsum('ntr,ntc->rc', v, dz)
    dpre = (dz @ D.T) * (1 - v * v)
    dC = np.einsum('ntc,ntr->cr', y, dpre)
    dy = dz + dpre @ C.T
    # token mixing
    dB = np.einsum('ntc,nsc->ts', dy, u)
    dpre = np.einsum('ts,ntc->nsc', B, dy) * (1 - u * u)
    dA = np.einsum('nsc,ntc->st', dpre, x)
    dx = np.einsum('st,nsc->ntc', A, dpre)  # FAULT
    return dx, dA, dB, dC, dD


def mixer_fwd_repaired(x, A, B, C, D):
    """x (n, tokens, channels); A (s, tokens), B (tokens, s), C (channels, r), D (r, channels)"""
    u = np.tanh(np.einsum('st,ntc->nsc', A, x))
    y = x + np.einsum('ts,nsc->ntc', B, u)
    v = np.tanh(y @ C)
    z = y + v @ D
    return z, (x, A, B, C, D, u, y, v)


def mixer_bwd_repaired(dz, ctx):
    x, A, B, C, D, u, y, v = ctx
    # channel mixing
    dD = np.einsum('ntr,ntc->rc', v, dz)
    dpre = (dz @ D.T) * (1 - v * v)
    dC = np.einsum('ntc,ntr->cr', y, dpre)
    dy = dz + dpre @ C.T
    # token mixing
    dB = np.einsum('ntc,nsc->ts', dy, u)
    dpre = np.einsum('ts,ntc->nsc', B, dy) * (1 - u * u)
    dA = np.einsum('nsc,ntc->st', dpre, x)
    dx = dy + np.einsum('st,nsc->ntc', A, dpre)
    return dx, dA, dB, dC, dD


def faulty():
    r = np.random.default_rng(21)
    shapes = (2, 4, 3), (5, 4), (4, 5), (3, 6), (6, 3)
    return {"subject": (mixer_fwd, mixer_bwd), "inputs": tuple(r.normal(size=s) * 0.6 for s in shapes)}


def correct():
    r = np.random.default_rng(21)
    shapes = (2, 4, 3), (5, 4), (4, 5), (3, 6), (6, 3)
    return {"subject": (mixer_fwd_repaired, mixer_bwd_repaired), "inputs": tuple(r.normal(size=s) * 0.6 for s in shapes)}
