# Wide & deep price model on a tiny tape autograd (exported from a notebook)
# %%
import numpy as np


def unbroadcast(g, shape):
    while g.ndim > len(shape):
        g = g.sum(axis=0)
    for ax, n in enumerate(shape):
        if n == 1 and g.shape[ax] != 1:
            g = g.sum(axis=ax, keepdims=True)
    return g


class Var:
    def __init__(self, data, parents=()):
        self.data = np.asarray(data, dtype=float)
        self.parents = parents
        self.grad = None

    def _new(self, data, *parents):
        return Var(data, parents)

    def __add__(self, other):
        other = other if isinstance(other, Var) else Var(other)
        return self._new(self.data + other.data,
                         (self, lambda g: unbroadcast(g, self.data.shape)),
                         (other, lambda g: unbroadcast(g, other.data.shape)))

    def __mul__(self, other):
        other = other if isinstance(other, Var) else Var(other)
        return self._new(self.data * other.data,
                         (self, lambda g: unbroadcast(g * other.data, self.data.shape)),
                         (other, lambda g: unbroadcast(g * self.data, other.data.shape)))

    def __sub__(self, other):
        return self + (other if isinstance(other, Var) else Var(other)) * -1.0

    def __matmul__(self, other):
        return self._new(self.data @ other.data,
                         (self, lambda g: g @ other.data.T),
                         (other, lambda g: self.data.T @ g))

    def tanh(self):
        t = np.tanh(self.data)
        return self._new(t, (self, lambda g: g * (1 - t * t)))

    def rows(self, ids):
        def back(g):
            full = np.zeros_like(self.data)
            np.add.at(full, ids, g)
            return full
        return self._new(self.data[ids], (self, back))

    def mean(self):
        n = self.data.size
        return self._new(self.data.mean(), (self, lambda g: np.full(self.data.shape, g / n)))

    def backward(self, g=1.0):
        order, seen = [], set()

        def visit(v):
            if id(v) not in seen:
                seen.add(id(v))
                for p, _ in v.parents:
                    visit(p)
                order.append(v)

        visit(self)
        for v in order:
            v.grad = np.zeros_like(v.data)
        self.grad = np.asarray(g, dtype=float)
        for v in reversed(order):
            for p, fn in v.parents:
                p.grad = p.grad + fn(v.grad)


# %%
class WideDeep:
    def __init__(self, n_num=4, n_cat=5, emb=3, hidden=6, seed=0):
        r = np.random.default_rng(seed)
        self.wide = Var(r.normal(0, 0.3, (n_num, 1)))
        self.table = Var(r.normal(0, 1, (n_cat, emb)))
        self.W1n = Var(r.normal(0, 0.4, (n_num, hidden)))
        self.W1c = Var(r.normal(0, 0.4, (emb, hidden)))
        self.b1 = Var(r.normal(0, 0.1, hidden))
        self.W2 = Var(r.normal(0, 0.4, (hidden, 1)))
        self.b2 = Var(np.zeros(1))

    def params(self):
        return [v for v in vars(self).values() if isinstance(v, Var) and not v.parents]

    def graph(self, num, cat):
        num = Var(num)
        h = (num @ self.W1n + self.table.rows(cat) @ self.W1c + self.b1).tanh()
        return num @ self.wide + h @ self.W2 + self.b2

    def step(self, num, cat, price, lr=0.1):
        loss = squared_error(self.graph(num, cat), price)
        loss.backward()
        for p in self.params():
            p.data = p.data - lr * p.grad
        return float(loss.data)


def squared_error(pred, price):
    diff = pred - price.reshape(-1, 1)
    return (diff * diff).mean()


def loss(pred, price):
    return float(squared_error(Var(pred), price).data)


def loss_gradient(pred, price):
    p = Var(pred)
    squared_error(p, price).backward()
    return p.grad


# %%
def fake_houses(n, seed=0):
    r = np.random.default_rng(seed)
    num, cat = r.normal(size=(n, 4)), r.integers(0, 5, n)
    return num, cat, num @ [1.0, -0.5, 0.2, 0.0] + np.array([0, 1, -1, 2, 0.5])[cat]


if __name__ == "__main__":
    num, cat, price = fake_houses(200)
    model = WideDeep()
    for it in range(150):
        value = model.step(num, cat, price)
    print("mse", value, "var", price.var())
