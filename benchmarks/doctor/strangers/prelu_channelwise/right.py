import numpy as np


class PReLU2d:
    """y = x where x > 0, alpha_c * x elsewhere; one slope per channel, NCHW."""

    def __init__(self, n_channels, init=0.25):
        self.params = {"alpha": np.full((1, n_channels, 1, 1), init)}
        self.grads = {}

    def forward(self, x):
        self.x = x
        self.neg = x <= 0
        return np.where(self.neg, self.params["alpha"] * x, x)

    def backward(self, grad_out):
        alpha = self.params["alpha"]
        contribution = np.where(self.neg, self.x, 0.0) * grad_out
        self.grads["alpha"] = contribution.sum(axis=(0, 2, 3), keepdims=True)
        return np.where(self.neg, alpha, 1.0) * grad_out


def sgd(layer, lr):
    for name, g in layer.grads.items():
        layer.params[name] -= lr * g


if __name__ == "__main__":
    act = PReLU2d(4)
    x = np.random.default_rng(0).normal(size=(2, 4, 3, 4))
    act.forward(x)
    act.backward(np.ones_like(x))
    sgd(act, 0.01)
    print(act.params["alpha"].ravel())
