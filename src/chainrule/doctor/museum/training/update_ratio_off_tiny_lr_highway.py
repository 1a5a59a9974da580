"""Highway network with a step() of its own; a learning rate copied from a fine-tuning recipe.

Symptom: The loss creeps in the sixth digit; the updates are a millionth of the weights.
Repair: Use 0.03.
"""
import numpy as np

CODES = ('update-ratio-off',)
PLACES = ('learning_rate', '')

def spirals(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    r = rng.uniform(0.3, 1.5, n)
    a = 2.0 * r + np.pi * y + 0.15 * rng.normal(size=n)
    return np.stack([r * np.cos(a), r * np.sin(a), r], 1), y


class Highway:
    def __init__(self, d=3, h=11, c=2):
        rng = np.random.default_rng(3)
        self.Win = rng.normal(0, 1 / np.sqrt(d), (d, h)) * 1.5
        self.Wh = rng.normal(0, 1 / np.sqrt(h), (h, h)) * 1.5
        self.Wt = rng.normal(0, 1 / np.sqrt(h), (h, h))
        self.bt = np.full(h, -0.5)
        self.Wo = rng.normal(0, 0.25 / np.sqrt(h), (h, c))
        self.names = ("Win", "Wh", "Wt", "bt", "Wo")

    def forward(self, x):
        u = np.tanh(x @ self.Win)
        H = np.tanh(u @ self.Wh)
        T = 1 / (1 + np.exp(-(u @ self.Wt + self.bt)))
        y = T * H + (1 - T) * u
        self.cache = (x, u, H, T, y)
        return y @ self.Wo

    def gradients(self, dout):
        x, u, H, T, y = self.cache
        dy = dout @ self.Wo.T
        dH = dy * T * (1 - H ** 2)
        dT = dy * (H - u) * T * (1 - T)
        du = dy * (1 - T) + dH @ self.Wh.T + dT @ self.Wt.T
        dz = du * (1 - u ** 2)
        return {"Wo": y.T @ dout, "Wh": u.T @ dH, "Wt": u.T @ dT, "bt": dT.sum(0), "Win": x.T @ dz}

    def step(self, x, target, learning_rate=0.03):
        out = self.forward(x)
        p = np.exp(out - out.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        rows = np.arange(len(x))
        loss = -np.log(p[rows, target]).mean()
        p[rows, target] -= 1
        self.g = self.gradients(p / len(x))
        for n in self.names:
            setattr(self, n, getattr(self, n) - learning_rate * self.g[n])
        return float(loss)


class HighwayRepaired:
    def __init__(self, d=3, h=11, c=2):
        rng = np.random.default_rng(3)
        self.Win = rng.normal(0, 1 / np.sqrt(d), (d, h)) * 1.5
        self.Wh = rng.normal(0, 1 / np.sqrt(h), (h, h)) * 1.5
        self.Wt = rng.normal(0, 1 / np.sqrt(h), (h, h))
        self.bt = np.full(h, -0.5)
        self.Wo = rng.normal(0, 0.25 / np.sqrt(h), (h, c))
        self.names = ("Win", "Wh", "Wt", "bt", "Wo")

    def forward(self, x):
        u = np.tanh(x @ self.Win)
        H = np.tanh(u @ self.Wh)
        T = 1 / (1 + np.exp(-(u @ self.Wt + self.bt)))
        y = T * H + (1 - T) * u
        self.cache = (x, u, H, T, y)
        return y @ self.Wo

    def gradients(self, dout):
        x, u, H, T, y = self.cache
        dy = dout @ self.Wo.T
        dH = dy * T * (1 - H ** 2)
        dT = dy * (H - u) * T * (1 - T)
        du = dy * (1 - T) + dH @ self.Wh.T + dT @ self.Wt.T
        dz = du * (1 - u ** 2)
        return {"Wo": y.T @ dout, "Wh": u.T @ dH, "Wt": u.T @ dT, "bt": dT.sum(0), "Win": x.T @ dz}

    def step(self, x, target, learning_rate=0.03):
        out = self.forward(x)
        p = np.exp(out - out.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        rows = np.arange(len(x))
        loss = -np.log(p[rows, target]).mean()
        p[rows, target] -= 1
        self.g = self.gradients(p / len(x))
        for n in self.names:
            setattr(self, n, getattr(self, n) - learning_rate * self.g[n])
        return float(loss)


def faulty():
    x, y = spirals(160, 0)
    learning_rate = 1e-6  # FAULT
    return {"training_check": True, "subject": Highway(), "x": x, "target": y, "optimizer": None,
            "evaluation": spirals(80, 1), "learning_rate": learning_rate, "batch_size": 16, "steps": 1200}


def correct():
    x, y = spirals(160, 0)
    learning_rate = 0.03
    return {"training_check": True, "subject": HighwayRepaired(), "x": x, "target": y, "optimizer": None,
            "evaluation": spirals(80, 1), "learning_rate": learning_rate, "batch_size": 16, "steps": 1200}
