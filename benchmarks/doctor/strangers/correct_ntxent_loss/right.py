import numpy as np


def ntxent(za, zb, tau=0.5):
    """SimCLR: 2B unit vectors, each has to find its other view among the 2B - 1 others. Returns the mean loss."""
    z = np.concatenate([za, zb])
    norm = np.linalg.norm(z, axis=1, keepdims=True)
    u = z / norm
    sim = u @ u.T / tau
    np.fill_diagonal(sim, -np.inf)
    m = sim.max(axis=1, keepdims=True)
    e = np.exp(sim - m)
    p = e / e.sum(axis=1, keepdims=True)
    n = len(z)
    partner = (np.arange(n) + n // 2) % n
    loss = -np.mean(np.log(p[np.arange(n), partner]))
    return np.array(loss), (u, norm, p, partner, tau)


def ntxent_backward(dloss, cache):
    u, norm, p, partner, tau = cache
    n = len(u)
    ds = p.copy()
    ds[np.arange(n), partner] -= 1
    ds *= dloss / (n * tau)
    du = (ds + ds.T) @ u
    dz = (du - u * (du * u).sum(axis=1, keepdims=True)) / norm
    return dz[:n // 2], dz[n // 2:]
