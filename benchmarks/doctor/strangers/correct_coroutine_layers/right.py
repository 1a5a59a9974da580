"""Layers as coroutines: a layer receives x, yields y; then receives dy and yields (dx, gradients).

The local variables between the two yields are the cache.
"""
import numpy as np


def affine(p):
    x = yield
    dy = yield x @ p["w"] + p["b"]
    yield dy @ p["w"].T, {"w": x.T @ dy, "b": dy.sum(axis=0)}


def mish(_):
    """x * tanh(softplus(x))"""
    x = yield
    t = np.tanh(np.logaddexp(0, x))
    dy = yield x * t
    yield dy * (t + x * (1 - t * t) / (1 + np.exp(-x))), {}


def group_norm(p, groups=2, eps=1e-5):
    """features split in groups, each normalized by itself, per sample"""
    x = yield
    n, d = x.shape
    g = x.reshape(n, groups, d // groups)
    inv = 1 / np.sqrt(g.var(axis=2, keepdims=True) + eps)
    hat = (g - g.mean(axis=2, keepdims=True)) * inv
    dy = yield hat.reshape(n, d) * p["scale"] + p["shift"]
    dh = (dy * p["scale"]).reshape(g.shape)
    dx = inv * (dh - dh.mean(axis=2, keepdims=True) - hat * (dh * hat).mean(axis=2, keepdims=True))
    yield dx.reshape(n, d), {"scale": (dy * hat.reshape(n, d)).sum(axis=0), "shift": dy.sum(axis=0)}


def highway(p):
    """t * h(x) + (1 - t) * x"""
    x = yield
    t = 1 / (1 + np.exp(-(x @ p["wt"] + p["bt"])))
    h = np.tanh(x @ p["wh"] + p["bh"])
    dy = yield t * h + (1 - t) * x
    dzt = dy * (h - x) * t * (1 - t)
    dzh = dy * t * (1 - h * h)
    dx = dy * (1 - t) + dzt @ p["wt"].T + dzh @ p["wh"].T
    yield dx, {"wt": x.T @ dzt, "bt": dzt.sum(0), "wh": x.T @ dzh, "bh": dzh.sum(0)}


class Net:
    def __init__(self, n_in=5, width=8, n_out=3, seed=0):
        r = np.random.default_rng(seed)
        w = lambda a, b: r.normal(0, a ** -0.5, (a, b))
        self.kinds = [affine, group_norm, mish, highway, affine]
        self.params = [
            {"w": w(n_in, width), "b": np.zeros(width)},
            {"scale": np.ones(width), "shift": np.zeros(width)},
            {},
            {"wt": w(width, width), "bt": np.full(width, -1.0), "wh": w(width, width), "bh": np.zeros(width)},
            {"w": w(width, n_out), "b": np.zeros(n_out)},
        ]
        self.grads = [{k: np.zeros_like(v) for k, v in p.items()} for p in self.params]

    def forward(self, x):
        self.running = []
        for kind, p in zip(self.kinds, self.params):
            co = kind(p)
            next(co)
            x = co.send(x)
            self.running.append(co)
        return x

    def backward(self, dy):
        for i in reversed(range(len(self.running))):
            dy, self.grads[i] = self.running[i].send(dy)
        return dy


def update(net, rate):
    for p, g in zip(net.params, net.grads):
        for k in p:
            p[k] -= rate * g[k]


if __name__ == "__main__":
    rng = np.random.default_rng(6)
    X = rng.normal(size=(200, 5))
    Y = np.stack([np.sin(X[:, 0]), X[:, 1] * X[:, 2], np.abs(X[:, 3])], axis=1)
    net = Net(width=16)
    for it in range(401):
        diff = net.forward(X) - Y
        net.backward(2 * diff / len(X))
        update(net, 0.05)
        if it % 100 == 0:
            print(it, (diff ** 2).sum() / len(X))
