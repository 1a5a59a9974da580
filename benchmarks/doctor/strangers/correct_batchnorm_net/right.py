import numpy as np


class Affine:
    def __init__(self, i, o, rng):
        self.W = rng.normal(size=(i, o)) * np.sqrt(2 / i)
        self.b = np.zeros(o)

    def forward(self, x, train):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T

    def params(self):
        return ["W", "b"]


class BatchNorm:
    def __init__(self, n, momentum=0.9, eps=1e-5):
        self.gamma, self.beta = np.ones(n), np.zeros(n)
        self.running_mean, self.running_var = np.zeros(n), np.ones(n)
        self.momentum, self.eps = momentum, eps

    def forward(self, x, train):
        self.train = train
        if train:
            mu, var = x.mean(0), x.var(0)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mu
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        else:
            mu, var = self.running_mean, self.running_var
        self.inv = 1 / np.sqrt(var + self.eps)
        self.xhat = (x - mu) * self.inv
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        self.dgamma, self.dbeta = (dy * self.xhat).sum(0), dy.sum(0)
        d = dy * self.gamma
        if not self.train:
            return d * self.inv
        return self.inv * (d - d.mean(0) - self.xhat * (d * self.xhat).mean(0))

    def params(self):
        return ["gamma", "beta"]


class LeakyReLU:
    def forward(self, x, train):
        self.slope = np.where(x > 0, 1.0, 0.1)
        return x * self.slope

    def backward(self, dy):
        return dy * self.slope

    def params(self):
        return []


class Net:
    def __init__(self, d=10, classes=4, seed=8):
        rng = np.random.default_rng(seed)
        self.layers = [Affine(d, 16, rng), BatchNorm(16), LeakyReLU(), Affine(16, 12, rng), BatchNorm(12), LeakyReLU(), Affine(12, classes, rng)]
        self.layers[-1].W *= 0.3
        self.training = True

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x, self.training)
        return x

    def backward(self, g):
        for layer in reversed(self.layers):
            g = layer.backward(g)
        return g

    def step(self, x, target, learning_rate):
        z = self.forward(x)
        z = z - z.max(1, keepdims=True)
        logp = z - np.log(np.exp(z).sum(1, keepdims=True))
        r = np.arange(len(x))
        d = np.exp(logp)
        d[r, target] -= 1
        self.backward(d / len(x))
        for layer in self.layers:
            for name in layer.params():
                setattr(layer, name, getattr(layer, name) - learning_rate * getattr(layer, "d" + name))
        return -logp[r, target].mean()
