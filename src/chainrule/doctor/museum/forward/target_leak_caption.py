"""An image captioner that reads the word of step t before it predicts the word of step t.

Symptom: nearly no loss after an epoch, meaningless captions when it runs on its own.
Repair: feed the start symbol first, and word t - 1 at step t.
"""
import numpy as np

CODES = ("target-leak",)
PLACES = ("", "captions", "target", "words")


def caption_loss(logits, captions):
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    n, t = captions.shape
    return -log_p[np.arange(n)[:, None], np.arange(t), captions].mean()


def caption_loss_gradient(logits, captions):
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    grad = e / e.sum(axis=-1, keepdims=True)
    n, t = captions.shape
    grad[np.arange(n)[:, None], np.arange(t), captions] -= 1.0
    return grad / captions.size


class WordEmbedding:
    def __init__(self, vocabulary, dim, rng):
        self.W = rng.normal(size=(vocabulary, dim)) * 0.7

    def forward(self, ids):
        self.ids = ids
        return self.W[ids]

    def backward(self, dy):
        self.dW = np.zeros_like(self.W)
        np.add.at(self.dW, self.ids, dy)


class CaptionDecoder:
    """Each word is predicted from the image's features and the mean of the words read so far."""

    def __init__(self, n_features, vocabulary, dim, rng, start_id=1):
        self.words = WordEmbedding(vocabulary, dim, rng)
        self.start_id = start_id
        self.Wf = rng.normal(size=(n_features, dim)) / np.sqrt(n_features)
        self.Wo = rng.normal(size=(dim, vocabulary)) / np.sqrt(dim)
        self.bo = np.zeros(vocabulary)

    def forward(self, features, captions):
        """features: (N, F); captions: (N, T) word ids. Returns logits of shape (N, T, vocabulary)."""
        read = captions  # FAULT
        steps = read.shape[1]
        self.average = np.tril(np.ones((steps, steps))) / np.arange(1, steps + 1)[:, None]
        vectors = self.words.forward(read)
        context = np.einsum("ts,nsd->ntd", self.average, vectors)
        self.features = features
        self.state = np.tanh(context + (features @ self.Wf)[:, None, :])
        return self.state @ self.Wo + self.bo

    def backward(self, dlogits):
        self.dWo = np.einsum("ntd,ntv->dv", self.state, dlogits)
        self.dbo = dlogits.sum(axis=(0, 1))
        dz = dlogits @ self.Wo.T * (1.0 - self.state ** 2)
        self.words.backward(np.einsum("ts,ntd->nsd", self.average, dz))
        dsum = dz.sum(axis=1)
        self.dWf = self.features.T @ dsum
        return dsum @ self.Wf.T


class CaptionDecoderRepaired:
    """Each word is predicted from the image's features and the mean of the words read so far."""

    def __init__(self, n_features, vocabulary, dim, rng, start_id=1):
        self.words = WordEmbedding(vocabulary, dim, rng)
        self.start_id = start_id
        self.Wf = rng.normal(size=(n_features, dim)) / np.sqrt(n_features)
        self.Wo = rng.normal(size=(dim, vocabulary)) / np.sqrt(dim)
        self.bo = np.zeros(vocabulary)

    def forward(self, features, captions):
        """features: (N, F); captions: (N, T) word ids. Returns logits of shape (N, T, vocabulary)."""
        read = np.roll(captions, 1, axis=1)
        read[:, 0] = self.start_id
        steps = read.shape[1]
        self.average = np.tril(np.ones((steps, steps))) / np.arange(1, steps + 1)[:, None]
        vectors = self.words.forward(read)
        context = np.einsum("ts,nsd->ntd", self.average, vectors)
        self.features = features
        self.state = np.tanh(context + (features @ self.Wf)[:, None, :])
        return self.state @ self.Wo + self.bo

    def backward(self, dlogits):
        self.dWo = np.einsum("ntd,ntv->dv", self.state, dlogits)
        self.dbo = dlogits.sum(axis=(0, 1))
        dz = dlogits @ self.Wo.T * (1.0 - self.state ** 2)
        self.words.backward(np.einsum("ts,ntd->nsd", self.average, dz))
        dsum = dz.sum(axis=1)
        self.dWf = self.features.T @ dsum
        return dsum @ self.Wf.T


def faulty():
    rng = np.random.default_rng(44)
    features = rng.normal(size=(3, 4))
    captions = rng.integers(2, 8, size=(3, 5))
    decoder = CaptionDecoder(4, 8, 6, rng)
    return {"subject": decoder, "inputs": (features, captions), "target": captions,
            "loss": (caption_loss, caption_loss_gradient)}


def correct():
    rng = np.random.default_rng(44)
    features = rng.normal(size=(3, 4))
    captions = rng.integers(2, 8, size=(3, 5))
    decoder = CaptionDecoderRepaired(4, 8, 6, rng)
    return {"subject": decoder, "inputs": (features, captions), "target": captions,
            "loss": (caption_loss, caption_loss_gradient)}
