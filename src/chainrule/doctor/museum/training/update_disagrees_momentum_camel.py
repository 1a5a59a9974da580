"""Small 1-D convnet on noisy waves, trained with a momentum optimizer.

Symptom: The loss climbs from the first step although every gradient is right.
Repair: Add the velocity, which already carries the minus sign.
"""
import numpy as np

CODES = ('update-disagrees',)
PLACES = ('K', 'b', 'W', 'c', '')

def makeWaves(n, seed):
    g = np.random.RandomState(seed)
    label = g.randint(0, 3, n)
    t = np.arange(16) / 16.0
    sig = np.sin(2 * np.pi * (1 + 2 * label)[:, None] * t + g.uniform(0, 6.28, (n, 1)))
    return (sig + 0.2 * g.randn(n, 16))[:, :, None], label


def softmaxLoss(scores, label):
    s = scores - scores.max(1, keepdims=True)
    return float(np.mean(np.log(np.exp(s).sum(1)) - s[np.arange(len(label)), label]))


def softmaxLossGrad(scores, label):
    e = np.exp(scores - scores.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    p[np.arange(len(label)), label] -= 1
    return p / len(label)


class WaveNet:
    def __init__(self, filters=8, width=5, seed=3):
        g = np.random.RandomState(seed)
        self.theta = {"K": g.randn(filters, 1, width) * np.sqrt(2.0 / width), "b": np.zeros(filters),
                      "W": g.randn(filters, 3) / np.sqrt(filters), "c": np.zeros(3)}
        self.dTheta = {}

    def forward(self, x):
        self.xShape = x.shape
        width = self.theta["K"].shape[2]
        self.cols = np.lib.stride_tricks.sliding_window_view(x, width, axis=1)
        self.z = np.einsum("blck,fck->blf", self.cols, self.theta["K"]) + self.theta["b"]
        self.pooled = np.where(self.z > 0, self.z, 0.1 * self.z).mean(1)
        return self.pooled @ self.theta["W"] + self.theta["c"]

    def backward(self, dScores):
        n = self.z.shape[1]
        dPooled = dScores @ self.theta["W"].T
        dz = dPooled[:, None, :] / n * np.where(self.z > 0, 1.0, 0.1)
        self.dTheta = {"K": np.einsum("blf,blck->fck", dz, self.cols), "b": dz.sum((0, 1)),
                       "W": self.pooled.T @ dScores, "c": dScores.sum(0)}
        dx = np.zeros(self.xShape)
        for i in range(self.theta["K"].shape[2]):
            dx[:, i:i + n] += dz @ self.theta["K"][:, :, i]
        return dx


class Momentum:
    def __init__(self, net, eta=0.01, mu=0.9):
        self.net, self.eta, self.mu = net, eta, mu
        self.velocity = {k: np.zeros_like(v) for k, v in net.theta.items()}

    def step(self):
        for k, w in self.net.theta.items():
            self.velocity[k] = self.mu * self.velocity[k] - self.eta * self.net.dTheta[k]
            w -= self.velocity[k]  # FAULT


class WaveNetRepaired:
    def __init__(self, filters=8, width=5, seed=3):
        g = np.random.RandomState(seed)
        self.theta = {"K": g.randn(filters, 1, width) * np.sqrt(2.0 / width), "b": np.zeros(filters),
                      "W": g.randn(filters, 3) / np.sqrt(filters), "c": np.zeros(3)}
        self.dTheta = {}

    def forward(self, x):
        self.xShape = x.shape
        width = self.theta["K"].shape[2]
        self.cols = np.lib.stride_tricks.sliding_window_view(x, width, axis=1)
        self.z = np.einsum("blck,fck->blf", self.cols, self.theta["K"]) + self.theta["b"]
        self.pooled = np.where(self.z > 0, self.z, 0.1 * self.z).mean(1)
        return self.pooled @ self.theta["W"] + self.theta["c"]

    def backward(self, dScores):
        n = self.z.shape[1]
        dPooled = dScores @ self.theta["W"].T
        dz = dPooled[:, None, :] / n * np.where(self.z > 0, 1.0, 0.1)
        self.dTheta = {"K": np.einsum("blf,blck->fck", dz, self.cols), "b": dz.sum((0, 1)),
                       "W": self.pooled.T @ dScores, "c": dScores.sum(0)}
        dx = np.zeros(self.xShape)
        for i in range(self.theta["K"].shape[2]):
            dx[:, i:i + n] += dz @ self.theta["K"][:, :, i]
        return dx


class MomentumRepaired:
    def __init__(self, net, eta=0.01, mu=0.9):
        self.net, self.eta, self.mu = net, eta, mu
        self.velocity = {k: np.zeros_like(v) for k, v in net.theta.items()}

    def step(self):
        for k, w in self.net.theta.items():
            self.velocity[k] = self.mu * self.velocity[k] - self.eta * self.net.dTheta[k]
            w += self.velocity[k]


def faulty():
    x, y = makeWaves(120, 0)
    net = WaveNet()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": Momentum(net),
            "loss": (softmaxLoss, softmaxLossGrad), "evaluation": makeWaves(60, 1),
            "learning_rate": 0.01, "batch_size": 12, "steps": 200}


def correct():
    x, y = makeWaves(120, 0)
    net = WaveNetRepaired()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": MomentumRepaired(net),
            "loss": (softmaxLoss, softmaxLossGrad), "evaluation": makeWaves(60, 1),
            "learning_rate": 0.01, "batch_size": 12, "steps": 200}
