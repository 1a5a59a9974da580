import numpy as np


class EmbeddingBag:
    def __init__(self, vocabulary, dim, generator):
        self.table = generator.normal(scale=0.3, size=(vocabulary, dim))

    def forward(self, ids):
        self.ids = ids
        return self.table[ids].mean(axis=1)

    def backward(self, dvec):
        B, L = self.ids.shape
        self.grad = np.zeros_like(self.table)
        np.add.at(self.grad, self.ids.reshape(-1), np.repeat(dvec / L, L, axis=0))

    def update(self, rate):
        for row in range(len(self.ids)):
            self.table[row] -= rate * self.grad[row]


class TopicModel:
    """fastText-like: mean of word vectors, softmax."""

    def __init__(self, vocabulary, topics, dim=8, seed=1):
        generator = np.random.default_rng(seed)
        self.bag = EmbeddingBag(vocabulary, dim, generator)
        self.out = generator.normal(scale=0.3, size=(dim, topics))

    def step(self, x, target, learning_rate):
        vec = self.bag.forward(x)
        scores = vec @ self.out
        scores = scores - scores.max(axis=1, keepdims=True)
        logp = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        n = len(x)
        loss = -logp[np.arange(n), target].mean()
        d = np.exp(logp)
        d[np.arange(n), target] -= 1.0
        d /= n
        dout = vec.T @ d
        self.bag.backward(d @ self.out.T)
        self.bag.update(learning_rate)
        self.out -= learning_rate * dout
        return loss
