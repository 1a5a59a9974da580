import numpy as np


class GroupNorm:
    def __init__(self, groups, channels, eps=1e-5):
        assert channels % groups == 0
        self.G, self.eps = groups, eps
        self.weight = np.ones(channels)
        self.bias = np.zeros(channels)

    def forward(self, x):
        n, c = x.shape[:2]
        grp = x.reshape(n, self.G, -1)
        grp = grp - grp.mean(axis=2, keepdims=True)
        self.inv = 1.0 / np.sqrt((grp ** 2).mean(axis=2, keepdims=True) + self.eps)
        self.xhat = (grp * self.inv).reshape(x.shape)
        bc = (1, c) + (1,) * (x.ndim - 2)
        return self.xhat * self.weight.reshape(bc) + self.bias.reshape(bc)

    def backward(self, dy):
        n, c = dy.shape[:2]
        rest = (0,) + tuple(range(2, dy.ndim))
        self.weight_grad = (dy * self.xhat).sum(axis=rest)
        self.bias_grad = dy.sum(axis=rest)
        bc = (1, c) + (1,) * (dy.ndim - 2)
        d = (dy * self.weight.reshape(bc)).reshape(n, self.G, -1)
        xh = self.xhat.reshape(n, self.G, -1)
        dx = d - d.mean(axis=2, keepdims=True) - xh * (d * xh).mean(axis=2, keepdims=True)
        return (dx * self.inv).reshape(dy.shape)
