"""CBOW with full softmax; backward() applies the update at once and only touches the rows that occurred."""
import numpy as np

SENTENCES = [
    "we eat bread and drink water", "they eat rice and drink tea", "we drink tea and eat bread",
    "the train goes to the city", "the bus goes to the village", "the train comes from the village",
]


class CBOW:
    def __init__(self, vocab_size=20, dim=8, seed=0):
        rng = np.random.RandomState(seed)
        self.vectors = rng.randn(vocab_size, dim) * 0.3
        self.output = rng.randn(dim, vocab_size) * 0.3

    def forward(self, contexts):
        """contexts: (B, C) word ids -> scores (B, V)"""
        self.contexts = contexts
        self.mean = self.vectors[contexts].mean(axis=1)
        return self.mean.dot(self.output)

    def backward(self, dscores, learning_rate=0.1):
        dmean = dscores.dot(self.output.T)
        self.output -= learning_rate * self.mean.T.dot(dscores)

        # rows of the look-up table: sum the contributions of equal ids, then one update per id
        ids, where = np.unique(self.contexts.ravel(), return_inverse=True)
        share = np.repeat(dmean / self.contexts.shape[1], self.contexts.shape[1], axis=0)
        rows = np.zeros((len(ids), self.vectors.shape[1]))
        for r, s in zip(np.ravel(where), share):
            rows[r] += s
        self.vectors[ids] -= learning_rate * rows


def softmax_cross_entropy(scores, target):
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(target)), target])


def softmax_cross_entropy_grad(scores, target):
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(target)), target] -= 1.0
    return p / len(target)


def build(sentences, window=2):
    vocab = {w: i + 1 for i, w in enumerate(sorted({w for s in sentences for w in s.split()}))}
    contexts, targets = [], []
    for s in sentences:
        ids = [0] * window + [vocab[w] for w in s.split()] + [0] * window
        for i in range(window, len(ids) - window):
            contexts.append(ids[i - window:i] + ids[i + 1:i + window + 1])
            targets.append(ids[i])
    return vocab, np.array(contexts), np.array(targets)


if __name__ == "__main__":
    vocab, contexts, targets = build(SENTENCES)
    model = CBOW(len(vocab) + 1)
    for epoch in range(301):
        scores = model.forward(contexts)
        if epoch % 100 == 0:
            print(epoch, softmax_cross_entropy(scores, targets))
        model.backward(softmax_cross_entropy_grad(scores, targets), learning_rate=1.0)
