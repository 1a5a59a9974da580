import numpy as np


def normalise(adj):
    """row-normalised adjacency with self loops (directed: a paper reads what it cites)"""
    a = adj + np.eye(len(adj))
    return a / a.sum(axis=1, keepdims=True)


class GraphConv:
    def __init__(self, d_in, d_out, seed):
        rng = np.random.default_rng(seed)
        lim = np.sqrt(6 / (d_in + d_out))
        self.theta = rng.uniform(-lim, lim, (d_in, d_out))
        self.bias = np.zeros(d_out)

    def forward(self, x, a_hat):
        self.a_hat = a_hat
        self.x = x
        return a_hat @ (x @ self.theta) + self.bias

    def backward(self, g):
        g_support = self.a_hat.T @ g
        self.theta_grad = self.x.T @ g_support
        self.bias_grad = g.sum(axis=0)
        return g_support @ self.theta.T


class ReLU:
    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, g):
        return g * self.on


class GCN:
    def __init__(self, d_in=6, d_hid=8, n_class=3, seed=0):
        self.gc1 = GraphConv(d_in, d_hid, seed)
        self.relu = ReLU()
        self.gc2 = GraphConv(d_hid, n_class, seed + 1)

    def forward(self, x, adj):
        a_hat = normalise(adj)
        return self.gc2.forward(self.relu.forward(self.gc1.forward(x, a_hat)), a_hat)

    def backward(self, g):
        return self.gc1.backward(self.relu.backward(self.gc2.backward(g)))


class NodeCrossEntropy:
    """Labels of -1 mark nodes outside of the training split."""

    def loss(self, logits, labels):
        known = labels >= 0
        z = logits[known] - logits[known].max(axis=1, keepdims=True)
        lse = np.log(np.exp(z).sum(axis=1))
        return np.mean(lse - z[np.arange(known.sum()), labels[known]])

    def gradient(self, logits, labels):
        known = labels >= 0
        z = np.exp(logits[known] - logits[known].max(axis=1, keepdims=True))
        p = z / z.sum(axis=1, keepdims=True)
        p[np.arange(known.sum()), labels[known]] -= 1
        out = np.zeros_like(logits)
        out[known] = p / known.sum()
        return out


class AdaGrad:
    def __init__(self, layers, lr):
        self.layers, self.lr = layers, lr
        self.acc = [(np.zeros_like(l.theta), np.zeros_like(l.bias)) for l in layers]

    def step(self):
        for l, (s, t) in zip(self.layers, self.acc):
            s += l.theta_grad ** 2
            t += l.bias_grad ** 2
            l.theta -= self.lr * l.theta_grad / (np.sqrt(s) + 1e-8)
            l.bias -= self.lr * l.bias_grad / (np.sqrt(t) + 1e-8)


def toy_graph(n, rng):
    y = rng.integers(0, 3, n)
    same = y[:, None] == y[None, :]
    adj = (rng.random((n, n)) < np.where(same, 0.15, 0.02)).astype(float)
    np.fill_diagonal(adj, 0)
    x = rng.normal(size=(n, 6))
    x[:, :3] += 0.7 * np.eye(3)[y]
    return x, adj, y


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    x, adj, y = toy_graph(90, rng)
    split = np.where(rng.random(90) < 0.3, y, -1)
    net, crit = GCN(), NodeCrossEntropy()
    opt = AdaGrad([net.gc1, net.gc2], 0.1)
    for epoch in range(80):
        out = net.forward(x, adj)
        net.backward(crit.gradient(out, split))
        opt.step()
    print("test acc", (out.argmax(1) == y)[split < 0].mean())
