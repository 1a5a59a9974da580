"""GRU that must remember its first inputs for 20 steps.

Symptom: The class is shown at the start and read at the end: the network never learns it; gradients of early steps are 0.
Repair: In this convention (h = (1-z) h + z n) a remembering gate needs a negative bias.
"""
import numpy as np

CODES = ('gradient-vanishes',)
PLACES = ('b', 'bz', 'h', 'x', '')

def flag_then_noise(n, seed, T=20):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    x = 0.3 * rng.normal(size=(n, T, 4))
    x[np.arange(n)[:, None], np.arange(3), y[:, None]] += 2.0
    return x, y


def sig(a):
    return 1 / (1 + np.exp(-a))


def softmax_ce(logits, y):
    z = logits - logits.max(1, keepdims=True)
    return -(z - np.log(np.exp(z).sum(1, keepdims=True)))[np.arange(len(y)), y].mean()


def softmax_ce_grad(logits, y):
    z = np.exp(logits - logits.max(1, keepdims=True))
    return (z / z.sum(1, keepdims=True) - np.eye(logits.shape[1])[y]) / len(y)


class GRUClassifier:
    """Gates stacked as r, z, n."""

    def __init__(self, d=4, h=10, c=3):
        rng = np.random.default_rng(17)
        self.h = h
        self.W = rng.normal(0, 0.5, (d, 3 * h))
        self.U = np.concatenate([np.linalg.qr(rng.normal(size=(h, h)))[0] * s for s in (0.5, 0.5, 0.9)], axis=1)
        self.b = np.zeros(3 * h)
        self.b[h:2 * h] = 2.5     # gate bias: remember by default  # FAULT
        self.V = rng.normal(0, 0.4, (h, c))
        self.d = np.zeros(c)

    def forward(self, x):
        H, s = self.h, np.zeros((len(x), self.h))
        self.x, self.tape = x, []
        for t in range(x.shape[1]):
            gx = x[:, t] @ self.W + self.b
            gh = s @ self.U
            r, z = sig(gx[:, :H] + gh[:, :H]), sig(gx[:, H:2 * H] + gh[:, H:2 * H])
            n = np.tanh(gx[:, 2 * H:] + r * gh[:, 2 * H:])
            self.tape.append((s, r, z, n, gh[:, 2 * H:]))
            s = (1 - z) * s + z * n
        self.last = s
        return s @ self.V + self.d

    def backward(self, dy):
        self.dV, self.dd = self.last.T @ dy, dy.sum(0)
        self.dW, self.dU, self.db = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.b)
        dx, ds = np.zeros_like(self.x), dy @ self.V.T
        for t in reversed(range(len(self.tape))):
            s, r, z, n, un = self.tape[t]
            dz = ds * (n - s) * z * (1 - z)
            dn = ds * z * (1 - n ** 2)
            dr = dn * un * r * (1 - r)
            dgx = np.concatenate([dr, dz, dn], 1)
            dgh = np.concatenate([dr, dz, dn * r], 1)
            self.dW += self.x[:, t].T @ dgx
            self.db += dgx.sum(0)
            self.dU += s.T @ dgh
            dx[:, t] = dgx @ self.W.T
            ds = ds * (1 - z) + dgh @ self.U.T
        return dx


class AdamW:
    def __init__(self, net, lr=1e-3, wd=0.0):
        self.net, self.lr, self.wd, self.k = net, lr, wd, 0
        self.mv = {n: [0.0, 0.0] for n in ("W", "U", "b", "V", "d")}

    def step(self):
        self.k += 1
        for n, mv in self.mv.items():
            w, g = getattr(self.net, n), getattr(self.net, "d" + n)
            mv[0] = 0.9 * mv[0] + 0.1 * g
            mv[1] = 0.99 * mv[1] + 0.01 * g * g
            w -= self.lr * (mv[0] / (1 - 0.9 ** self.k) / (np.sqrt(mv[1] / (1 - 0.99 ** self.k)) + 1e-8) + self.wd * w)


class GRUClassifierRepaired:
    """Gates stacked as r, z, n."""

    def __init__(self, d=4, h=10, c=3):
        rng = np.random.default_rng(17)
        self.h = h
        self.W = rng.normal(0, 0.5, (d, 3 * h))
        self.U = np.concatenate([np.linalg.qr(rng.normal(size=(h, h)))[0] * s for s in (0.5, 0.5, 0.9)], axis=1)
        self.b = np.zeros(3 * h)
        self.b[h:2 * h] = -2.5     # gate bias: remember by default
        self.V = rng.normal(0, 0.4, (h, c))
        self.d = np.zeros(c)

    def forward(self, x):
        H, s = self.h, np.zeros((len(x), self.h))
        self.x, self.tape = x, []
        for t in range(x.shape[1]):
            gx = x[:, t] @ self.W + self.b
            gh = s @ self.U
            r, z = sig(gx[:, :H] + gh[:, :H]), sig(gx[:, H:2 * H] + gh[:, H:2 * H])
            n = np.tanh(gx[:, 2 * H:] + r * gh[:, 2 * H:])
            self.tape.append((s, r, z, n, gh[:, 2 * H:]))
            s = (1 - z) * s + z * n
        self.last = s
        return s @ self.V + self.d

    def backward(self, dy):
        self.dV, self.dd = self.last.T @ dy, dy.sum(0)
        self.dW, self.dU, self.db = np.zeros_like(self.W), np.zeros_like(self.U), np.zeros_like(self.b)
        dx, ds = np.zeros_like(self.x), dy @ self.V.T
        for t in reversed(range(len(self.tape))):
            s, r, z, n, un = self.tape[t]
            dz = ds * (n - s) * z * (1 - z)
            dn = ds * z * (1 - n ** 2)
            dr = dn * un * r * (1 - r)
            dgx = np.concatenate([dr, dz, dn], 1)
            dgh = np.concatenate([dr, dz, dn * r], 1)
            self.dW += self.x[:, t].T @ dgx
            self.db += dgx.sum(0)
            self.dU += s.T @ dgh
            dx[:, t] = dgx @ self.W.T
            ds = ds * (1 - z) + dgh @ self.U.T
        return dx


class AdamWRepaired:
    def __init__(self, net, lr=1e-3, wd=0.0):
        self.net, self.lr, self.wd, self.k = net, lr, wd, 0
        self.mv = {n: [0.0, 0.0] for n in ("W", "U", "b", "V", "d")}

    def step(self):
        self.k += 1
        for n, mv in self.mv.items():
            w, g = getattr(self.net, n), getattr(self.net, "d" + n)
            mv[0] = 0.9 * mv[0] + 0.1 * g
            mv[1] = 0.99 * mv[1] + 0.01 * g * g
            w -= self.lr * (mv[0] / (1 - 0.9 ** self.k) / (np.sqrt(mv[1] / (1 - 0.99 ** self.k)) + 1e-8) + self.wd * w)


def faulty():
    x, y = flag_then_noise(120, 0)
    net = GRUClassifier()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": AdamW(net),
            "loss": (softmax_ce, softmax_ce_grad), "evaluation": flag_then_noise(60, 1), "learning_rate": 1e-3, "batch_size": 12, "steps": 400}


def correct():
    x, y = flag_then_noise(120, 0)
    net = GRUClassifierRepaired()
    return {"training_check": True, "subject": net, "x": x, "target": y, "optimizer": AdamWRepaired(net),
            "loss": (softmax_ce, softmax_ce_grad), "evaluation": flag_then_noise(60, 1), "learning_rate": 1e-3, "batch_size": 12, "steps": 400}
