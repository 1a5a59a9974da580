"""Autoencoder with RMSprop whose default learning rate is off by orders of magnitude.

Symptom: Every step replaces the weights; the reconstruction error triples at once and then bounces on a high plateau.
Repair: Default learning rate 0.001.
"""
import numpy as np

CODES = ('update-ratio-off',)
PLACES = ('lr', 'optimizer', '')

def lowRank(n, seed):
    g = np.random.RandomState(seed)
    basis = np.random.RandomState(77).randn(3, 8)
    return np.tanh(g.randn(n, 3) @ basis * 0.5) + 0.05 * g.randn(n, 8)


def squaredError(y, t):
    return 0.5 * np.mean(np.sum((y - t) ** 2, axis=1))


def squaredErrorGrad(y, t):
    return (y - t) / y.shape[0]


class AutoEncoder:
    def __init__(self, n=8, hid=6, code=4):
        g = np.random.RandomState(13)
        sizes = [n, hid, code, hid, n]
        self.weights = [g.randn(a, b) / np.sqrt(a) for a, b in zip(sizes, sizes[1:])]
        self.biases = [np.zeros(b) for b in sizes[1:]]

    def forward(self, x):
        self.acts = [x]
        for i, (w, b) in enumerate(zip(self.weights, self.biases)):
            z = self.acts[-1] @ w + b
            self.acts.append(np.tanh(z) if i < 3 else z)
        return self.acts[-1]

    def backward(self, d):
        self.weightGrads, self.biasGrads = [], []
        for i in (3, 2, 1, 0):
            if i < 3:
                d = d * (1 - self.acts[i + 1] ** 2)
            self.weightGrads.insert(0, self.acts[i].T @ d)
            self.biasGrads.insert(0, d.sum(0))
            d = d @ self.weights[i].T
        return d


class RMSprop:
    def __init__(self, model, lr=0.3, alpha=0.99, eps=1e-6):  # FAULT
        self.model, self.lr, self.alpha, self.eps = model, lr, alpha, eps
        self.sq = [np.zeros_like(p) for p in model.weights + model.biases]
        self.count = 0

    def step(self):
        self.count += 1
        for s, p, g in zip(self.sq, self.model.weights + self.model.biases, self.model.weightGrads + self.model.biasGrads):
            s *= self.alpha
            s += (1 - self.alpha) * g * g
            p -= self.lr * g / (np.sqrt(s / (1 - self.alpha ** self.count)) + self.eps)


class AutoEncoderRepaired:
    def __init__(self, n=8, hid=6, code=4):
        g = np.random.RandomState(13)
        sizes = [n, hid, code, hid, n]
        self.weights = [g.randn(a, b) / np.sqrt(a) for a, b in zip(sizes, sizes[1:])]
        self.biases = [np.zeros(b) for b in sizes[1:]]

    def forward(self, x):
        self.acts = [x]
        for i, (w, b) in enumerate(zip(self.weights, self.biases)):
            z = self.acts[-1] @ w + b
            self.acts.append(np.tanh(z) if i < 3 else z)
        return self.acts[-1]

    def backward(self, d):
        self.weightGrads, self.biasGrads = [], []
        for i in (3, 2, 1, 0):
            if i < 3:
                d = d * (1 - self.acts[i + 1] ** 2)
            self.weightGrads.insert(0, self.acts[i].T @ d)
            self.biasGrads.insert(0, d.sum(0))
            d = d @ self.weights[i].T
        return d


class RMSpropRepaired:
    def __init__(self, model, lr=0.001, alpha=0.99, eps=1e-6):
        self.model, self.lr, self.alpha, self.eps = model, lr, alpha, eps
        self.sq = [np.zeros_like(p) for p in model.weights + model.biases]
        self.count = 0

    def step(self):
        self.count += 1
        for s, p, g in zip(self.sq, self.model.weights + self.model.biases, self.model.weightGrads + self.model.biasGrads):
            s *= self.alpha
            s += (1 - self.alpha) * g * g
            p -= self.lr * g / (np.sqrt(s / (1 - self.alpha ** self.count)) + self.eps)


def faulty():
    x = lowRank(150, 0)
    xe = lowRank(60, 1)
    model = AutoEncoder()
    opt = RMSprop(model)
    return {"training_check": True, "subject": model, "x": x, "target": x.copy(), "optimizer": opt,
            "loss": (squaredError, squaredErrorGrad), "evaluation": (xe, xe.copy()), "learning_rate": opt.lr, "batch_size": 15, "steps": 400}


def correct():
    x = lowRank(150, 0)
    xe = lowRank(60, 1)
    model = AutoEncoderRepaired()
    opt = RMSpropRepaired(model)
    return {"training_check": True, "subject": model, "x": x, "target": x.copy(), "optimizer": opt,
            "loss": (squaredError, squaredErrorGrad), "evaluation": (xe, xe.copy()), "learning_rate": opt.lr, "batch_size": 15, "steps": 400}
