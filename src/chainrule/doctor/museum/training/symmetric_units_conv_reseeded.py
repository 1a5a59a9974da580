"""Tiny 2-D convnet (NCHW); the initializer reseeds for every filter.

Symptom: Every filter is the same filter and stays it.
Repair: Draw all rows from one generator.
"""
import numpy as np

CODES = ('symmetric-units',)
PLACES = ('kernel', 'head', 'p.kernel', 'p.head', '')

def bars(n, seed):
    """6x6 images with a vertical, horizontal or diagonal bar."""
    g = np.random.default_rng(seed)
    lab = g.integers(0, 3, n)
    im = 0.3 * g.normal(size=(n, 1, 6, 6))
    for i, k in enumerate(lab):
        s = g.integers(1, 5)
        if k == 0:
            im[i, 0, :, s] += 1.5
        elif k == 1:
            im[i, 0, s, :] += 1.5
        else:
            im[i, 0] += 1.5 * np.eye(6)
    return im, lab


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def loss_fn(z, lab):
    return -np.log(softmax(z)[np.arange(len(lab)), lab]).mean()


def loss_grad(z, lab):
    return (softmax(z) - np.eye(z.shape[1])[lab]) / len(lab)


def init_rows(shape, scale, seed):
    return scale * np.stack([np.random.default_rng(seed).normal(size=shape[1:]) for _ in range(shape[0])])  # FAULT


class BarNet:
    def __init__(self, filters=7, classes=3):
        self.p = {"kernel": init_rows((filters, 1, 3, 3), 0.4, 0), "kbias": np.zeros(filters),
                  "head": init_rows((filters, classes), 0.3, 2), "hbias": np.zeros(classes)}
        self.g = {k: np.zeros_like(v) for k, v in self.p.items()}

    def fprop(self, im):
        self.shape = im.shape
        self.win = np.lib.stride_tricks.sliding_window_view(im, (3, 3), axis=(2, 3))
        self.a = np.tanh(np.einsum("nchwij,fcij->nfhw", self.win, self.p["kernel"]) + self.p["kbias"][:, None, None])
        self.feat = (self.a ** 2).mean(axis=(2, 3))
        return self.feat @ self.p["head"] + self.p["hbias"]

    def bprop(self, dz):
        self.g["head"], self.g["hbias"] = self.feat.T @ dz, dz.sum(0)
        df = dz @ self.p["head"].T
        h, w = self.a.shape[2:]
        da = df[:, :, None, None] * 2 * self.a / (h * w) * (1 - self.a ** 2)
        self.g["kernel"] = np.einsum("nfhw,nchwij->fcij", da, self.win)
        self.g["kbias"] = da.sum(axis=(0, 2, 3))
        dim = np.zeros(self.shape)
        for i in range(3):
            for j in range(3):
                dim[:, :, i:i + h, j:j + w] += np.einsum("nfhw,fc->nchw", da, self.p["kernel"][:, :, i, j])
        return dim

    forward, backward = fprop, bprop


class RMSProp:
    def __init__(self, net, lr=1e-3, decay=0.9):
        self.net, self.lr, self.decay = net, lr, decay
        self.s = {k: np.zeros_like(v) for k, v in net.p.items()}

    def step(self):
        for k in self.net.p:
            self.s[k] = self.decay * self.s[k] + (1 - self.decay) * self.net.g[k] ** 2
            self.net.p[k] -= self.lr * self.net.g[k] / (np.sqrt(self.s[k]) + 1e-7)


def init_rows_repaired(shape, scale, seed):
    return scale * np.random.default_rng(seed).normal(size=shape)


class BarNetRepaired:
    def __init__(self, filters=7, classes=3):
        self.p = {"kernel": init_rows_repaired((filters, 1, 3, 3), 0.4, 0), "kbias": np.zeros(filters),
                  "head": init_rows_repaired((filters, classes), 0.3, 2), "hbias": np.zeros(classes)}
        self.g = {k: np.zeros_like(v) for k, v in self.p.items()}

    def fprop(self, im):
        self.shape = im.shape
        self.win = np.lib.stride_tricks.sliding_window_view(im, (3, 3), axis=(2, 3))
        self.a = np.tanh(np.einsum("nchwij,fcij->nfhw", self.win, self.p["kernel"]) + self.p["kbias"][:, None, None])
        self.feat = (self.a ** 2).mean(axis=(2, 3))
        return self.feat @ self.p["head"] + self.p["hbias"]

    def bprop(self, dz):
        self.g["head"], self.g["hbias"] = self.feat.T @ dz, dz.sum(0)
        df = dz @ self.p["head"].T
        h, w = self.a.shape[2:]
        da = df[:, :, None, None] * 2 * self.a / (h * w) * (1 - self.a ** 2)
        self.g["kernel"] = np.einsum("nfhw,nchwij->fcij", da, self.win)
        self.g["kbias"] = da.sum(axis=(0, 2, 3))
        dim = np.zeros(self.shape)
        for i in range(3):
            for j in range(3):
                dim[:, :, i:i + h, j:j + w] += np.einsum("nfhw,fc->nchw", da, self.p["kernel"][:, :, i, j])
        return dim

    forward, backward = fprop, bprop


class RMSPropRepaired:
    def __init__(self, net, lr=1e-3, decay=0.9):
        self.net, self.lr, self.decay = net, lr, decay
        self.s = {k: np.zeros_like(v) for k, v in net.p.items()}

    def step(self):
        for k in self.net.p:
            self.s[k] = self.decay * self.s[k] + (1 - self.decay) * self.net.g[k] ** 2
            self.net.p[k] -= self.lr * self.net.g[k] / (np.sqrt(self.s[k]) + 1e-7)


def faulty():
    im, lab = bars(150, 0)
    net = BarNet()
    return {"training_check": True, "subject": net, "x": im, "target": lab, "optimizer": RMSProp(net),
            "loss": (loss_fn, loss_grad), "evaluation": bars(60, 1), "learning_rate": 1e-3, "batch_size": 15, "steps": 600}


def correct():
    im, lab = bars(150, 0)
    net = BarNetRepaired()
    return {"training_check": True, "subject": net, "x": im, "target": lab, "optimizer": RMSPropRepaired(net),
            "loss": (loss_fn, loss_grad), "evaluation": bars(60, 1), "learning_rate": 1e-3, "batch_size": 15, "steps": 600}
