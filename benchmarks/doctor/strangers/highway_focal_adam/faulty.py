import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


class Adam:
    def __init__(self, beta1=0.9, beta2=0.999, eps=1e-8):
        self.b1, self.b2, self.eps = beta1, beta2, eps
        self.t = 0
        self.m, self.v = {}, {}

    def update(self, params, grads, lr):
        for k, g in grads.items():
            self.t += 1
            self.m[k] = self.b1 * self.m.get(k, 0.0) + (1 - self.b1) * g
            self.v[k] = self.b2 * self.v.get(k, 0.0) + (1 - self.b2) * g * g
            mhat = self.m[k] / (1 - self.b1 ** self.t)
            vhat = self.v[k] / (1 - self.b2 ** self.t)
            params[k] -= lr * mhat / (np.sqrt(vhat) + self.eps)


class HighwayFocal:
    """Highway layer, logistic output, focal loss with gamma = 2."""

    def __init__(self, d, seed=0):
        r = np.random.default_rng(seed)
        s = d ** -0.5
        self.params = {"WH": r.normal(0, s, (d, d)), "WT": r.normal(0, s, (d, d)), "bT": np.full(d, -1.0), "w": r.normal(0, s, d)}
        self.grads = {}
        self.optimizer = Adam()

    def forward(self, x):
        p = self.params
        self.x = x
        self.h = np.tanh(x @ p["WH"])
        self.t = sigmoid(x @ p["WT"] + p["bT"])
        self.y = self.t * self.h + (1 - self.t) * x
        return sigmoid(self.y @ p["w"])

    def loss(self, x, target):
        prob = self.forward(x)
        pt = np.where(target == 1, prob, 1 - prob)
        return np.mean(-(1 - pt) ** 2 * np.log(pt))

    def backward(self, prob, target):
        p, g = self.params, self.grads
        pt = np.where(target == 1, prob, 1 - prob)
        dpt = (2 * (1 - pt) * np.log(pt) - (1 - pt) ** 2 / pt) / len(target)
        dz = np.where(target == 1, dpt, -dpt) * prob * (1 - prob)
        g["w"] = self.y.T @ dz
        dy = np.outer(dz, p["w"])
        da = dy * self.t * (1 - self.h ** 2)
        db = dy * (self.h - self.x) * self.t * (1 - self.t)
        g["WH"], g["WT"], g["bT"] = self.x.T @ da, self.x.T @ db, db.sum(axis=0)
        return dy * (1 - self.t) + da @ p["WH"].T + db @ p["WT"].T

    def step(self, x, target, learning_rate=1e-3):
        value = self.loss(x, target)
        self.backward(self.forward(x), target)
        self.optimizer.update(self.params, self.grads, learning_rate)
        return value
