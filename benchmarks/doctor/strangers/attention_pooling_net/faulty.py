import numpy as np


class Adam:
    def __init__(self, lr=0.01, betas=(0.9, 0.999), eps=1e-8):
        self.lr, (self.b1, self.b2), self.eps = lr, betas, eps
        self.m, self.v = {}, {}
        self.t = 0

    def step(self, params, grads):
        for name in params:
            self.t += 1
            g = grads[name]
            self.m[name] = self.b1 * self.m.get(name, 0.0) + (1 - self.b1) * g
            self.v[name] = self.b2 * self.v.get(name, 0.0) + (1 - self.b2) * g * g
            mhat = self.m[name] / (1 - self.b1 ** self.t)
            vhat = self.v[name] / (1 - self.b2 ** self.t)
            params[name] -= self.lr * mhat / (np.sqrt(vhat) + self.eps)


def softmax(z, axis=-1):
    z = np.exp(z - z.max(axis=axis, keepdims=True))
    return z / z.sum(axis=axis, keepdims=True)


class AttentionPool:
    """Bag classifier: tanh features, one learned query, weighted mean, linear head."""

    def __init__(self, d_in, d=12, classes=3, seed=11):
        r = np.random.default_rng(seed)
        self.params = {
            "W": r.normal(0, d_in ** -0.5, (d_in, d)),
            "b": np.zeros(d),
            "q": r.normal(0, d ** -0.5, d),
            "H": r.normal(0, d ** -0.5, (d, classes)),
            "c": np.zeros(classes),
        }
        self.grads = {}
        self.optimizer = Adam()

    def forward(self, x):
        P = self.params
        u = np.tanh(x @ P["W"] + P["b"])
        a = softmax(u @ P["q"])
        z = np.einsum("bt,btd->bd", a, u)
        self.saved = x, u, a, z
        return z @ P["H"] + P["c"]

    def backward(self, dout):
        P, G = self.params, self.grads
        x, u, a, z = self.saved
        G["H"] = z.T @ dout
        G["c"] = dout.sum(0)
        dz = dout @ P["H"].T
        da = np.einsum("bd,btd->bt", dz, u)
        ds = a * (da - (a * da).sum(1, keepdims=True))
        G["q"] = np.einsum("bt,btd->d", ds, u)
        du = a[..., None] * dz[:, None, :] + ds[..., None] * P["q"]
        dpre = du * (1 - u * u)
        G["W"] = np.einsum("bti,btd->id", x, dpre)
        G["b"] = dpre.sum((0, 1))
        return dpre @ P["W"].T

    def update(self):
        self.optimizer.step(self.params, self.grads)


def loss(logits, target):
    p = softmax(logits)
    return -np.mean(np.log(p[np.arange(len(target)), target]))


def loss_gradient(logits, target):
    p = softmax(logits)
    p[np.arange(len(target)), target] -= 1
    return p / len(target)
