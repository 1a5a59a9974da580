import numpy as np


def shuffled(X, y, seed=0):
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(X))
    return X[order], y[order]


class MaxoutNet:
    def __init__(self, n, units=10, pieces=3, classes=3, seed=1):
        rng = np.random.default_rng(seed)
        self.W = rng.normal(0, n ** -0.5, (pieces, n, units))
        self.b = rng.normal(0, 0.1, (pieces, 1, units))
        self.S = rng.normal(0, units ** -0.5, (units, classes))
        self.t = np.zeros(classes)

    def scores(self, X):
        pre = X @ self.W + self.b
        arg = pre.argmax(axis=0)
        h = np.take_along_axis(pre, arg[None], axis=0)[0]
        return h @ self.S + self.t, h, arg

    def accuracy(self, X, y):
        return np.mean(self.scores(X)[0].argmax(1) == y)

    def step(self, x, target, learning_rate):
        s, h, arg = self.scores(x)
        s = s - s.max(1, keepdims=True)
        p = np.exp(s)
        p /= p.sum(1, keepdims=True)
        hot = np.eye(p.shape[1])[target]
        loss = -(hot * np.log(p + 1e-15)).sum(1).mean()
        d = (p - hot) / len(x)
        dh = d @ self.S.T
        gS, gt = h.T @ d, d.sum(0)
        for k in range(len(self.W)):
            dk = dh * (arg == k)
            self.W[k] -= learning_rate * x.T @ dk
            self.b[k, 0] -= learning_rate * dk.sum(0)
        self.S -= learning_rate * gS
        self.t -= learning_rate * gt
        return loss
