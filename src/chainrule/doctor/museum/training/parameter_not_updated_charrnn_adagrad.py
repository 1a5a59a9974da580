"""Character RNN classifier in the style of a famous gist, Adagrad inside step().

Symptom: The embedding never changes; its gradient is computed and thrown away.
Repair: List the embedding among the parameters that are updated.
"""
import numpy as np

CODES = ('parameter-not-updated',)
PLACES = ('Emb', 'E', '')

def strings(n, seed):
    r = np.random.RandomState(seed)
    t = r.randint(0, 3, n)
    ids = r.randint(0, 9, (n, 7))
    for i in range(n):                 # class = which of three letters fills the string
        where = r.permutation(7)[:3]
        ids[i, where] = 3 * t[i] + r.randint(0, 3, 3)
    return ids, t


class CharRNN:
    def __init__(self, vocab=9, emb=6, hidden=11, classes=3):
        r = np.random.RandomState(4)
        self.Emb = r.randn(vocab, emb)
        self.Wxh = r.randn(hidden, emb) * 0.3
        self.Whh = np.linalg.qr(r.randn(hidden, hidden))[0] * 0.9
        self.Why = r.randn(classes, hidden) * 0.2
        self.bh = np.zeros(hidden)
        self.by = np.zeros(classes)
        self.mem = {}

    def forward(self, ids):
        self.ids, self.hs = ids, {-1: np.zeros((len(ids), len(self.bh)))}
        for t in range(ids.shape[1]):
            self.hs[t] = np.tanh(self.Emb[ids[:, t]] @ self.Wxh.T + self.hs[t - 1] @ self.Whh.T + self.bh)
        return self.hs[t] @ self.Why.T + self.by

    def lossFun(self, ids, targets):
        y = self.forward(ids)
        n, T = ids.shape
        p = np.exp(y - y.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        loss = -np.log(p[np.arange(n), targets]).mean()
        dy = p
        dy[np.arange(n), targets] -= 1
        dy /= n
        dEmb, dWxh, dWhh, dbh = (np.zeros_like(a) for a in (self.Emb, self.Wxh, self.Whh, self.bh))
        dWhy, dby = dy.T @ self.hs[T - 1], dy.sum(0)
        dh = dy @ self.Why
        for t in reversed(range(T)):
            draw = dh * (1 - self.hs[t] ** 2)
            dbh += draw.sum(0)
            dWxh += draw.T @ self.Emb[ids[:, t]]
            dWhh += draw.T @ self.hs[t - 1]
            np.add.at(dEmb, ids[:, t], draw @ self.Wxh)
            dh = draw @ self.Whh
        return loss, dict(Emb=dEmb, Wxh=dWxh, Whh=dWhh, Why=dWhy, bh=dbh, by=dby)

    def step(self, ids, targets, learning_rate):
        loss, self.d = self.lossFun(ids, targets)
        for name in ["Wxh", "Whh", "Why", "bh", "by"]:  # FAULT
            param, dparam = getattr(self, name), self.d[name]
            self.mem[name] = self.mem.get(name, 0.1) + dparam * dparam
            param -= learning_rate * dparam / np.sqrt(self.mem[name] + 1e-8)
        return float(loss)


class CharRNNRepaired:
    def __init__(self, vocab=9, emb=6, hidden=11, classes=3):
        r = np.random.RandomState(4)
        self.Emb = r.randn(vocab, emb)
        self.Wxh = r.randn(hidden, emb) * 0.3
        self.Whh = np.linalg.qr(r.randn(hidden, hidden))[0] * 0.9
        self.Why = r.randn(classes, hidden) * 0.2
        self.bh = np.zeros(hidden)
        self.by = np.zeros(classes)
        self.mem = {}

    def forward(self, ids):
        self.ids, self.hs = ids, {-1: np.zeros((len(ids), len(self.bh)))}
        for t in range(ids.shape[1]):
            self.hs[t] = np.tanh(self.Emb[ids[:, t]] @ self.Wxh.T + self.hs[t - 1] @ self.Whh.T + self.bh)
        return self.hs[t] @ self.Why.T + self.by

    def lossFun(self, ids, targets):
        y = self.forward(ids)
        n, T = ids.shape
        p = np.exp(y - y.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        loss = -np.log(p[np.arange(n), targets]).mean()
        dy = p
        dy[np.arange(n), targets] -= 1
        dy /= n
        dEmb, dWxh, dWhh, dbh = (np.zeros_like(a) for a in (self.Emb, self.Wxh, self.Whh, self.bh))
        dWhy, dby = dy.T @ self.hs[T - 1], dy.sum(0)
        dh = dy @ self.Why
        for t in reversed(range(T)):
            draw = dh * (1 - self.hs[t] ** 2)
            dbh += draw.sum(0)
            dWxh += draw.T @ self.Emb[ids[:, t]]
            dWhh += draw.T @ self.hs[t - 1]
            np.add.at(dEmb, ids[:, t], draw @ self.Wxh)
            dh = draw @ self.Whh
        return loss, dict(Emb=dEmb, Wxh=dWxh, Whh=dWhh, Why=dWhy, bh=dbh, by=dby)

    def step(self, ids, targets, learning_rate):
        loss, self.d = self.lossFun(ids, targets)
        for name in ["Emb", "Wxh", "Whh", "Why", "bh", "by"]:
            param, dparam = getattr(self, name), self.d[name]
            self.mem[name] = self.mem.get(name, 0.1) + dparam * dparam
            param -= learning_rate * dparam / np.sqrt(self.mem[name] + 1e-8)
        return float(loss)


def faulty():
    ids, t = strings(150, 0)
    return {"training_check": True, "subject": CharRNN(), "x": ids, "target": t, "optimizer": None,
            "evaluation": strings(60, 1), "learning_rate": 0.015, "batch_size": 15, "steps": 700}


def correct():
    ids, t = strings(150, 0)
    return {"training_check": True, "subject": CharRNNRepaired(), "x": ids, "target": t, "optimizer": None,
            "evaluation": strings(60, 1), "learning_rate": 0.015, "batch_size": 15, "steps": 700}
