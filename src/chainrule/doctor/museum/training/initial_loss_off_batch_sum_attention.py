"""Single-head self-attention classifier, loss functions written beside it.

Symptom: The first loss is 8 ln 3 and grows with the batch; the learning rate has to be changed whenever the batch is.
Repair: Average over the batch in the loss and in its gradient.
"""
import numpy as np

CODES = ('initial-loss-off',)
PLACES = ('loss', '')

def make_sequences(n, seed):
    r = np.random.default_rng(seed)
    y = r.integers(0, 3, n)
    x = 0.5 * r.normal(size=(n, 5, 6))
    x[np.arange(n), r.integers(0, 5, n), y] += 2.5      # one position carries the class
    return x, y


def seq_loss(logits, y):
    z = logits - logits.max(-1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(-1, keepdims=True))
    return -logp[np.arange(len(y)), y].sum()  # FAULT


def seq_loss_grad(logits, y):
    z = np.exp(logits - logits.max(-1, keepdims=True))
    d = z / z.sum(-1, keepdims=True)
    d[np.arange(len(y)), y] -= 1
    return d  # FAULT


class AttnClassifier:
    def __init__(self, d=6, k=4, classes=3):
        r = np.random.default_rng(6)
        self.Wq, self.Wk = r.normal(size=(2, d, k)) / np.sqrt(d)
        self.Wv = r.normal(size=(d, 8)) / np.sqrt(d)
        self.Wo = r.normal(size=(8, classes)) * 0.2

    def forward(self, x):
        q, k, v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        s = q @ k.swapaxes(1, 2) / np.sqrt(k.shape[-1])
        a = np.exp(s - s.max(-1, keepdims=True))
        a /= a.sum(-1, keepdims=True)
        o = np.tanh(a @ v)
        m = o.mean(1)
        self.ctx = (x, q, k, v, a, o, m)
        return m @ self.Wo

    def backward(self, dy):
        x, q, k, v, a, o, m = self.ctx
        self.dWo = m.T @ dy
        do = np.repeat((dy @ self.Wo.T)[:, None] / x.shape[1], x.shape[1], axis=1) * (1 - o ** 2)
        da, dv = do @ v.swapaxes(1, 2), a.swapaxes(1, 2) @ do
        ds = a * (da - (da * a).sum(-1, keepdims=True)) / np.sqrt(k.shape[-1])
        dq, dk = ds @ k, ds.swapaxes(1, 2) @ q
        self.dWq, self.dWk, self.dWv = (np.einsum("btd,btk->dk", x, g) for g in (dq, dk, dv))
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


class Sgd:
    def __init__(self, model, lr):
        self.model, self.lr = model, lr

    def step(self):
        for n in ("Wq", "Wk", "Wv", "Wo"):
            setattr(self.model, n, getattr(self.model, n) - self.lr * getattr(self.model, "d" + n))


def seq_loss_repaired(logits, y):
    z = logits - logits.max(-1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(-1, keepdims=True))
    return -logp[np.arange(len(y)), y].mean()


def seq_loss_grad_repaired(logits, y):
    z = np.exp(logits - logits.max(-1, keepdims=True))
    d = z / z.sum(-1, keepdims=True)
    d[np.arange(len(y)), y] -= 1
    return d / len(y)


class AttnClassifierRepaired:
    def __init__(self, d=6, k=4, classes=3):
        r = np.random.default_rng(6)
        self.Wq, self.Wk = r.normal(size=(2, d, k)) / np.sqrt(d)
        self.Wv = r.normal(size=(d, 8)) / np.sqrt(d)
        self.Wo = r.normal(size=(8, classes)) * 0.2

    def forward(self, x):
        q, k, v = x @ self.Wq, x @ self.Wk, x @ self.Wv
        s = q @ k.swapaxes(1, 2) / np.sqrt(k.shape[-1])
        a = np.exp(s - s.max(-1, keepdims=True))
        a /= a.sum(-1, keepdims=True)
        o = np.tanh(a @ v)
        m = o.mean(1)
        self.ctx = (x, q, k, v, a, o, m)
        return m @ self.Wo

    def backward(self, dy):
        x, q, k, v, a, o, m = self.ctx
        self.dWo = m.T @ dy
        do = np.repeat((dy @ self.Wo.T)[:, None] / x.shape[1], x.shape[1], axis=1) * (1 - o ** 2)
        da, dv = do @ v.swapaxes(1, 2), a.swapaxes(1, 2) @ do
        ds = a * (da - (da * a).sum(-1, keepdims=True)) / np.sqrt(k.shape[-1])
        dq, dk = ds @ k, ds.swapaxes(1, 2) @ q
        self.dWq, self.dWk, self.dWv = (np.einsum("btd,btk->dk", x, g) for g in (dq, dk, dv))
        return dq @ self.Wq.T + dk @ self.Wk.T + dv @ self.Wv.T


class SgdRepaired:
    def __init__(self, model, lr):
        self.model, self.lr = model, lr

    def step(self):
        for n in ("Wq", "Wk", "Wv", "Wo"):
            setattr(self.model, n, getattr(self.model, n) - self.lr * getattr(self.model, "d" + n))


def faulty():
    x, y = make_sequences(120, 0)
    model = AttnClassifier()
    return {"training_check": True, "subject": model, "x": x, "target": y, "optimizer": Sgd(model, 0.03),
            "loss": (seq_loss, seq_loss_grad), "evaluation": make_sequences(60, 1), "learning_rate": 0.03, "batch_size": 8, "steps": 800}


def correct():
    x, y = make_sequences(120, 0)
    model = AttnClassifierRepaired()
    return {"training_check": True, "subject": model, "x": x, "target": y, "optimizer": SgdRepaired(model, 0.03),
            "loss": (seq_loss_repaired, seq_loss_grad_repaired), "evaluation": make_sequences(60, 1), "learning_rate": 0.03, "batch_size": 8, "steps": 800}
