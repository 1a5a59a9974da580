import numpy as np


class BatchNormColumns:
    """Samples are columns, x is (features, batch)."""

    def __init__(self, n, momentum=0.9, eps=1e-5):
        self.scale, self.shift = np.ones((n, 1)), np.zeros((n, 1))
        self.running_mean, self.running_var = np.zeros((n, 1)), np.ones((n, 1))
        self.momentum, self.eps = momentum, eps
        self.training = True
        self.zero()

    def zero(self):
        self.scale_grad = np.zeros_like(self.scale)
        self.shift_grad = np.zeros_like(self.shift)

    def forward(self, x):
        if self.training:
            mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
            m = x.shape[1]
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var * m / max(m - 1, 1)
        else:
            mean, var = self.running_mean, self.running_var
        self.inv = (var + self.eps) ** -0.5
        self.xhat = (x - mean) * self.inv
        return self.scale * self.xhat + self.shift

    def backward(self, dy):
        self.scale_grad += (dy * self.xhat).sum(axis=1, keepdims=True)
        self.shift_grad += dy.sum(axis=1, keepdims=True)
        d = dy * self.scale
        if not self.training:
            return d * self.inv
        return self.inv * (d - d.mean(axis=1, keepdims=True) - self.xhat * (d * self.xhat).mean(axis=1, keepdims=True))
