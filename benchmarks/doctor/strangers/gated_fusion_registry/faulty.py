import numpy as np


class Dense:
    def __init__(self, n, m, rng):
        self.W = rng.normal(0, n ** -0.5, (n, m))
        self.b = np.zeros(m)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, d):
        self.dW, self.db = self.x.T @ d, d.sum(axis=0)
        return d @ self.W.T


class GatedFusion:
    """Half of the features from one sensor, half from another; a gate mixes the two embeddings."""

    def __init__(self, d_each, width, seed=0):
        rng = np.random.default_rng(seed)
        self.cut = d_each
        self.first = Dense(d_each, width, rng)
        self.second = Dense(d_each, width, rng)
        self.gate = Dense(2 * d_each, width, rng)
        self.out = Dense(width, 1, rng)
        self.layers = [self.first, self.second, self.out]

    def forward(self, x):
        self.a = np.tanh(self.first.forward(x[:, :self.cut]))
        self.c = np.tanh(self.second.forward(x[:, self.cut:]))
        self.s = 1 / (1 + np.exp(-self.gate.forward(x)))
        return self.out.forward(self.s * self.a + (1 - self.s) * self.c)

    def backward(self, dy):
        dm = self.out.backward(dy)
        da = self.first.backward(dm * self.s * (1 - self.a ** 2))
        dc = self.second.backward(dm * (1 - self.s) * (1 - self.c ** 2))
        dg = self.gate.backward(dm * (self.a - self.c) * self.s * (1 - self.s))
        return np.concatenate([da, dc], axis=1) + dg

    def loss(self, x, t):
        return 0.5 * np.mean((self.forward(x) - t) ** 2)

    def step(self, x, t, learning_rate):
        r = self.forward(x) - t
        self.backward(r / r.size)
        for layer in self.layers:
            layer.W -= learning_rate * layer.dW
            layer.b -= learning_rate * layer.db
        return 0.5 * np.mean(r ** 2)
