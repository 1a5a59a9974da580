"""A tagger for sequences with its loss inside; the tag layer and the loss both apply a softmax.

Symptom: the loss levels off near ln(e + C - 1) - 1 and the tags' probabilities stay flat.
Repair: the tag layer returns its scores.
"""
import numpy as np

CODES = ("softmax-twice",)
PLACES = ("", "loss", "tags", "criterion")


class CrossEntropyFromLogits:
    """Mean over all words."""

    def forward(self, logits, target):
        self.target = target
        z = logits - logits.max(axis=-1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
        self.p = np.exp(log_p)
        return -np.take_along_axis(log_p, target[..., None], axis=-1).mean()

    def backward(self):
        one_hot = np.zeros_like(self.p)
        np.put_along_axis(one_hot, self.target[..., None], 1.0, axis=-1)
        return (self.p - one_hot) / self.target.size


class TagLayer:
    """Scores of the tags of each word, from its vector."""

    def __init__(self, dim, tags, rng):
        self.w = rng.normal(size=(tags, dim)) / np.sqrt(dim)
        self.b = rng.normal(size=tags) * 0.1

    def forward(self, x):
        self.x = x
        scores = np.einsum("btd,cd->btc", x, self.w) + self.b
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        self.y = e / e.sum(axis=-1, keepdims=True)  # FAULT
        return self.y

    def backward(self, dy):
        dy = self.y * (dy - np.sum(self.y * dy, axis=-1, keepdims=True))
        self.dw = np.einsum("btc,btd->cd", dy, self.x)
        self.db = dy.sum(axis=(0, 1))
        return np.einsum("btc,cd->btd", dy, self.w)


class WordTagger:
    def __init__(self, dim, tags, rng):
        self.tags = TagLayer(dim, tags, rng)
        self.criterion = CrossEntropyFromLogits()

    def forward(self, x, target):
        return self.criterion.forward(self.tags.forward(x), target)

    def backward(self):
        return self.tags.backward(self.criterion.backward())


class TagLayerRepaired:
    """Scores of the tags of each word, from its vector."""

    def __init__(self, dim, tags, rng):
        self.w = rng.normal(size=(tags, dim)) / np.sqrt(dim)
        self.b = rng.normal(size=tags) * 0.1

    def forward(self, x):
        self.x = x
        return np.einsum("btd,cd->btc", x, self.w) + self.b

    def backward(self, dy):
        self.dw = np.einsum("btc,btd->cd", dy, self.x)
        self.db = dy.sum(axis=(0, 1))
        return np.einsum("btc,cd->btd", dy, self.w)


class WordTaggerRepaired:
    def __init__(self, dim, tags, rng):
        self.tags = TagLayerRepaired(dim, tags, rng)
        self.criterion = CrossEntropyFromLogits()

    def forward(self, x, target):
        return self.criterion.forward(self.tags.forward(x), target)

    def backward(self):
        return self.tags.backward(self.criterion.backward())


def faulty():
    rng = np.random.default_rng(42)
    x = rng.normal(size=(2, 4, 3))
    target = rng.integers(0, 5, size=(2, 4))
    return {"subject": WordTagger(3, 5, rng), "inputs": (x, target)}


def correct():
    rng = np.random.default_rng(42)
    x = rng.normal(size=(2, 4, 3))
    target = rng.integers(0, 5, size=(2, 4))
    return {"subject": WordTaggerRepaired(3, 5, rng), "inputs": (x, target)}
