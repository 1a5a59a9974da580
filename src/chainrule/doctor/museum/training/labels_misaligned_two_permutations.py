"""Classifier with batch-free SiLU layers; the loader shuffles inputs and labels one after the other.

Symptom: It learns the training set by heart, held-out accuracy stays at chance.
Repair: Shuffle both with one permutation.
"""
import numpy as np

CODES = ('labels-misaligned',)
PLACES = ('target', 'y', '')

def xent(z, y):
    z = z - z.max(1, keepdims=True)
    return (np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]).mean()


def dxent(z, y):
    q = np.exp(z - z.max(1, keepdims=True))
    return (q / q.sum(1, keepdims=True) - np.eye(z.shape[1])[y]) / len(y)


class SiluNet:
    def __init__(self, d=6, h=32, c=3):
        rng = np.random.default_rng(14)
        self.W = [rng.normal(0, 1.4 / np.sqrt(d), (d, h)), rng.normal(0, 0.25 / np.sqrt(h), (h, c))]
        self.B = [np.zeros(h), np.zeros(c)]

    def forward(self, x):
        z = x @ self.W[0] + self.B[0]
        s = 1 / (1 + np.exp(-z))
        self.keep = x, z, s
        return (z * s) @ self.W[1] + self.B[1]

    def backward(self, dy):
        x, z, s = self.keep
        dz = dy @ self.W[1].T * (s + z * s * (1 - s))
        self.dW = [x.T @ dz, (z * s).T @ dy]
        self.dB = [dz.sum(0), dy.sum(0)]
        return dz @ self.W[0].T


class AdamLite:
    def __init__(self, net, lr):
        self.net, self.lr, self.t = net, lr, 0
        self.m = [np.zeros_like(p) for p in net.W + net.B]
        self.v = [np.zeros_like(p) for p in net.W + net.B]

    def step(self):
        self.t += 1
        for m, v, p, g in zip(self.m, self.v, self.net.W + self.net.B, self.net.dW + self.net.dB):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p -= self.lr * (m / (1 - 0.9 ** self.t)) / (np.sqrt(v / (1 - 0.999 ** self.t)) + 1e-8)


def load(seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, 6)) * 1.2
    y = np.repeat(np.arange(3), 40)
    x = centres[y] + 0.7 * rng.normal(size=(120, 6))
    ye = rng.integers(0, 3, 60)
    xe = centres[ye] + 0.7 * rng.normal(size=(60, 6))
    order = rng.permutation(120)
    x = x[order]
    y = y[rng.permutation(120)]  # FAULT
    return x, y, xe, ye


def load_repaired(seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, 6)) * 1.2
    y = np.repeat(np.arange(3), 40)
    x = centres[y] + 0.7 * rng.normal(size=(120, 6))
    ye = rng.integers(0, 3, 60)
    xe = centres[ye] + 0.7 * rng.normal(size=(60, 6))
    order = rng.permutation(120)
    x = x[order]
    y = y[order]
    return x, y, xe, ye


def faulty():
    x, y, xe, ye = load()
    net = SiluNet()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": AdamLite(net, 7e-4),
            "loss": (xent, dxent), "evaluation": (xe, ye), "learning_rate": 7e-4, "batch_size": 12, "steps": 1200}


def correct():
    x, y, xe, ye = load_repaired()
    net = SiluNet()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": AdamLite(net, 7e-4),
            "loss": (xent, dxent), "evaluation": (xe, ye), "learning_rate": 7e-4, "batch_size": 12, "steps": 1200}
