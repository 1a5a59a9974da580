"""Character-level vanilla RNN, trained with momentum.  Inputs are integer codes, (batch, time)."""
import numpy as np


class Momentum:
    def __init__(self, params, mu=0.8):
        self.params = params
        self.mu = mu
        self.velocity = {k: np.zeros_like(v) for k, v in params.items()}

    def apply(self, grads, learning_rate):
        for k in self.params:
            self.velocity[k] = self.mu * self.velocity[k] - learning_rate * grads[k]
            self.params[k] += self.velocity[k]


class CharRNN:
    def __init__(self, vocab, hidden=20, seed=3):
        rng = np.random.default_rng(seed)
        self.vocab, self.hidden = vocab, hidden
        self.params = {
            "Wxh": rng.standard_normal((vocab, hidden)) * 0.3,
            "Whh": np.linalg.qr(rng.standard_normal((hidden, hidden)))[0] * 0.8,
            "bh": np.zeros(hidden),
            "Why": rng.standard_normal((hidden, vocab)) * 0.1,
            "by": np.zeros(vocab),
        }
        self.optimizer = Momentum(self.params)

    def step(self, x, target, learning_rate=0.1):
        p = self.params
        B, T = x.shape
        hs = [np.zeros((B, self.hidden))]
        probs = []
        loss = 0.0
        rows = np.arange(B)
        for t in range(T):
            h = np.tanh(p["Wxh"][x[:, t]] + hs[-1] @ p["Whh"] + p["bh"])
            hs.append(h)
            s = h @ p["Why"] + p["by"]
            s = s - s.max(axis=1, keepdims=True)
            e = np.exp(s)
            q = e / e.sum(axis=1, keepdims=True)
            probs.append(q)
            loss -= np.log(q[rows, target[:, t]]).sum()
        loss /= B * T

        g = {k: np.zeros_like(v) for k, v in p.items()}
        dh_next = np.zeros((B, self.hidden))
        for t in reversed(range(T)):
            ds = probs[t].copy()
            ds[rows, target[:, t]] -= 1
            ds /= B * T
            g["Why"] += hs[t + 1].T @ ds
            g["by"] += ds.sum(axis=0)
            dh = ds @ p["Why"].T + dh_next
            da = dh * (1 - hs[t + 1] ** 2)
            np.add.at(g["Wxh"], x[:, t], da)
            g["Whh"] += hs[t].T @ da
            g["bh"] += da.sum(axis=0)
            dh_next = da @ p["Whh"].T
        self.optimizer.apply(g, learning_rate)
        return loss
