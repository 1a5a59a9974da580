"""A prototype classifier in single precision whose softmax takes the exponential as it comes.

Symptom: rows far from every prototype give 0 / 0; the loss is NaN, soon the prototypes too.
Repair: subtract the row maximum first.
"""
import numpy as np

CODES = ("dtype-hazard",)
PLACES = ("", "softmax", "x", "prototypes")


class Softmax:
    def forward(self, z):
        e = np.exp(z)  # FAULT
        self.p = e / e.sum(axis=-1, keepdims=True)
        return self.p


class PrototypeClassifier:
    """The logits are negative squared distances to one prototype per class."""

    def __init__(self, n_features, n_classes, rng):
        self.prototypes = (0.03 * rng.normal(size=(n_classes, n_features))).astype(np.float32)
        self.softmax = Softmax()

    def predict(self, x):
        self.difference = x[:, None, :] - self.prototypes
        return self.softmax.forward(-np.sum(self.difference ** 2, axis=2))

    def step(self, x, target, learning_rate):
        p = self.predict(x)
        rows = np.arange(len(x))
        loss = -np.log(np.maximum(p[rows, target], np.float32(1e-30))).mean()
        delta = p.copy()
        delta[rows, target] -= 1
        self.grad_prototypes = 2 * np.einsum("bk,bkf->kf", delta, self.difference) / len(x)
        self.prototypes -= learning_rate * self.grad_prototypes
        return float(loss)


class SoftmaxRepaired:
    def forward(self, z):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        self.p = e / e.sum(axis=-1, keepdims=True)
        return self.p


class PrototypeClassifierRepaired:
    """The logits are negative squared distances to one prototype per class."""

    def __init__(self, n_features, n_classes, rng):
        self.prototypes = (0.03 * rng.normal(size=(n_classes, n_features))).astype(np.float32)
        self.softmax = SoftmaxRepaired()

    def predict(self, x):
        self.difference = x[:, None, :] - self.prototypes
        return self.softmax.forward(-np.sum(self.difference ** 2, axis=2))

    def step(self, x, target, learning_rate):
        p = self.predict(x)
        rows = np.arange(len(x))
        loss = -np.log(np.maximum(p[rows, target], np.float32(1e-30))).mean()
        delta = p.copy()
        delta[rows, target] -= 1
        self.grad_prototypes = 2 * np.einsum("bk,bkf->kf", delta, self.difference) / len(x)
        self.prototypes -= learning_rate * self.grad_prototypes
        return float(loss)


def spectra(n, seed):
    """Intensities over a background; each class has a peak of its own."""
    rng = np.random.default_rng(seed)
    y = rng.integers(4, size=n)
    return (2.5 * np.eye(4, 9)[y] + 3.0 + 0.5 * rng.normal(size=(n, 9))).astype(np.float32), y


def faulty():
    x, y = spectra(160, seed=83)
    model = PrototypeClassifier(9, 4, np.random.default_rng(84))
    return {"training_check": True, "subject": model, "x": x[:120], "target": y[:120],
            "evaluation": (x[120:], y[120:]), "learning_rate": 0.003, "batch_size": 30, "steps": 60}


def correct():
    x, y = spectra(160, seed=83)
    model = PrototypeClassifierRepaired(9, 4, np.random.default_rng(84))
    return {"training_check": True, "subject": model, "x": x[:120], "target": y[:120],
            "evaluation": (x[120:], y[120:]), "learning_rate": 0.003, "batch_size": 30, "steps": 60}
