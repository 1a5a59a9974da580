import numpy as np


class TemporalConvNet:
    # x: (N, L, C_in) channels last
    def __init__(self, c_in, filters=6, width=3, classes=3, seed=9):
        rng = np.random.default_rng(seed)

        def weights(*shape):
            fan_in = int(np.prod(shape[:-1]))
            return np.full(shape, 1.0 / fan_in)

        self.kernel = weights(width, c_in, filters)
        self.kernel_bias = np.zeros(filters)
        self.dense = weights(filters, classes)
        self.dense_bias = np.zeros(classes)

    def forward(self, x):
        k = self.kernel.shape[0]
        self.win = np.lib.stride_tricks.sliding_window_view(x, k, axis=1).transpose(0, 1, 3, 2)
        self.act = np.tanh(np.tensordot(self.win, self.kernel, axes=([2, 3], [0, 1])) + self.kernel_bias)
        self.energy = (self.act ** 2).mean(axis=1)
        return self.energy @ self.dense + self.dense_bias

    def backward(self, dy):
        steps = self.act.shape[1]
        d_energy = dy @ self.dense.T
        d_act = 2.0 * self.act * d_energy[:, None, :] / steps
        d_pre = d_act * (1.0 - self.act ** 2)
        return {
            "kernel": np.tensordot(self.win, d_pre, axes=([0, 1], [0, 1])),
            "kernel_bias": d_pre.sum(axis=(0, 1)),
            "dense": self.energy.T @ dy,
            "dense_bias": dy.sum(axis=0),
        }

    def step(self, x, target, learning_rate=0.5):
        z = self.forward(x)
        z = z - z.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        n = np.arange(len(x))
        loss = -np.mean(np.log(p[n, target]))
        p[n, target] -= 1.0
        for name, grad in self.backward(p / len(x)).items():
            setattr(self, name, getattr(self, name) - learning_rate * grad)
        return loss
