"""Student network that learns a teacher's distribution (Kullback-Leibler divergence)."""
import numpy as np


def log_softmax(z):
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


def kl(logits, teacher):
    lq = log_softmax(logits)
    lt = np.log(teacher)
    return np.sum(teacher * (lt - lq)) / len(teacher)


def kl_gradient(logits, teacher):
    q = np.exp(log_softmax(logits))
    return (q * teacher.sum(axis=-1, keepdims=True) - teacher) / len(teacher)


class SoftPlusStudent:
    def __init__(self, d, m=12, c=5, seed=3):
        rng = np.random.default_rng(seed)
        self.w1, self.b1 = rng.normal(size=(d, m)) / np.sqrt(d), np.zeros(m)
        self.w2, self.b2 = rng.normal(size=(m, c)) / np.sqrt(m), np.zeros(c)

    def forward(self, x):
        self.x = x
        self.z = x @ self.w1 + self.b1
        self.h = np.logaddexp(0, self.z) - np.log(2)
        return self.h @ self.w2 + self.b2

    def backward(self, dy):
        self.dw2, self.db2 = self.h.T @ dy, dy.sum(0)
        dz = (dy @ self.w2.T) / (1 + np.exp(-self.z))
        self.dw1, self.db1 = self.x.T @ dz, dz.sum(0)
        return dz @ self.w1.T

    def update(self, learning_rate=0.2):
        self.w1 -= learning_rate * self.dw1
        self.b1 -= learning_rate * self.db1
        self.w2 -= learning_rate * self.dw2
        self.b2 -= learning_rate * self.db2
