"""Forecaster: reads the observed steps, then feeds its own prediction back.

Symptom: It predicts the mean future, the same for every series.
Repair: Read x while t < n_obs; the comparison was the wrong way round.
"""
import numpy as np

CODES = ('input-unused',)
PLACES = ('x', '')

def phases(n, seed, T=8, K=3):
    g = np.random.RandomState(seed)
    ph, om = g.rand(n, 1) * 2 * np.pi, 0.6 + 0.3 * g.rand(n, 1)
    s = np.sin(ph + om * np.arange(T + K)) + 0.02 * g.randn(n, T + K)
    return s[:, :T], s[:, T:]


class Forecaster:
    def __init__(self, hidden=12, n_obs=8, horizon=3):
        g = np.random.RandomState(2)
        self.n_obs, self.horizon = n_obs, horizon
        self.wi = g.randn(1, hidden) * 0.6
        self.wh = np.linalg.qr(g.randn(hidden, hidden))[0] * 0.95
        self.bh = g.randn(hidden) * 0.1
        self.wo = g.randn(hidden, 1) * 0.3
        self.bo = np.zeros(1)

    def forward(self, x):
        n = len(x)
        h, y = np.zeros((n, self.wh.shape[0])), np.zeros((n, 1))
        self.trace, outs = [], []
        for t in range(self.n_obs + self.horizon - 1):
            observed = t < x.shape[1] and t >= self.n_obs  # FAULT
            inp = x[:, t:t + 1] if observed else y
            h_new = np.tanh(inp @ self.wi + h @ self.wh + self.bh)
            self.trace.append((inp, h, h_new, observed))
            h = h_new
            y = h @ self.wo + self.bo
            outs.append(y)
        self.shape = x.shape
        return np.concatenate(outs[self.n_obs - 1:], axis=1)

    def backward(self, dout):
        self.d = {k: np.zeros_like(getattr(self, k)) for k in ("wi", "wh", "bh", "wo", "bo")}
        dx, n = np.zeros(self.shape), len(dout)
        dh, dy_fb = np.zeros((n, self.wh.shape[0])), np.zeros((n, 1))
        for t in range(len(self.trace) - 1, -1, -1):
            inp, h, h_new, observed = self.trace[t]
            dy = dy_fb + (dout[:, t - self.n_obs + 1][:, None] if t >= self.n_obs - 1 else 0)
            self.d["wo"] += h_new.T @ dy
            self.d["bo"] += dy.sum(0)
            da = (dh + dy @ self.wo.T) * (1 - h_new ** 2)
            self.d["wi"] += inp.T @ da
            self.d["wh"] += h.T @ da
            self.d["bh"] += da.sum(0)
            dh = da @ self.wh.T
            dinp = da @ self.wi.T
            if observed:
                dx[:, t] = dinp[:, 0]
                dy_fb = np.zeros((n, 1))
            else:
                dy_fb = dinp
        return dx

    def step(self, x, target, learning_rate):
        y = self.forward(x)
        self.backward(2 * (y - target) / y.size)
        for k, g in self.d.items():
            getattr(self, k)[...] -= learning_rate * g
        return float(np.mean((y - target) ** 2))


class ForecasterRepaired:
    def __init__(self, hidden=12, n_obs=8, horizon=3):
        g = np.random.RandomState(2)
        self.n_obs, self.horizon = n_obs, horizon
        self.wi = g.randn(1, hidden) * 0.6
        self.wh = np.linalg.qr(g.randn(hidden, hidden))[0] * 0.95
        self.bh = g.randn(hidden) * 0.1
        self.wo = g.randn(hidden, 1) * 0.3
        self.bo = np.zeros(1)

    def forward(self, x):
        n = len(x)
        h, y = np.zeros((n, self.wh.shape[0])), np.zeros((n, 1))
        self.trace, outs = [], []
        for t in range(self.n_obs + self.horizon - 1):
            observed = t < x.shape[1] and t < self.n_obs
            inp = x[:, t:t + 1] if observed else y
            h_new = np.tanh(inp @ self.wi + h @ self.wh + self.bh)
            self.trace.append((inp, h, h_new, observed))
            h = h_new
            y = h @ self.wo + self.bo
            outs.append(y)
        self.shape = x.shape
        return np.concatenate(outs[self.n_obs - 1:], axis=1)

    def backward(self, dout):
        self.d = {k: np.zeros_like(getattr(self, k)) for k in ("wi", "wh", "bh", "wo", "bo")}
        dx, n = np.zeros(self.shape), len(dout)
        dh, dy_fb = np.zeros((n, self.wh.shape[0])), np.zeros((n, 1))
        for t in range(len(self.trace) - 1, -1, -1):
            inp, h, h_new, observed = self.trace[t]
            dy = dy_fb + (dout[:, t - self.n_obs + 1][:, None] if t >= self.n_obs - 1 else 0)
            self.d["wo"] += h_new.T @ dy
            self.d["bo"] += dy.sum(0)
            da = (dh + dy @ self.wo.T) * (1 - h_new ** 2)
            self.d["wi"] += inp.T @ da
            self.d["wh"] += h.T @ da
            self.d["bh"] += da.sum(0)
            dh = da @ self.wh.T
            dinp = da @ self.wi.T
            if observed:
                dx[:, t] = dinp[:, 0]
                dy_fb = np.zeros((n, 1))
            else:
                dy_fb = dinp
        return dx

    def step(self, x, target, learning_rate):
        y = self.forward(x)
        self.backward(2 * (y - target) / y.size)
        for k, g in self.d.items():
            getattr(self, k)[...] -= learning_rate * g
        return float(np.mean((y - target) ** 2))


def faulty():
    x, t = phases(120, 0)
    return {"training_check": True, "subject": Forecaster(), "x": x, "target": t, "optimizer": None,
            "loss": (lambda y, t: float(np.mean((y - t) ** 2)), lambda y, t: 2 * (y - t) / y.size),
            "evaluation": phases(60, 1), "learning_rate": 0.015, "batch_size": 12, "steps": 800}


def correct():
    x, t = phases(120, 0)
    return {"training_check": True, "subject": ForecasterRepaired(), "x": x, "target": t, "optimizer": None,
            "loss": (lambda y, t: float(np.mean((y - t) ** 2)), lambda y, t: 2 * (y - t) / y.size),
            "evaluation": phases(60, 1), "learning_rate": 0.015, "batch_size": 12, "steps": 800}
