"""Instance normalisation for style transfer (channels last).

Symptom: stylised pictures slowly lose contrast; the loss oscillates.
Repair: the variance depends on every pixel, add its path.
"""
import numpy as np

CODES = ("statistics-treated-constant",)
PLACES = ("x",)


class InstanceNorm2d:
    EPS = 1e-5

    def __init__(self, num_features=3):
        g = np.random.RandomState(num_features)
        self.params = [1 + 0.4 * g.randn(num_features), 0.2 * g.randn(num_features)]
        self.grads = [None, None]

    def forward(self, x):
        self.x = x
        self.mean = x.mean(axis=(1, 2), keepdims=True)
        self.var = ((x - self.mean) ** 2).mean(axis=(1, 2), keepdims=True)
        self.xn = (x - self.mean) / np.sqrt(self.var + self.EPS)
        return self.params[0] * self.xn + self.params[1]

    def backward(self, dy):
        self.grads[0] = (dy * self.xn).sum(axis=(0, 1, 2))
        self.grads[1] = dy.sum(axis=(0, 1, 2))
        pixels = self.x.shape[1] * self.x.shape[2]
        dxn = dy * self.params[0]
        std = np.sqrt(self.var + self.EPS)
        dmean = -(dxn / std).sum(axis=(1, 2), keepdims=True)
        return dxn / std + dmean / pixels  # FAULT


class InstanceNorm2dRepaired:
    EPS = 1e-5

    def __init__(self, num_features=3):
        g = np.random.RandomState(num_features)
        self.params = [1 + 0.4 * g.randn(num_features), 0.2 * g.randn(num_features)]
        self.grads = [None, None]

    def forward(self, x):
        self.x = x
        self.mean = x.mean(axis=(1, 2), keepdims=True)
        self.var = ((x - self.mean) ** 2).mean(axis=(1, 2), keepdims=True)
        self.xn = (x - self.mean) / np.sqrt(self.var + self.EPS)
        return self.params[0] * self.xn + self.params[1]

    def backward(self, dy):
        self.grads[0] = (dy * self.xn).sum(axis=(0, 1, 2))
        self.grads[1] = dy.sum(axis=(0, 1, 2))
        pixels = self.x.shape[1] * self.x.shape[2]
        dxn = dy * self.params[0]
        std = np.sqrt(self.var + self.EPS)
        dmean = -(dxn / std).sum(axis=(1, 2), keepdims=True)
        dvar = (dxn * (self.x - self.mean)).sum(axis=(1, 2), keepdims=True) * -0.5 / std ** 3
        return dxn / std + dmean / pixels + dvar * 2 * (self.x - self.mean) / pixels


def faulty():
    return {"subject": InstanceNorm2d(), "inputs": (2 * np.random.RandomState(5).randn(2, 4, 5, 3) + 1,)}


def correct():
    return {"subject": InstanceNorm2dRepaired(), "inputs": (2 * np.random.RandomState(5).randn(2, 4, 5, 3) + 1,)}
