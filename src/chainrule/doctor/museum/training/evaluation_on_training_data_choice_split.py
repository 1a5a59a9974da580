"""Deep-set classifier; train and test rows drawn by two independent choices.

Symptom: Test accuracy follows training accuracy suspiciously well.
Repair: Split one permutation.
"""
import numpy as np

CODES = ('evaluation-on-training-data',)
PLACES = ('evaluation', '')

def all_sets(n=200, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    mean = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1.0]])[y]
    return mean[:, None, :] + rng.normal(size=(n, 6, 3)), y


def lossf(s, y):
    s = s - s.max(1, keepdims=True)
    return np.mean(np.log(np.exp(s).sum(1)) - s[np.arange(len(y)), y])


def lossb(s, y):
    p = np.exp(s - s.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


class DeepSet:
    def __init__(self, d=3, h=10, c=3):
        rng = np.random.default_rng(1)
        self.phi = rng.normal(0, 1 / np.sqrt(d), (d, h))
        self.rho = rng.normal(0, 1 / np.sqrt(h), (h, c))
        self.c = np.zeros(c)

    def forward(self, x):
        self.x, self.u = x, np.tanh(x @ self.phi)
        self.pool = self.u.mean(1)
        return self.pool @ self.rho + self.c

    def backward(self, ds):
        self.grad_rho, self.grad_c = self.pool.T @ ds, ds.sum(0)
        du = (ds @ self.rho.T)[:, None] / self.x.shape[1] * (1 - self.u ** 2)
        self.grad_phi = np.tensordot(self.x, du, ((0, 1), (0, 1)))
        return du @ self.phi.T


class Opt:
    def __init__(self, m, lr):
        self.m, self.lr = m, lr

    def step(self):
        self.m.phi -= self.lr * self.m.grad_phi
        self.m.rho -= self.lr * self.m.grad_rho
        self.m.c -= self.lr * self.m.grad_c


def split(x, y, n_test=60, seed=4):
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    train = order[n_test:]
    test = rng.choice(len(x), n_test, replace=False)  # FAULT
    return (x[train], y[train]), (x[test], y[test])


def split_repaired(x, y, n_test=60, seed=4):
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    train = order[n_test:]
    test = order[:n_test]
    return (x[train], y[train]), (x[test], y[test])


def faulty():
    (x, y), held_out = split(*all_sets())
    model = DeepSet()
    return {"training_check": True, "subject": model, "x": x, "target": y, "optimizer": Opt(model, 0.03),
            "loss": (lossf, lossb), "evaluation": held_out, "learning_rate": 0.03, "batch_size": 14, "steps": 600}


def correct():
    (x, y), held_out = split_repaired(*all_sets())
    model = DeepSet()
    return {"training_check": True, "subject": model, "x": x, "target": y, "optimizer": Opt(model, 0.03),
            "loss": (lossf, lossb), "evaluation": held_out, "learning_rate": 0.03, "batch_size": 14, "steps": 600}
