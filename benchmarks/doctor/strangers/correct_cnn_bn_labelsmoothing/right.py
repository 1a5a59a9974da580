"""Kaggle-style script: strided CNN + batch norm + label smoothing + AdamW + cosine schedule."""
import math

import numpy as np

CFG = dict(size=9, channels=1, width=6, classes=4, smoothing=0.1, lr=0.01, weight_decay=0.01, steps=60)


class StridedConv:
    def __init__(self, cin, cout, k=3, stride=2, rng=np.random):
        self.w = rng.normal(0, math.sqrt(2 / (cin * k * k)), (cout, cin, k, k))
        self.k, self.s = k, stride

    def forward(self, x):
        n, c, H, W = x.shape
        k, s = self.k, self.s
        oh, ow = (H - k) // s + 1, (W - k) // s + 1
        sn, sc, sh, sw = x.strides
        self.cols = np.lib.stride_tricks.as_strided(x, (n, c, oh, ow, k, k), (sn, sc, sh * s, sw * s, sh, sw), writeable=False).copy()
        self.x_shape = x.shape
        return np.tensordot(self.cols, self.w, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)

    def backward(self, dy):
        k, s = self.k, self.s
        self.dw = np.tensordot(dy, self.cols, axes=((0, 2, 3), (0, 2, 3)))
        # transposed convolution: dilate, pad, correlate with the kernel turned by 180 degrees
        n, f, oh, ow = dy.shape
        H, W = self.x_shape[2:]
        big = np.zeros((n, f, H + k - 1, W + k - 1))
        big[:, :, k - 1:k - 1 + s * oh:s, k - 1:k - 1 + s * ow:s] = dy
        view = np.lib.stride_tricks.sliding_window_view(big, (k, k), axis=(2, 3))
        return np.einsum("nfhwij,fcij->nchw", view, self.w[:, :, ::-1, ::-1], optimize=True)

    def items(self):
        return [("w", "dw", True)]


class BatchNorm2D:
    def __init__(self, c, momentum=0.1):
        self.gamma, self.beta = np.ones((c, 1, 1)), np.zeros((c, 1, 1))
        self.rm, self.rv, self.momentum = np.zeros((c, 1, 1)), np.ones((c, 1, 1)), momentum

    def forward(self, x, training):
        if training:
            mean, var = x.mean((0, 2, 3), keepdims=True)[0], x.var((0, 2, 3), keepdims=True)[0]
            self.rm += self.momentum * (mean - self.rm)
            self.rv += self.momentum * (var - self.rv)
        else:
            mean, var = self.rm, self.rv
        self.training = training
        self.inv = 1 / np.sqrt(var + 1e-5)
        self.xh = (x - mean) * self.inv
        return self.xh * self.gamma + self.beta

    def backward(self, dy):
        self.dgamma = (dy * self.xh).sum((0, 2, 3))[:, None, None]
        self.dbeta = dy.sum((0, 2, 3))[:, None, None]
        if not self.training:
            return dy * self.gamma * self.inv
        m = dy.size / len(self.gamma)
        return self.gamma * self.inv / m * (m * dy - self.dbeta - self.xh * self.dgamma)

    def items(self):
        return [("gamma", "dgamma", False), ("beta", "dbeta", False)]


class Net:
    def __init__(self, channels=1, width=6, classes=4, seed=0):
        rng = np.random.default_rng(seed)
        self.conv1, self.bn1 = StridedConv(channels, width, rng=rng), BatchNorm2D(width)
        self.conv2, self.bn2 = StridedConv(width, 2 * width, rng=rng), BatchNorm2D(2 * width)
        self.fc = rng.normal(0, 1 / math.sqrt(2 * width), (2 * width, classes))

    def forward(self, x, training=True):
        self.a1 = self.bn1.forward(self.conv1.forward(x), training)
        h = np.where(self.a1 > 0, self.a1, 0.01 * self.a1)
        self.a2 = self.bn2.forward(self.conv2.forward(h), training)
        h = np.where(self.a2 > 0, self.a2, 0.01 * self.a2)
        self.pooled, self.area = h.mean((2, 3)), h.shape[2] * h.shape[3]
        return self.pooled @ self.fc

    def backward(self, d):
        self.dfc = self.pooled.T @ d
        d = (d @ self.fc.T / self.area)[:, :, None, None] * np.where(self.a2 > 0, 1, 0.01)
        d = self.conv2.backward(self.bn2.backward(d)) * np.where(self.a1 > 0, 1, 0.01)
        return self.conv1.backward(self.bn1.backward(d))

    def items(self):
        for part in (self.conv1, self.bn1, self.conv2, self.bn2):
            for w, g, decay in part.items():
                yield part, w, g, decay
        yield self, "fc", "dfc", True


def smooth(y, classes, eps=CFG["smoothing"]):
    return np.eye(classes)[y] * (1 - eps) + eps / classes


def loss(z, y):
    lse = np.log(np.exp(z - z.max(1, keepdims=True)).sum(1)) + z.max(1)
    return (lse - (smooth(y, z.shape[1]) * z).sum(1)).mean()


def dloss(z, y):
    e = np.exp(z - z.max(1, keepdims=True))
    return (e / e.sum(1, keepdims=True) - smooth(y, z.shape[1])) / len(y)


class AdamW:
    def __init__(self, net, weight_decay):
        self.net, self.wd, self.t, self.mem = net, weight_decay, 0, {}

    def step(self, lr):
        self.t += 1
        for obj, w, g, decay in self.net.items():
            p, g = getattr(obj, w), getattr(obj, g)
            m, v = self.mem.get((id(obj), w), (0, 0))
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g ** 2
            self.mem[id(obj), w] = m, v
            if decay:
                p *= 1 - lr * self.wd
            p -= lr * (m / (1 - 0.9 ** self.t)) / (np.sqrt(v / (1 - 0.999 ** self.t)) + 1e-8)


def batch(n, rng):
    y = rng.integers(0, 4, n)
    x = 0.4 * rng.normal(size=(n, 1, 9, 9))
    for i, c in enumerate(y):
        x[i, 0, 4 * (c // 2):4 * (c // 2) + 5, 4 * (c % 2):4 * (c % 2) + 5] += 1
    return x, y


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    net = Net(CFG["channels"], CFG["width"], CFG["classes"])
    opt = AdamW(net, CFG["weight_decay"])
    for t in range(CFG["steps"]):
        x, y = batch(32, rng)
        z = net.forward(x)
        net.backward(dloss(z, y))
        opt.step(CFG["lr"] * 0.5 * (1 + math.cos(math.pi * t / CFG["steps"])))
        if t % 20 == 0:
            print(t, loss(z, y))
    x, y = batch(200, rng)
    print("eval accuracy", (net.forward(x, training=False).argmax(1) == y).mean())
