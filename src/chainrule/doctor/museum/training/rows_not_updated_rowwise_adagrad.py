"""Recommender-like embedding model with a row-wise Adagrad.

Symptom: Items with a high id keep their random embedding.
Repair: Loop over the rows (shape[0]) of the table.
"""
import numpy as np

CODES = ('rows-not-updated',)
PLACES = ('table', 'params.table', 'proj', 'params.proj', '')

def baskets(n, seed):
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 4, n)
    items = (rng.integers(0, 4, (n, 5)) * 4 + group[:, None]) % 16
    swap = rng.random((n, 5)) < 0.3
    items[swap] = rng.integers(0, 16, swap.sum())
    return items, group


def logsoftmax_loss(s, y):
    s = s - s.max(-1, keepdims=True)
    return float((np.log(np.exp(s).sum(-1)) - np.take_along_axis(s, y[:, None], 1)[:, 0]).mean())


def logsoftmax_grad(s, y):
    p = np.exp(s - s.max(-1, keepdims=True))
    p = p / p.sum(-1, keepdims=True)
    return (p - (np.arange(s.shape[1]) == y[:, None])) / len(y)


class BasketModel:
    def __init__(self, n_items=16, dim=6, groups=4):
        rng = np.random.default_rng(8)
        self.params = {"table": rng.normal(0, 0.8, (n_items, dim)), "proj": rng.normal(0, 0.25, (dim, groups)), "bias": np.zeros(groups)}
        self.grads = {}

    def forward(self, items):
        self.items = items
        self.user = self.params["table"][items].sum(1) / np.sqrt(items.shape[1])
        return self.user @ self.params["proj"] + self.params["bias"]

    def backward(self, ds):
        self.grads["proj"] = self.user.T @ ds
        self.grads["bias"] = ds.sum(0)
        du = ds @ self.params["proj"].T / np.sqrt(self.items.shape[1])
        g = np.zeros_like(self.params["table"])
        for j in range(self.items.shape[1]):
            np.add.at(g, self.items[:, j], du)
        self.grads["table"] = g


class RowAdagrad:
    def __init__(self, model, lr=0.02):
        self.model, self.lr = model, lr
        self.acc = {k: np.full(v.shape[0], 0.1) for k, v in model.params.items()}

    def step(self):
        for k, w in self.model.params.items():
            g = self.model.grads[k]
            if w.ndim == 1:
                self.acc[k] += g ** 2
                w -= self.lr * g / np.sqrt(self.acc[k])
            else:
                for r in range(g.shape[-1]):  # FAULT
                    self.acc[k][r] += np.mean(g[r] ** 2)
                    w[r] -= self.lr * g[r] / np.sqrt(self.acc[k][r])


class BasketModelRepaired:
    def __init__(self, n_items=16, dim=6, groups=4):
        rng = np.random.default_rng(8)
        self.params = {"table": rng.normal(0, 0.8, (n_items, dim)), "proj": rng.normal(0, 0.25, (dim, groups)), "bias": np.zeros(groups)}
        self.grads = {}

    def forward(self, items):
        self.items = items
        self.user = self.params["table"][items].sum(1) / np.sqrt(items.shape[1])
        return self.user @ self.params["proj"] + self.params["bias"]

    def backward(self, ds):
        self.grads["proj"] = self.user.T @ ds
        self.grads["bias"] = ds.sum(0)
        du = ds @ self.params["proj"].T / np.sqrt(self.items.shape[1])
        g = np.zeros_like(self.params["table"])
        for j in range(self.items.shape[1]):
            np.add.at(g, self.items[:, j], du)
        self.grads["table"] = g


class RowAdagradRepaired:
    def __init__(self, model, lr=0.02):
        self.model, self.lr = model, lr
        self.acc = {k: np.full(v.shape[0], 0.1) for k, v in model.params.items()}

    def step(self):
        for k, w in self.model.params.items():
            g = self.model.grads[k]
            if w.ndim == 1:
                self.acc[k] += g ** 2
                w -= self.lr * g / np.sqrt(self.acc[k])
            else:
                for r in range(g.shape[0]):
                    self.acc[k][r] += np.mean(g[r] ** 2)
                    w[r] -= self.lr * g[r] / np.sqrt(self.acc[k][r])


def faulty():
    items, group = baskets(160, 0)
    model = BasketModel()
    return {"training_check": True, "subject": model, "x": items, "target": group, "optimizer": RowAdagrad(model),
            "loss": (logsoftmax_loss, logsoftmax_grad), "evaluation": baskets(80, 1), "learning_rate": 0.02, "batch_size": 16, "steps": 500}


def correct():
    items, group = baskets(160, 0)
    model = BasketModelRepaired()
    return {"training_check": True, "subject": model, "x": items, "target": group, "optimizer": RowAdagradRepaired(model),
            "loss": (logsoftmax_loss, logsoftmax_grad), "evaluation": baskets(80, 1), "learning_rate": 0.02, "batch_size": 16, "steps": 500}
