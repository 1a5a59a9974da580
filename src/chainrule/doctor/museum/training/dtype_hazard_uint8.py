"""Pictures in bytes that are centered in bytes: everything darker than the mean wraps around to white.

Symptom: training is much worse than with a float copy of the same pictures.
Repair: convert to float before subtracting.
"""
import numpy as np

CODES = ("dtype-hazard",)
PLACES = ("x", "", "prepare")


def photos(n, seed):
    """Bytes: noise around middle gray with a faint bright or dark half."""
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=n)
    mask = np.zeros((4, 5, 6))
    mask[0, :, :3], mask[1, :, 3:], mask[2, :3], mask[3, 3:] = 1, 1, 1, 1
    pixels = 120 + 45 * mask[y] + 30 * rng.normal(size=(n, 5, 6))
    return np.clip(pixels, 0, 255).astype(np.uint8), y


class PhotoClassifier:
    def __init__(self, mean, rng):
        self.mean = mean
        self.W1 = rng.normal(size=(30, 20)) * np.sqrt(2 / 30)
        self.b1 = np.zeros(20)
        self.W2 = rng.normal(size=(20, 4)) * np.sqrt(0.5 / 20)
        self.b2 = np.zeros(4)

    def prepare(self, photos):
        centered = photos - self.mean.astype(np.uint8)  # FAULT
        return centered.reshape(len(photos), -1) / 64.0

    def forward(self, photos):
        self.x = self.prepare(photos)
        self.h = np.maximum(self.x @ self.W1 + self.b1, 0)
        return self.h @ self.W2 + self.b2

    def train_on_batch(self, photos, labels, learning_rate):
        s = self.forward(photos)
        s = s - s.max(axis=1, keepdims=True)
        p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(len(labels)), labels]))
        p[np.arange(len(labels)), labels] -= 1
        p /= len(labels)
        self.dW2, self.db2 = self.h.T @ p, p.sum(axis=0)
        dh = p @ self.W2.T * (self.h > 0)
        self.dW1, self.db1 = self.x.T @ dh, dh.sum(axis=0)
        for name in ("W1", "b1", "W2", "b2"):
            getattr(self, name)[...] -= learning_rate * getattr(self, "d" + name)
        return float(loss)


class PhotoClassifierRepaired:
    def __init__(self, mean, rng):
        self.mean = mean
        self.W1 = rng.normal(size=(30, 20)) * np.sqrt(2 / 30)
        self.b1 = np.zeros(20)
        self.W2 = rng.normal(size=(20, 4)) * np.sqrt(0.5 / 20)
        self.b2 = np.zeros(4)

    def prepare(self, photos):
        centered = photos.astype(np.float64) - self.mean
        return centered.reshape(len(photos), -1) / 64.0

    def forward(self, photos):
        self.x = self.prepare(photos)
        self.h = np.maximum(self.x @ self.W1 + self.b1, 0)
        return self.h @ self.W2 + self.b2

    def train_on_batch(self, photos, labels, learning_rate):
        s = self.forward(photos)
        s = s - s.max(axis=1, keepdims=True)
        p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[np.arange(len(labels)), labels]))
        p[np.arange(len(labels)), labels] -= 1
        p /= len(labels)
        self.dW2, self.db2 = self.h.T @ p, p.sum(axis=0)
        dh = p @ self.W2.T * (self.h > 0)
        self.dW1, self.db1 = self.x.T @ dh, dh.sum(axis=0)
        for name in ("W1", "b1", "W2", "b2"):
            getattr(self, name)[...] -= learning_rate * getattr(self, "d" + name)
        return float(loss)


def faulty():
    x, y = photos(220, seed=79)
    model = PhotoClassifier(x[:160].mean(axis=0), np.random.default_rng(80))
    return {"training_check": True, "subject": model, "x": x[:160], "target": y[:160],
            "evaluation": (x[160:], y[160:]), "learning_rate": 0.05, "batch_size": 40, "steps": 80}


def correct():
    x, y = photos(220, seed=79)
    model = PhotoClassifierRepaired(x[:160].mean(axis=0), np.random.default_rng(80))
    return {"training_check": True, "subject": model, "x": x[:160], "target": y[:160],
            "evaluation": (x[160:], y[160:]), "learning_rate": 0.05, "batch_size": 40, "steps": 80}
