"""A LLaMA-like feed-forward tower: RMSNorm, SwiGLU, skip; twice; final projection.

Symptom: the loss falls, but the norm of the activations grows without end.
Repair: the root mean square is a function of x; project x-hat out of the gradient.
"""
import numpy as np

CODES = ("statistics-treated-constant",)
PLACES = ("tower.0.norm", "tower.1.norm")


class RMSNorm:
    def __init__(self, dim, rng):
        self.g = 1 + 0.3 * rng.standard_normal(dim)
        self.grad_g = np.zeros(dim)

    def __call__(self, x):
        self.rms = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-6)
        self.xhat = x / self.rms
        return self.xhat * self.g

    def backward(self, dy):
        self.grad_g = np.sum(dy * self.xhat, axis=(0, 1))
        dxhat = dy * self.g
        return dxhat / self.rms  # FAULT


class SwiGLU:
    def __init__(self, dim, hidden, rng):
        self.up = rng.standard_normal((dim, hidden)) / np.sqrt(dim)
        self.gate = rng.standard_normal((dim, hidden)) / np.sqrt(dim)
        self.down = rng.standard_normal((hidden, dim)) / np.sqrt(hidden)

    def __call__(self, x):
        self.x = x
        self.u, self.z = x @ self.up, x @ self.gate
        self.sig = 1 / (1 + np.exp(-self.z))
        self.h = self.u * self.z * self.sig
        return self.h @ self.down

    def backward(self, dy):
        self.grad_down = np.einsum('bth,btd->hd', self.h, dy)
        dh = dy @ self.down.T
        du = dh * self.z * self.sig
        dz = dh * self.u * self.sig * (1 + self.z * (1 - self.sig))
        self.grad_up = np.einsum('btd,bth->dh', self.x, du)
        self.grad_gate = np.einsum('btd,bth->dh', self.x, dz)
        return du @ self.up.T + dz @ self.gate.T


class Block:
    def __init__(self, dim, hidden, rng):
        self.norm = RMSNorm(dim, rng)
        self.mlp = SwiGLU(dim, hidden, rng)

    def __call__(self, x):
        return x + self.mlp(self.norm(x))

    def backward(self, dy):
        return dy + self.norm.backward(self.mlp.backward(dy))


class Tower:
    def __init__(self, dim=6, hidden=7, depth=2, vocab=9, seed=0):
        rng = np.random.default_rng(seed)
        self.tower = [Block(dim, hidden, rng) for _ in range(depth)]
        self.lm_head = rng.standard_normal((dim, vocab)) / np.sqrt(dim)

    def __call__(self, x):
        for blk in self.tower:
            x = blk(x)
        self.final = x
        return x @ self.lm_head

    forward = __call__

    def backward(self, dlogits):
        self.grad_lm_head = np.einsum('btd,btv->dv', self.final, dlogits)
        d = dlogits @ self.lm_head.T
        for blk in reversed(self.tower):
            d = blk.backward(d)
        return d


class RMSNormRepaired:
    def __init__(self, dim, rng):
        self.g = 1 + 0.3 * rng.standard_normal(dim)
        self.grad_g = np.zeros(dim)

    def __call__(self, x):
        self.rms = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-6)
        self.xhat = x / self.rms
        return self.xhat * self.g

    def backward(self, dy):
        self.grad_g = np.sum(dy * self.xhat, axis=(0, 1))
        dxhat = dy * self.g
        return (dxhat - self.xhat * np.mean(dxhat * self.xhat, axis=-1, keepdims=True)) / self.rms


class SwiGLURepaired:
    def __init__(self, dim, hidden, rng):
        self.up = rng.standard_normal((dim, hidden)) / np.sqrt(dim)
        self.gate = rng.standard_normal((dim, hidden)) / np.sqrt(dim)
        self.down = rng.standard_normal((hidden, dim)) / np.sqrt(hidden)

    def __call__(self, x):
        self.x = x
        self.u, self.z = x @ self.up, x @ self.gate
        self.sig = 1 / (1 + np.exp(-self.z))
        self.h = self.u * self.z * self.sig
        return self.h @ self.down

    def backward(self, dy):
        self.grad_down = np.einsum('bth,btd->hd', self.h, dy)
        dh = dy @ self.down.T
        du = dh * self.z * self.sig
        dz = dh * self.u * self.sig * (1 + self.z * (1 - self.sig))
        self.grad_up = np.einsum('btd,bth->dh', self.x, du)
        self.grad_gate = np.einsum('btd,bth->dh', self.x, dz)
        return du @ self.up.T + dz @ self.gate.T


class BlockRepaired:
    def __init__(self, dim, hidden, rng):
        self.norm = RMSNormRepaired(dim, rng)
        self.mlp = SwiGLURepaired(dim, hidden, rng)

    def __call__(self, x):
        return x + self.mlp(self.norm(x))

    def backward(self, dy):
        return dy + self.norm.backward(self.mlp.backward(dy))


class TowerRepaired:
    def __init__(self, dim=6, hidden=7, depth=2, vocab=9, seed=0):
        rng = np.random.default_rng(seed)
        self.tower = [BlockRepaired(dim, hidden, rng) for _ in range(depth)]
        self.lm_head = rng.standard_normal((dim, vocab)) / np.sqrt(dim)

    def __call__(self, x):
        for blk in self.tower:
            x = blk(x)
        self.final = x
        return x @ self.lm_head

    forward = __call__

    def backward(self, dlogits):
        self.grad_lm_head = np.einsum('btd,btv->dv', self.final, dlogits)
        d = dlogits @ self.lm_head.T
        for blk in reversed(self.tower):
            d = blk.backward(d)
        return d


def faulty():
    return {"subject": Tower(), "inputs": (np.random.default_rng(1).standard_normal((2, 3, 6)) * 1.5,)}


def correct():
    return {"subject": TowerRepaired(), "inputs": (np.random.default_rng(1).standard_normal((2, 3, 6)) * 1.5,)}
