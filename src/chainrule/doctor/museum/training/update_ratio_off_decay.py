"""A trainer that decays its learning rate after every batch instead of after every epoch.

Symptom: the loss falls for a dozen steps and then stands still, far from its floor.
Repair: decay once per epoch.
"""
import numpy as np

CODES = ("update-ratio-off",)
PLACES = ("", "kernel", "learning_rate", "params.kernel")


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class Trainer:
    """Softmax regression with an exponentially decaying learning rate."""

    def __init__(self, n_in, n_classes, batches_per_epoch, rng):
        self.params = {"kernel": rng.normal(size=(n_in, n_classes)) * 0.3, "bias": np.zeros(n_classes)}
        self.batches_per_epoch = batches_per_epoch
        self.initial_rate = 0.1
        self.decay = 0.8
        self.batches_seen = 0

    def predict(self, x):
        return softmax(x @ self.params["kernel"] + self.params["bias"])

    def rate(self):
        epoch = self.batches_seen  # FAULT
        return self.initial_rate * self.decay ** epoch

    def train_step(self, x, y):
        p = self.predict(x)
        loss = -np.mean(np.log(p[np.arange(len(y)), y]))
        p[np.arange(len(y)), y] -= 1
        grads = {"kernel": x.T @ p / len(y), "bias": p.mean(axis=0)}
        for name in self.params:
            self.params[name] -= self.rate() * grads[name]
        self.batches_seen += 1
        return float(loss)


class TrainerRepaired:
    """Softmax regression with an exponentially decaying learning rate."""

    def __init__(self, n_in, n_classes, batches_per_epoch, rng):
        self.params = {"kernel": rng.normal(size=(n_in, n_classes)) * 0.3, "bias": np.zeros(n_classes)}
        self.batches_per_epoch = batches_per_epoch
        self.initial_rate = 0.1
        self.decay = 0.8
        self.batches_seen = 0

    def predict(self, x):
        return softmax(x @ self.params["kernel"] + self.params["bias"])

    def rate(self):
        epoch = self.batches_seen // self.batches_per_epoch
        return self.initial_rate * self.decay ** epoch

    def train_step(self, x, y):
        p = self.predict(x)
        loss = -np.mean(np.log(p[np.arange(len(y)), y]))
        p[np.arange(len(y)), y] -= 1
        grads = {"kernel": x.T @ p / len(y), "bias": p.mean(axis=0)}
        for name in self.params:
            self.params[name] -= self.rate() * grads[name]
        self.batches_seen += 1
        return float(loss)


def faulty():
    rng = np.random.default_rng(55)
    centers = 0.6 * rng.normal(size=(5, 12))
    y = rng.integers(5, size=260)
    x = centers[y] + 0.6 * rng.normal(size=(260, 12))
    return {"training_check": True, "subject": Trainer(12, 5, 10, rng), "x": x[:200], "target": y[:200],
            "evaluation": (x[200:], y[200:]), "batch_size": 20, "steps": 80}


def correct():
    rng = np.random.default_rng(55)
    centers = 0.6 * rng.normal(size=(5, 12))
    y = rng.integers(5, size=260)
    x = centers[y] + 0.6 * rng.normal(size=(260, 12))
    return {"training_check": True, "subject": TrainerRepaired(12, 5, 10, rng), "x": x[:200],
            "target": y[:200],
            "evaluation": (x[200:], y[200:]), "batch_size": 20, "steps": 80}
