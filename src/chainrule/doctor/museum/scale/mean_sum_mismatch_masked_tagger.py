"""NER tagger: token cross-entropy with padding.

Symptom: training is slower the more padding a batch holds; the best learning rate depends on sentence length.
Repair: divide the gradient by the number of real tokens, as the loss does, not by B*T.
"""
import numpy as np

CODES = ("mean-sum-mismatch",)
PLACES = ("", "W", "b", "x", "loss")
PAD = -1


def log_softmax(s):
    s = s - s.max(axis=-1, keepdims=True)
    return s - np.log(np.exp(s).sum(axis=-1, keepdims=True))


class WordTagger:
    """word vectors (B, T, F) -> tag scores (B, T, C)"""

    def __init__(self, n_feat, n_tags, seed=0):
        rs = np.random.RandomState(seed)
        self.W = rs.randn(n_feat, n_tags) * 0.4
        self.b = rs.randn(n_tags) * 0.1
        self.dW = self.db = None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dscores):
        F, C = self.W.shape
        self.dW = self.x.reshape(-1, F).T @ dscores.reshape(-1, C)
        self.db = dscores.sum(axis=(0, 1))
        return dscores @ self.W.T


def token_nll(scores, tags):
    lp = log_softmax(scores)
    real = tags != PAD
    picked = np.take_along_axis(lp, np.where(real, tags, 0)[..., None], axis=-1)[..., 0]
    return -(picked * real).sum() / real.sum()


def token_nll_grad(scores, tags):
    real = tags != PAD
    d = np.exp(log_softmax(scores))
    onehot = np.eye(scores.shape[-1])[np.where(real, tags, 0)]
    d = (d - onehot) * real[..., None]
    return d / tags.size  # FAULT


class WordTaggerRepaired:
    """word vectors (B, T, F) -> tag scores (B, T, C)"""

    def __init__(self, n_feat, n_tags, seed=0):
        rs = np.random.RandomState(seed)
        self.W = rs.randn(n_feat, n_tags) * 0.4
        self.b = rs.randn(n_tags) * 0.1
        self.dW = self.db = None

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dscores):
        F, C = self.W.shape
        self.dW = self.x.reshape(-1, F).T @ dscores.reshape(-1, C)
        self.db = dscores.sum(axis=(0, 1))
        return dscores @ self.W.T


def token_nll_repaired(scores, tags):
    lp = log_softmax(scores)
    real = tags != PAD
    picked = np.take_along_axis(lp, np.where(real, tags, 0)[..., None], axis=-1)[..., 0]
    return -(picked * real).sum() / real.sum()


def token_nll_grad_repaired(scores, tags):
    real = tags != PAD
    d = np.exp(log_softmax(scores))
    onehot = np.eye(scores.shape[-1])[np.where(real, tags, 0)]
    d = (d - onehot) * real[..., None]
    return d / real.sum()


def _setup(cls, loss, grad):
    rs = np.random.RandomState(3)
    x = rs.randn(3, 7, 5)
    tags = rs.randint(0, 4, size=(3, 7))
    tags[0, 5:] = PAD
    tags[2, 3:] = PAD
    return {"subject": cls(5, 4), "inputs": (x,), "loss": (loss, grad), "target": tags}


def faulty():
    return _setup(WordTagger, token_nll, token_nll_grad)


def correct():
    return _setup(WordTaggerRepaired, token_nll_repaired, token_nll_grad_repaired)
