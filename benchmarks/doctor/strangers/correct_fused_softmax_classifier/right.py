"""Two hidden layers, softmax output.  The output layer's error signal is p - y, as in the textbook."""
import numpy as np


class Hidden:
    def __init__(self, n_in, n_out, rng):
        self.theta = rng.normal(0, np.sqrt(2 / n_in), (n_in + 1, n_out))   # last row is the bias
        self.theta[-1] = 0
        self.velocity = np.zeros_like(self.theta)

    def forward(self, x):
        self.x1 = np.hstack([x, np.ones((len(x), 1))])
        self.y = np.maximum(self.x1 @ self.theta, 0)
        return self.y

    def backward(self, delta):
        delta = delta * (self.y > 0)
        self.dtheta = self.x1.T @ delta
        return delta @ self.theta[:-1].T


class SoftmaxOutput:
    """Affine + softmax. backward() receives p - y, i.e. the derivative at the logits."""

    def __init__(self, n_in, n_out, rng):
        self.theta = rng.normal(0, np.sqrt(1 / n_in), (n_in + 1, n_out))
        self.theta[-1] = 0
        self.velocity = np.zeros_like(self.theta)

    def forward(self, x):
        self.x1 = np.hstack([x, np.ones((len(x), 1))])
        z = self.x1 @ self.theta
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def backward(self, delta):
        self.dtheta = self.x1.T @ delta
        return delta @ self.theta[:-1].T


class CrossEntropy:
    def value(self, p, y):
        return -np.log(p[np.arange(len(y)), y]).mean()

    def delta(self, p, y):
        """derivative at the logits"""
        d = p.copy()
        d[np.arange(len(y)), y] -= 1
        return d / len(y)


class Classifier:
    def __init__(self, sizes=(6, 16, 12, 4), momentum=0.9, seed=0):
        rng = np.random.default_rng(seed)
        self.layers = [Hidden(a, b, rng) for a, b in zip(sizes[:-2], sizes[1:-1])]
        self.layers.append(SoftmaxOutput(sizes[-2], sizes[-1], rng))
        self.criterion = CrossEntropy()
        self.momentum = momentum

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, delta):
        for layer in self.layers[::-1]:
            delta = layer.backward(delta)
        return delta

    def update(self, learning_rate):
        for layer in self.layers:
            layer.velocity *= self.momentum
            layer.velocity -= learning_rate * layer.dtheta
            layer.theta += layer.velocity


def moons(n, rng):
    X = rng.normal(size=(n, 6))
    y = 2 * (X[:, 0] * X[:, 1] > 0) + (X[:, 2] > 0)
    return X, y.astype(int)


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    X, y = moons(600, rng)
    net = Classifier()
    for epoch in range(15):
        order = rng.permutation(500)
        for b in np.split(order, 10):
            p = net.forward(X[b])
            net.backward(net.criterion.delta(p, y[b]))
            net.update(0.05)
        if epoch % 5 == 4:
            p = net.forward(X[500:])
            print("epoch", epoch + 1, "held-out loss", net.criterion.value(p, y[500:]), "accuracy", (p.argmax(1) == y[500:]).mean())
