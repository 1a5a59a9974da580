"""A bag-of-words classifier that updates only the embeddings of each sentence's first word.

Symptom: words that never open a sentence keep their random vectors.
Repair: update the rows of all ids in the batch.
"""
import numpy as np

CODES = ("rows-not-updated",)
PLACES = ("table", "embedding.table", "embedding")


class Embedding:
    def __init__(self, vocabulary, width, rng):
        self.table = rng.normal(size=(vocabulary, width)) * 0.5
        self.grad_table = np.zeros_like(self.table)

    def forward(self, ids):
        self.ids = ids
        return self.table[ids]

    def backward(self, dout):
        self.grad_table = np.zeros_like(self.table)
        np.add.at(self.grad_table, self.ids, dout)

    def apply(self, learning_rate):
        rows = np.unique(self.ids[:, 0])  # FAULT
        self.table[rows] -= learning_rate * self.grad_table[rows]


class BagOfWords:
    def __init__(self, vocabulary, width, classes, seed=0):
        rng = np.random.default_rng(seed)
        self.embedding = Embedding(vocabulary, width, rng)
        self.V = rng.normal(size=(width, classes)) * np.sqrt(1 / width)
        self.c = np.zeros(classes)

    def forward(self, ids):
        self.length = ids.shape[1]
        self.mean = self.embedding.forward(ids).mean(axis=1)
        return self.mean @ self.V + self.c

    def backward(self, dscores):
        self.grad_V = self.mean.T @ dscores
        self.grad_c = dscores.sum(axis=0)
        dmean = dscores @ self.V.T
        self.embedding.backward(np.repeat(dmean[:, None, :] / self.length, self.length, axis=1))

    def train_step(self, ids, target, learning_rate):
        scores = self.forward(ids)
        scores = scores - scores.max(axis=1, keepdims=True)
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        onehot = np.eye(scores.shape[1])[target]
        self.backward((np.exp(log_p) - onehot) / len(ids))
        self.embedding.apply(learning_rate)
        self.V -= learning_rate * self.grad_V
        self.c -= learning_rate * self.grad_c
        return float(-(onehot * log_p).sum(axis=1).mean())


class EmbeddingRepaired:
    def __init__(self, vocabulary, width, rng):
        self.table = rng.normal(size=(vocabulary, width)) * 0.5
        self.grad_table = np.zeros_like(self.table)

    def forward(self, ids):
        self.ids = ids
        return self.table[ids]

    def backward(self, dout):
        self.grad_table = np.zeros_like(self.table)
        np.add.at(self.grad_table, self.ids, dout)

    def apply(self, learning_rate):
        rows = np.unique(self.ids)
        self.table[rows] -= learning_rate * self.grad_table[rows]


class BagOfWordsRepaired:
    def __init__(self, vocabulary, width, classes, seed=0):
        rng = np.random.default_rng(seed)
        self.embedding = EmbeddingRepaired(vocabulary, width, rng)
        self.V = rng.normal(size=(width, classes)) * np.sqrt(1 / width)
        self.c = np.zeros(classes)

    def forward(self, ids):
        self.length = ids.shape[1]
        self.mean = self.embedding.forward(ids).mean(axis=1)
        return self.mean @ self.V + self.c

    def backward(self, dscores):
        self.grad_V = self.mean.T @ dscores
        self.grad_c = dscores.sum(axis=0)
        dmean = dscores @ self.V.T
        self.embedding.backward(np.repeat(dmean[:, None, :] / self.length, self.length, axis=1))

    def train_step(self, ids, target, learning_rate):
        scores = self.forward(ids)
        scores = scores - scores.max(axis=1, keepdims=True)
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        onehot = np.eye(scores.shape[1])[target]
        self.backward((np.exp(log_p) - onehot) / len(ids))
        self.embedding.apply(learning_rate)
        self.V -= learning_rate * self.grad_V
        self.c -= learning_rate * self.grad_c
        return float(-(onehot * log_p).sum(axis=1).mean())


def sentences(n, seed):
    """Each topic prefers eight of the thirty words."""
    rng = np.random.default_rng(seed)
    topic = rng.integers(3, size=n)
    own = rng.integers(8, size=(n, 6)) + 8 * topic[:, None]
    return np.where(rng.random((n, 6)) < 0.7, own, rng.integers(30, size=(n, 6))), topic


def faulty():
    ids, topic = sentences(200, seed=18)
    model = BagOfWords(30, 7, 3, seed=19)
    return {"training_check": True, "subject": model, "x": ids[:160], "target": topic[:160],
            "evaluation": (ids[160:], topic[160:]), "learning_rate": 0.5, "batch_size": 20, "steps": 80}


def correct():
    ids, topic = sentences(200, seed=18)
    model = BagOfWordsRepaired(30, 7, 3, seed=19)
    return {"training_check": True, "subject": model, "x": ids[:160], "target": topic[:160],
            "evaluation": (ids[160:], topic[160:]), "learning_rate": 0.5, "batch_size": 20, "steps": 80}
