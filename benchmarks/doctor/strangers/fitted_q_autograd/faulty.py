"""Fitted Q iteration for a pendulum-like toy task; the critic Q(s, a) is built on a home-made autograd."""
import numpy as np


def unbroadcast(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for i, n in enumerate(shape):
        if n == 1 and g.shape[i] != 1:
            g = g.sum(axis=i, keepdims=True)
    return g


class Tensor:
    def __init__(self, data, parents=()):
        self.data = np.asarray(data, dtype=float)
        self.grad = None
        self.parents = parents          # pairs (tensor, function: upstream -> gradient)

    @staticmethod
    def wrap(x):
        return x if isinstance(x, Tensor) else Tensor(x)

    def __add__(self, other):
        other = Tensor.wrap(other)
        return Tensor(self.data + other.data, (
            (self, lambda g: unbroadcast(g, self.data.shape)),
            (other, lambda g: unbroadcast(g, other.data.shape))))

    def __mul__(self, other):
        other = Tensor.wrap(other)
        return Tensor(self.data * other.data, (
            (self, lambda g: unbroadcast(g * other.data, self.data.shape)),
            (other, lambda g: unbroadcast(g * self.data, other.data.shape))))

    def __sub__(self, other):
        return self + Tensor.wrap(other) * -1.0

    def __matmul__(self, other):
        return Tensor(self.data @ other.data, (
            (self, lambda g: g @ other.data.T), (other, lambda g: self.data.T @ g)))

    def __getitem__(self, key):
        def back(g):
            full = np.zeros_like(self.data)
            np.add.at(full, key, g)
            return full
        return Tensor(self.data[key], ((self, back),))

    def tanh(self):
        t = np.tanh(self.data)
        return Tensor(t, ((self, lambda g: g * (1 - t * t)),))

    def mean(self):
        n = self.data.size
        return Tensor(self.data.mean(), ((self, lambda g: np.full(self.data.shape, g / n)),))

    def backward(self, g=None):
        order, seen = [], set()

        def visit(t):
            if id(t) not in seen:
                seen.add(id(t))
                for p, _ in t.parents:
                    visit(p)
                order.append(t)

        visit(self)
        for t in order:
            if t.parents or t.grad is None:
                t.grad = np.zeros_like(t.data)
        self.grad = np.ones_like(self.data) if g is None else np.asarray(g, dtype=float)
        for t in reversed(order):
            for p, f in t.parents:
                p.grad = p.grad + f(t.grad)


class Critic:
    def __init__(self, n_state=3, n_action=1, hidden=16, seed=0):
        rng = np.random.default_rng(seed)
        n_in = n_state + n_action
        self.params = {
            "W1": Tensor(rng.normal(0, n_in ** -0.5, (n_in, hidden))), "b1": Tensor(np.zeros(hidden)),
            "W2": Tensor(rng.normal(0, hidden ** -0.5, (hidden, hidden))), "b2": Tensor(np.zeros(hidden)),
            "W3": Tensor(rng.normal(0, hidden ** -0.5, (hidden, 1))), "b3": Tensor(np.zeros(1)),
        }

    def zero_grad(self):
        for p in self.params.values():
            p.grad = np.zeros_like(p.data)

    def __call__(self, sa):
        p = self.params
        h = (sa @ p["W1"] + p["b1"]).tanh()
        h = (h @ p["W2"] + p["b2"]).tanh()
        return h @ p["W3"] + p["b3"]

    def forward(self, sa):
        """sa: (batch, n_state + n_action) array -> Q"""
        self.x = Tensor(sa)
        self.q = self(self.x)
        return self.q.data

    def backward(self, dq):
        self.zero_grad()
        self.q.backward(dq)
        return self.x.grad


def td_error_loss(q, y):
    d = Tensor.wrap(q) - y
    return (d * d).mean()


def td_loss(q, y):
    return float(td_error_loss(q, y).data)


def td_loss_grad(q, y):
    q = Tensor(q)
    td_error_loss(q, y).backward()
    return q.grad


def transitions(n, rng):
    s = rng.uniform(-1, 1, (n, 3))
    a = rng.uniform(-1, 1, (n, 1))
    s2 = np.clip(s + 0.1 * np.c_[s[:, 1], a[:, 0] - s[:, 0], s[:, 0] * s[:, 1]], -1, 1)
    r = -(s[:, 0] ** 2 + 0.1 * s[:, 1] ** 2 + 0.01 * a[:, 0] ** 2)
    return s, a, r, s2


def bootstrap_targets(critic, r, s2, gamma=0.9):
    candidates = np.linspace(-1, 1, 5)
    q = [critic.forward(np.c_[s2, np.full((len(s2), 1), a)]).reshape(-1) for a in candidates]
    return r + gamma * np.max(q, axis=0)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    critic = Critic()
    for outer in range(10):
        s, a, r, s2 = transitions(256, rng)
        y = bootstrap_targets(critic, r, s2)
        for inner in range(20):
            q = critic.forward(np.c_[s, a])
            critic.backward(td_loss_grad(q, y))
            for p in critic.params.values():
                p.data -= 0.1 * p.grad
        print("iteration", outer, "td loss %.4f" % td_loss(critic.forward(np.c_[s, a]), y))
