"""1-D convnet (channels last); the detector's prior bias was given to the hidden layer.

Symptom: Most filters are 0 on every sample from the beginning.
Repair: Start hidden biases at zero.
"""
import numpy as np

CODES = ('dead-units',)
PLACES = ('conv', 'conv_b', 'theta.conv_b', '')

def pulses(n, seed):
    rs = np.random.RandomState(seed)
    k = rs.randint(0, 3, n)
    x = 0.4 * rs.randn(n, 14, 2)
    for i in range(n):
        p = rs.randint(0, 10)
        x[i, p:p + 4] += np.array([[[1, 0], [1, 0], [0, 1], [0, 1]], [[0, 1], [0, 1], [1, 0], [1, 0]], [[1, -1], [-1, 1], [1, -1], [-1, 1]]][k[i]])
    return x, k


def mean_ce(y, k):
    y = y - y.max(1, keepdims=True)
    return (np.log(np.exp(y).sum(1)) - y[np.arange(len(k)), k]).mean()


def mean_ce_grad(y, k):
    e = np.exp(y - y.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    p[np.arange(len(k)), k] -= 1
    return p / len(k)


class PulseNet:
    def __init__(self, width=4, cin=2, filters=12, classes=3, prior=0.05):
        rs = np.random.RandomState(10)
        self.theta = {"conv_w": rs.randn(width, cin, filters) * np.sqrt(2.0 / (width * cin)),
                      "conv_b": np.full(filters, -np.log((1 - prior) / prior)),  # FAULT
                      "out_w": rs.randn(filters, classes) / np.sqrt(filters), "out_b": np.zeros(classes)}

    def forward(self, x):
        w = self.theta["conv_w"]
        K, self.n = w.shape[0], x.shape[1] - w.shape[0] + 1
        self.x = x
        self.z = sum(x[:, i:i + self.n] @ w[i] for i in range(K)) + self.theta["conv_b"]
        self.a = np.maximum(self.z, 0)
        self.m = self.a.mean(axis=1)
        return self.m @ self.theta["out_w"] + self.theta["out_b"]

    def backward(self, dy):
        w = self.theta["conv_w"]
        da = np.broadcast_to((dy @ self.theta["out_w"].T)[:, None] / self.n, self.a.shape)
        dz = da * (self.z > 0)
        dx = np.zeros_like(self.x)
        dw = np.zeros_like(w)
        for i in range(w.shape[0]):
            dw[i] = np.einsum("btc,btf->cf", self.x[:, i:i + self.n], dz)
            dx[:, i:i + self.n] += dz @ w[i].T
        self.grad = {"conv_w": dw, "conv_b": dz.sum((0, 1)), "out_w": self.m.T @ dy, "out_b": dy.sum(0)}
        return dx


class Nesterov:
    def __init__(self, net, lr=0.02, mu=0.9):
        self.net, self.lr, self.mu = net, lr, mu
        self.v = {k: 0.0 * p for k, p in net.theta.items()}

    def step(self):
        for k, p in self.net.theta.items():
            old = self.v[k]
            self.v[k] = self.mu * old - self.lr * self.net.grad[k]
            p += -self.mu * old + (1 + self.mu) * self.v[k]


class PulseNetRepaired:
    def __init__(self, width=4, cin=2, filters=12, classes=3, prior=0.05):
        rs = np.random.RandomState(10)
        self.theta = {"conv_w": rs.randn(width, cin, filters) * np.sqrt(2.0 / (width * cin)),
                      "conv_b": np.zeros(filters),
                      "out_w": rs.randn(filters, classes) / np.sqrt(filters), "out_b": np.zeros(classes)}

    def forward(self, x):
        w = self.theta["conv_w"]
        K, self.n = w.shape[0], x.shape[1] - w.shape[0] + 1
        self.x = x
        self.z = sum(x[:, i:i + self.n] @ w[i] for i in range(K)) + self.theta["conv_b"]
        self.a = np.maximum(self.z, 0)
        self.m = self.a.mean(axis=1)
        return self.m @ self.theta["out_w"] + self.theta["out_b"]

    def backward(self, dy):
        w = self.theta["conv_w"]
        da = np.broadcast_to((dy @ self.theta["out_w"].T)[:, None] / self.n, self.a.shape)
        dz = da * (self.z > 0)
        dx = np.zeros_like(self.x)
        dw = np.zeros_like(w)
        for i in range(w.shape[0]):
            dw[i] = np.einsum("btc,btf->cf", self.x[:, i:i + self.n], dz)
            dx[:, i:i + self.n] += dz @ w[i].T
        self.grad = {"conv_w": dw, "conv_b": dz.sum((0, 1)), "out_w": self.m.T @ dy, "out_b": dy.sum(0)}
        return dx


class NesterovRepaired:
    def __init__(self, net, lr=0.02, mu=0.9):
        self.net, self.lr, self.mu = net, lr, mu
        self.v = {k: 0.0 * p for k, p in net.theta.items()}

    def step(self):
        for k, p in self.net.theta.items():
            old = self.v[k]
            self.v[k] = self.mu * old - self.lr * self.net.grad[k]
            p += -self.mu * old + (1 + self.mu) * self.v[k]


def faulty():
    x, k = pulses(120, 0)
    net = PulseNet()
    return {"training_check": True, "subject": net, "x": x, "target": k, "optimizer": Nesterov(net),
            "loss": (mean_ce, mean_ce_grad), "evaluation": pulses(60, 1), "learning_rate": 0.02, "batch_size": 12, "steps": 400}


def correct():
    x, k = pulses(120, 0)
    net = PulseNetRepaired()
    return {"training_check": True, "subject": net, "x": x, "target": k, "optimizer": NesterovRepaired(net),
            "loss": (mean_ce, mean_ce_grad), "evaluation": pulses(60, 1), "learning_rate": 0.02, "batch_size": 12, "steps": 400}
