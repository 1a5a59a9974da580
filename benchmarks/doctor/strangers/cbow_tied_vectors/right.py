"""CBOW with one matrix of vectors for context and target words."""
from dataclasses import dataclass, field
import numpy as np


@dataclass
class Cbow:
    n_words: int
    dim: int = 24
    seed: int = 0
    vectors: np.ndarray = field(init=False)
    bias: np.ndarray = field(init=False)

    def __post_init__(self):
        rng = np.random.default_rng(self.seed)
        self.vectors = rng.standard_normal((self.n_words, self.dim)) / np.sqrt(self.dim)
        self.bias = np.zeros(self.n_words)

    def step(self, x, target, learning_rate=0.5):
        n, width = x.shape
        ctx = self.vectors[x].sum(axis=1)
        s = ctx @ self.vectors.T + self.bias
        m = s.max(axis=1, keepdims=True)
        logz = m + np.log(np.exp(s - m).sum(axis=1, keepdims=True))
        loss = float(np.mean(logz[:, 0] - s[np.arange(n), target]))
        ds = np.exp(s - logz)
        ds[np.arange(n), target] -= 1.0
        ds /= n
        dv = ds.T @ ctx
        np.add.at(dv, x, np.broadcast_to((ds @ self.vectors)[:, None, :], (n, width, self.dim)))
        self.vectors -= learning_rate * dv
        self.bias -= learning_rate * ds.sum(axis=0)
        return loss
