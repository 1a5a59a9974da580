"""GRU sequence classifier; everything lives in one parameter dictionary."""
import numpy as np


def sig(x):
    return 0.5 * (1 + np.tanh(0.5 * x))


def make_params(d, h, c, seed=0):
    rng = np.random.default_rng(seed)
    P = {}
    for gate in "zrn":
        P["W" + gate] = rng.normal(0, 1 / np.sqrt(d), (d, h))
        P["U" + gate] = rng.normal(0, 1 / np.sqrt(h), (h, h))
        P["b" + gate] = np.zeros(h)
    P["Wo"] = rng.normal(0, 1 / np.sqrt(h), (h, c))
    P["bo"] = np.zeros(c)
    return P


class GRUClassifier:
    def __init__(self, d, h=10, c=2):
        self.params = make_params(d, h, c)
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}

    def forward(self, x):
        P = self.params
        B, T, _ = x.shape
        h = np.zeros((B, P["Uz"].shape[0]))
        self.tape = []
        for t in range(T):
            xt = x[:, t]
            z = sig(xt @ P["Wz"] + h @ P["Uz"] + P["bz"])
            r = sig(xt @ P["Wr"] + h @ P["Ur"] + P["br"])
            n = np.tanh(xt @ P["Wn"] + (r * h) @ P["Un"] + P["bn"])
            self.tape.append((xt, h, z, r, n))
            h = (1 - z) * n + z * h
        self.last = h
        return h @ P["Wo"] + P["bo"]

    def backward(self, dlogits):
        P, G = self.params, self.grads
        for k in G:
            G[k] = np.zeros_like(P[k])
        G["Wo"] += self.last.T @ dlogits
        G["bo"] += dlogits.sum(0)
        dh = dlogits @ P["Wo"].T
        dx = []
        for xt, h, z, r, n in reversed(self.tape):
            dn = dh * (1 - z) * (1 - n * n)
            dz = dh * (h - n) * z * (1 - z)
            drh = dn @ P["Un"].T
            dr = drh * h * r * (1 - r)
            dprev = dh * z + drh * r + dz @ P["Uz"].T + dr @ P["Ur"].T
            for gate, d, hin in (("z", dz, h), ("r", dr, h), ("n", dn, r * h)):
                G["W" + gate] += xt.T @ d
                G["U" + gate] += hin.T @ d
                G["b" + gate] += d.sum(0)
            dx.append(dz @ P["Wz"].T + dr @ P["Wr"].T + dn @ P["Wn"].T)
            dh = dprev
        return np.stack(dx[::-1], axis=1)

    def step(self, x, target, learning_rate):
        logits = self.forward(x)
        e = np.exp(logits - logits.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        idx = np.arange(len(target))
        loss = -np.log(p[idx, target]).mean()
        p[idx, target] -= 1
        self.backward(p / len(target))
        for name, value in self.params.items():
            if name[0] in "Wb":
                value -= learning_rate * self.grads[name]
        return loss
