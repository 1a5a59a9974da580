"""Bag-of-embeddings text classifier with a parameter-list SGD.

Symptom: Training runs without an error, the loss never moves.
Repair: Subtract in place; 'p = p - ...' only rebinds the loop variable.
"""
import numpy as np

CODES = ('update-disagrees', 'parameter-not-updated')
PLACES = ('emb', 'w', 'b', 'u', 'c', '')

def documents(n, seed):
    """20 words; each of three topics prefers six of them."""
    r = np.random.RandomState(seed)
    topic = r.randint(0, 3, size=n)
    noise = r.randint(0, 20, size=(n, 6))
    own = topic[:, None] * 6 + r.randint(0, 6, size=(n, 6))
    return np.where(r.rand(n, 6) < 0.6, own, noise), topic


def xent(y, t):
    y = y - y.max(axis=1, keepdims=True)
    logp = y - np.log(np.exp(y).sum(axis=1, keepdims=True))
    return -logp[range(len(t)), t].mean()


def xent_grad(y, t):
    e = np.exp(y - y.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True) - np.eye(y.shape[1])[t]) / len(t)


class BagClassifier:
    def __init__(self, vocab=20, dim=8, hidden=12, classes=3):
        r = np.random.RandomState(5)
        self.emb = r.randn(vocab, dim)
        self.w = r.randn(dim, hidden) / np.sqrt(dim) * 1.5
        self.b = np.zeros(hidden)
        self.u = r.randn(hidden, classes) / np.sqrt(hidden)
        self.c = np.zeros(classes)

    def parameters(self):
        return [self.emb, self.w, self.b, self.u, self.c]

    def gradients(self):
        return [self.demb, self.dw, self.db, self.du, self.dc]

    def forward(self, ids):
        self.ids = ids
        self.mean = self.emb[ids].mean(axis=1)
        self.h = np.tanh(self.mean @ self.w + self.b)
        return self.h @ self.u + self.c

    def backward(self, dy):
        self.du, self.dc = self.h.T @ dy, dy.sum(axis=0)
        da = (dy @ self.u.T) * (1 - self.h ** 2)
        self.dw, self.db = self.mean.T @ da, da.sum(axis=0)
        dmean = da @ self.w.T / self.ids.shape[1]
        self.demb = np.zeros_like(self.emb)
        np.add.at(self.demb, self.ids, np.repeat(dmean[:, None, :], self.ids.shape[1], axis=1))


class SGD:
    def __init__(self, model, lr):
        self.model, self.lr = model, lr

    def step(self):
        for p, g in zip(self.model.parameters(), self.model.gradients()):
            p = p - self.lr * g  # FAULT


class BagClassifierRepaired:
    def __init__(self, vocab=20, dim=8, hidden=12, classes=3):
        r = np.random.RandomState(5)
        self.emb = r.randn(vocab, dim)
        self.w = r.randn(dim, hidden) / np.sqrt(dim) * 1.5
        self.b = np.zeros(hidden)
        self.u = r.randn(hidden, classes) / np.sqrt(hidden)
        self.c = np.zeros(classes)

    def parameters(self):
        return [self.emb, self.w, self.b, self.u, self.c]

    def gradients(self):
        return [self.demb, self.dw, self.db, self.du, self.dc]

    def forward(self, ids):
        self.ids = ids
        self.mean = self.emb[ids].mean(axis=1)
        self.h = np.tanh(self.mean @ self.w + self.b)
        return self.h @ self.u + self.c

    def backward(self, dy):
        self.du, self.dc = self.h.T @ dy, dy.sum(axis=0)
        da = (dy @ self.u.T) * (1 - self.h ** 2)
        self.dw, self.db = self.mean.T @ da, da.sum(axis=0)
        dmean = da @ self.w.T / self.ids.shape[1]
        self.demb = np.zeros_like(self.emb)
        np.add.at(self.demb, self.ids, np.repeat(dmean[:, None, :], self.ids.shape[1], axis=1))


class SGDRepaired:
    def __init__(self, model, lr):
        self.model, self.lr = model, lr

    def step(self):
        for p, g in zip(self.model.parameters(), self.model.gradients()):
            p -= self.lr * g


def faulty():
    ids, topic = documents(150, 0)
    model = BagClassifier()
    return {"training_check": True, "subject": model, "x": ids, "target": topic,
            "optimizer": SGD(model, 0.04), "loss": (xent, xent_grad), "evaluation": documents(60, 1),
            "learning_rate": 0.04, "batch_size": 10, "steps": 800}


def correct():
    ids, topic = documents(150, 0)
    model = BagClassifierRepaired()
    return {"training_check": True, "subject": model, "x": ids, "target": topic,
            "optimizer": SGDRepaired(model, 0.04), "loss": (xent, xent_grad), "evaluation": documents(60, 1),
            "learning_rate": 0.04, "batch_size": 10, "steps": 800}
