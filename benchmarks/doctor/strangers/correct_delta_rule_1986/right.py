import numpy as np


def logistic(net):
    return 1.0 / (1.0 + np.exp(-net))


class Perceptron2:
    """Notation of 1986: delta_o = (t - o) o (1 - o), delta_h = h (1 - h) sum_o w delta_o, and dw = eta delta x."""

    def __init__(self, ni, nh, no, seed=0):
        rng = np.random.default_rng(seed)
        self.w_ih = rng.uniform(-0.5, 0.5, (ni + 1, nh))
        self.w_ho = rng.uniform(-0.5, 0.5, (nh + 1, no))

    @staticmethod
    def _one(a):
        return np.hstack([a, np.ones((len(a), 1))])

    def activate(self, x):
        h = logistic(self._one(x) @ self.w_ih)
        return h, logistic(self._one(h) @ self.w_ho)

    def loss(self, x, t):
        return 0.5 * np.sum((t - self.activate(x)[1]) ** 2)

    def step(self, x, t, learning_rate):
        h, o = self.activate(x)
        delta_o = (t - o) * o * (1 - o)
        delta_h = h * (1 - h) * (delta_o @ self.w_ho[:-1].T)
        self.w_ho += learning_rate * self._one(h).T @ delta_o
        self.w_ih += learning_rate * self._one(x).T @ delta_h
        return 0.5 * np.sum((t - o) ** 2)


if __name__ == "__main__":
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]])
    T = np.array([[0], [1], [1], [0.0]])
    net = Perceptron2(2, 4, 1)
    for epoch in range(5000):
        e = net.step(X, T, 1.0)
    print(e, net.activate(X)[1].ravel())
