"""RMSNorm + SwiGLU block trained by a home-made Adam.

Symptom: The first steps are ten times too large; the loss jumps, then settles.
Repair: Divide by 1 - beta**t instead of multiplying.
"""
import numpy as np

CODES = ('adam-bias-correction-wrong',)
PLACES = ('',)

from dataclasses import dataclass


@dataclass
class Param:
    value: np.ndarray
    grad: np.ndarray = None


def rings(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    ang = rng.uniform(0, 2 * np.pi, n)
    r = 0.5 + y + 0.15 * rng.normal(size=n)
    flat = np.stack([r * np.cos(ang), r * np.sin(ang), rng.normal(size=n), r * 0 + 1], 1)
    return flat, y


def nll(logits, y):
    m = logits.max(1)
    return float(np.mean(m + np.log(np.exp(logits - m[:, None]).sum(1)) - logits[np.arange(len(y)), y]))


def nll_grad(logits, y):
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return p / len(y)


class SwigluNet:
    def __init__(self, d_in=4, d=10, ff=14, classes=3, seed=0):
        rng = np.random.default_rng(seed)
        mk = lambda a, b: Param(rng.normal(0, a ** -0.5, (a, b)))
        self.win, self.w1, self.w2, self.w3, self.wo = mk(d_in, d), mk(d, ff), mk(d, ff), mk(ff, d), mk(d, classes)
        self.wo.value *= 0.25
        self.g = Param(np.ones(d))

    def params(self):
        return [self.win, self.w1, self.w2, self.w3, self.g, self.wo]

    def forward(self, x):
        h = x @ self.win.value
        inv = 1 / np.sqrt((h ** 2).mean(-1, keepdims=True) + 1e-6)
        hn = h * inv
        n = hn * self.g.value
        a, b = n @ self.w1.value, n @ self.w2.value
        s = 1 / (1 + np.exp(-a))
        f = a * s * b
        out = h + f @ self.w3.value
        self.saved = (x, inv, hn, n, a, b, s, f, out)
        return out @ self.wo.value

    def backward(self, dy):
        x, inv, hn, n, a, b, s, f, out = self.saved
        self.wo.grad = out.T @ dy
        dout = dy @ self.wo.value.T
        self.w3.grad = f.T @ dout
        df = dout @ self.w3.value.T
        da, db = df * b * (s + a * s * (1 - s)), df * a * s
        self.w1.grad, self.w2.grad = n.T @ da, n.T @ db
        dn = da @ self.w1.value.T + db @ self.w2.value.T
        self.g.grad = (dn * hn).sum(0)
        dhn = dn * self.g.value
        dh = dout + inv * (dhn - hn * (dhn * hn).mean(-1, keepdims=True))
        self.win.grad = x.T @ dh
        return dh @ self.win.value.T


class Adam:
    def __init__(self, params, lr=5e-4, betas=(0.9, 0.999), eps=1e-8):
        self.params, self.lr, self.betas, self.eps, self.t = params, lr, betas, eps, 0
        self.moments = [(np.zeros_like(p.value), np.zeros_like(p.value)) for p in params]

    def step(self):
        self.t += 1
        b1, b2 = self.betas
        for p, (m, v) in zip(self.params, self.moments):
            m[:] = b1 * m + (1 - b1) * p.grad
            v[:] = b2 * v + (1 - b2) * p.grad ** 2
            mh, vh = m * (1 - b1 ** self.t), v * (1 - b2 ** self.t)  # FAULT
            p.value -= self.lr * mh / (np.sqrt(vh) + self.eps)


class SwigluNetRepaired:
    def __init__(self, d_in=4, d=10, ff=14, classes=3, seed=0):
        rng = np.random.default_rng(seed)
        mk = lambda a, b: Param(rng.normal(0, a ** -0.5, (a, b)))
        self.win, self.w1, self.w2, self.w3, self.wo = mk(d_in, d), mk(d, ff), mk(d, ff), mk(ff, d), mk(d, classes)
        self.wo.value *= 0.25
        self.g = Param(np.ones(d))

    def params(self):
        return [self.win, self.w1, self.w2, self.w3, self.g, self.wo]

    def forward(self, x):
        h = x @ self.win.value
        inv = 1 / np.sqrt((h ** 2).mean(-1, keepdims=True) + 1e-6)
        hn = h * inv
        n = hn * self.g.value
        a, b = n @ self.w1.value, n @ self.w2.value
        s = 1 / (1 + np.exp(-a))
        f = a * s * b
        out = h + f @ self.w3.value
        self.saved = (x, inv, hn, n, a, b, s, f, out)
        return out @ self.wo.value

    def backward(self, dy):
        x, inv, hn, n, a, b, s, f, out = self.saved
        self.wo.grad = out.T @ dy
        dout = dy @ self.wo.value.T
        self.w3.grad = f.T @ dout
        df = dout @ self.w3.value.T
        da, db = df * b * (s + a * s * (1 - s)), df * a * s
        self.w1.grad, self.w2.grad = n.T @ da, n.T @ db
        dn = da @ self.w1.value.T + db @ self.w2.value.T
        self.g.grad = (dn * hn).sum(0)
        dhn = dn * self.g.value
        dh = dout + inv * (dhn - hn * (dhn * hn).mean(-1, keepdims=True))
        self.win.grad = x.T @ dh
        return dh @ self.win.value.T


class AdamRepaired:
    def __init__(self, params, lr=5e-4, betas=(0.9, 0.999), eps=1e-8):
        self.params, self.lr, self.betas, self.eps, self.t = params, lr, betas, eps, 0
        self.moments = [(np.zeros_like(p.value), np.zeros_like(p.value)) for p in params]

    def step(self):
        self.t += 1
        b1, b2 = self.betas
        for p, (m, v) in zip(self.params, self.moments):
            m[:] = b1 * m + (1 - b1) * p.grad
            v[:] = b2 * v + (1 - b2) * p.grad ** 2
            mh, vh = m / (1 - b1 ** self.t), v / (1 - b2 ** self.t)
            p.value -= self.lr * mh / (np.sqrt(vh) + self.eps)


def faulty():
    x, y = rings(180, 0)
    net = SwigluNet()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": Adam(net.params()),
            "loss": (nll, nll_grad), "evaluation": rings(90, 1), "learning_rate": 5e-4, "batch_size": 18, "steps": 500}


def correct():
    x, y = rings(180, 0)
    net = SwigluNetRepaired()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": AdamRepaired(net.params()),
            "loss": (nll, nll_grad), "evaluation": rings(90, 1), "learning_rate": 5e-4, "batch_size": 18, "steps": 500}
