"""Next-character MLP (three characters of context) as in a well-known lecture.

Symptom: The first loss is several times ln(12); the curve looks like a hockey stick.
Repair: Scale the output weights down so that the first logits are near zero.
"""
import numpy as np

CODES = ('initial-loss-off',)
PLACES = ('W2', 'params', '')

import random


def corpus(n, seed):
    """A noisy cyclic language over 12 letters: next = last + step, the step depends on the one before."""
    rnd = random.Random(seed)
    s = [0, 1, 2]
    while len(s) < n + 3:
        s.append((s[-1] + (1 if s[-2] % 2 else 5)) % 12 if rnd.random() < 0.9 else rnd.randrange(12))
    X = np.array([s[i:i + 3] for i in range(n)])
    return X, np.array(s[3:n + 3])


def cross_entropy(logits, Y):
    counts = np.exp(logits - logits.max(1, keepdims=True))
    probs = counts / counts.sum(1, keepdims=True)
    return -np.log(probs[range(len(Y)), Y] + 1e-300).mean()


def cross_entropy_grad(logits, Y):
    counts = np.exp(logits - logits.max(1, keepdims=True))
    dlogits = counts / counts.sum(1, keepdims=True)
    dlogits[range(len(Y)), Y] -= 1
    return dlogits / len(Y)


class NextChar:
    def __init__(self, vocab=12, n_embd=5, n_hidden=40):
        g = np.random.default_rng(2147483647)
        self.C = g.standard_normal((vocab, n_embd))
        self.W1 = g.standard_normal((3 * n_embd, n_hidden)) * (5 / 3) / (3 * n_embd) ** 0.5 * 0.6
        self.b1 = g.standard_normal(n_hidden) * 0.1
        self.W2 = g.standard_normal((n_hidden, vocab))  # FAULT
        self.b2 = np.zeros(vocab)

    def parameters(self):
        return [self.C, self.W1, self.b1, self.W2, self.b2]

    def forward(self, Xb):
        self.Xb = Xb
        self.embcat = self.C[Xb].reshape(len(Xb), -1)
        self.h = np.tanh(self.embcat @ self.W1 + self.b1)
        return self.h @ self.W2 + self.b2

    def backward(self, dlogits):
        dhpre = dlogits @ self.W2.T * (1 - self.h ** 2)
        demb = (dhpre @ self.W1.T).reshape(*self.Xb.shape, -1)
        dC = np.zeros_like(self.C)
        for k in range(self.Xb.shape[0]):
            for j in range(self.Xb.shape[1]):
                dC[self.Xb[k, j]] += demb[k, j]
        self.grads = [dC, self.embcat.T @ dhpre, dhpre.sum(0), self.h.T @ dlogits, dlogits.sum(0)]


class PlainSGD:
    def __init__(self, net, lr):
        self.net, self.lr = net, lr

    def step(self):
        for p, grad in zip(self.net.parameters(), self.net.grads):
            p += -self.lr * grad


class NextCharRepaired:
    def __init__(self, vocab=12, n_embd=5, n_hidden=40):
        g = np.random.default_rng(2147483647)
        self.C = g.standard_normal((vocab, n_embd))
        self.W1 = g.standard_normal((3 * n_embd, n_hidden)) * (5 / 3) / (3 * n_embd) ** 0.5 * 0.6
        self.b1 = g.standard_normal(n_hidden) * 0.1
        self.W2 = g.standard_normal((n_hidden, vocab)) * 0.08
        self.b2 = np.zeros(vocab)

    def parameters(self):
        return [self.C, self.W1, self.b1, self.W2, self.b2]

    def forward(self, Xb):
        self.Xb = Xb
        self.embcat = self.C[Xb].reshape(len(Xb), -1)
        self.h = np.tanh(self.embcat @ self.W1 + self.b1)
        return self.h @ self.W2 + self.b2

    def backward(self, dlogits):
        dhpre = dlogits @ self.W2.T * (1 - self.h ** 2)
        demb = (dhpre @ self.W1.T).reshape(*self.Xb.shape, -1)
        dC = np.zeros_like(self.C)
        for k in range(self.Xb.shape[0]):
            for j in range(self.Xb.shape[1]):
                dC[self.Xb[k, j]] += demb[k, j]
        self.grads = [dC, self.embcat.T @ dhpre, dhpre.sum(0), self.h.T @ dlogits, dlogits.sum(0)]


class PlainSGDRepaired:
    def __init__(self, net, lr):
        self.net, self.lr = net, lr

    def step(self):
        for p, grad in zip(self.net.parameters(), self.net.grads):
            p += -self.lr * grad


def faulty():
    X, Y = corpus(240, 0)
    net = NextChar()
    return {"training_check": True, "subject": net, "x": X, "target": Y, "optimizer": PlainSGD(net, 0.03),
            "loss": (cross_entropy, cross_entropy_grad), "evaluation": corpus(100, 1), "learning_rate": 0.03, "batch_size": 24, "steps": 1000}


def correct():
    X, Y = corpus(240, 0)
    net = NextCharRepaired()
    return {"training_check": True, "subject": net, "x": X, "target": Y, "optimizer": PlainSGDRepaired(net, 0.03),
            "loss": (cross_entropy, cross_entropy_grad), "evaluation": corpus(100, 1), "learning_rate": 0.03, "batch_size": 24, "steps": 1000}
