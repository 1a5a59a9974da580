"""Embeddings and lookups: integer inputs, repeated ids, padding, tied or frozen tables. All correct."""
import numpy as np


class Embedding:
    def __init__(self, vocab, dim, rng):
        self.W = rng.normal(size=(vocab, dim))
        self.dW = np.zeros_like(self.W)

    def forward(self, ids):
        self.ids = ids
        return self.W[ids]

    def backward(self, dy):
        self.dW[...] = 0
        np.add.at(self.dW, self.ids, dy)
        return None


def case_add_at():
    rng = np.random.default_rng(0)
    return {"subject": Embedding(7, 3, rng), "inputs": (np.array([[1, 4, 1, 0], [4, 4, 2, 6]]),)}


class OneHotEmbedding:
    """By matrix products; returns zeros for the ids."""

    def __init__(self, num_embeddings, embedding_dim, rng):
        self.table = rng.normal(size=(num_embeddings, embedding_dim)) * 0.1
        self.grads = {}

    def forward(self, tokens):
        self.onehot = np.eye(len(self.table))[tokens]
        return self.onehot @ self.table

    def backward(self, grad):
        self.grads["table"] = np.tensordot(self.onehot, grad, axes=([0, 1], [0, 1]))
        return np.zeros(grad.shape[:-1])


def case_one_hot():
    rng = np.random.default_rng(1)
    return {"subject": OneHotEmbedding(5, 4, rng), "inputs": (np.array([[0, 3, 3], [2, 0, 4]]),)}


class PaddedEmbedding:
    """Row 0 is the padding token: always zeros, and never trained."""

    padding_idx = 0

    def __init__(self, n, d, rng):
        self.weight = rng.normal(size=(n, d))
        self.weight[self.padding_idx] = 0

    def forward(self, ids):
        self.ids = ids
        return np.where((ids == self.padding_idx)[..., None], 0.0, self.weight[ids])

    def backward(self, dout):
        grad = np.zeros_like(self.weight)
        for b in range(self.ids.shape[0]):
            for t in range(self.ids.shape[1]):
                if self.ids[b, t] != self.padding_idx:
                    grad[self.ids[b, t]] += dout[b, t]
        self.weight_grad = grad


def case_padding_row():
    """backward returns nothing: there is no gradient for integers."""
    rng = np.random.default_rng(2)
    return {"subject": PaddedEmbedding(6, 3, rng), "inputs": (np.array([[3, 5, 3, 0], [1, 0, 0, 0]]),)}


class TokenAndPosition:
    """Learned tokens and learned positions; the sum of the batch goes to the positions."""

    def __init__(self, vocab, length, dim, rng):
        self.params = {"tok": rng.normal(size=(vocab, dim)), "pos": rng.normal(size=(length, dim))}
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}

    def forward(self, ids):
        self.ids = np.asarray(ids)
        return self.params["tok"][self.ids] + self.params["pos"][:self.ids.shape[1]]

    def backward(self, dx):
        for g in self.grads.values():
            g.fill(0)
        np.add.at(self.grads["tok"], self.ids, dx)
        self.grads["pos"][:dx.shape[1]] = dx.sum(axis=0)
        return None


def case_token_and_position():
    """The table is longer than the sequence; its last rows are unused here."""
    rng = np.random.default_rng(3)
    return {"subject": TokenAndPosition(6, 5, 3, rng), "inputs": (np.array([[1, 1, 5], [0, 2, 1]]),)}


class SinusoidalPositions:
    """A table of constants: a buffer."""

    def __init__(self, max_len, dim):
        t = np.arange(max_len)[:, None]
        freq = np.exp(-np.log(10000.0) * np.arange(0, dim, 2) / dim)
        self.pe = np.zeros((max_len, dim))
        self.pe[:, 0::2] = np.sin(t * freq)
        self.pe[:, 1::2] = np.cos(t * freq)

    def forward(self, x):
        return x + self.pe[None, :x.shape[1]]

    def backward(self, dy):
        return dy


def case_sinusoidal_positions():
    rng = np.random.default_rng(4)
    return {"subject": SinusoidalPositions(10, 4), "inputs": (rng.normal(size=(2, 5, 4)),)}


class FrozenEmbedding:
    """Pretrained vectors with trainable=False; a trainable projection follows."""

    def __init__(self, vectors, dim, rng):
        self.vectors = vectors
        self.trainable = False
        self.projection = rng.normal(size=(vectors.shape[1], dim))

    def forward(self, ids):
        self.e = self.vectors[ids]
        return self.e @ self.projection

    def backward(self, dy):
        self.projection_grad = np.einsum("bti,bto->io", self.e, dy)


def case_pretrained_vectors_not_trained():
    """Only the projection is a parameter, and params says so."""
    rng = np.random.default_rng(5)
    layer = FrozenEmbedding(rng.normal(size=(6, 4)), 3, rng)
    return {"subject": layer,
            "inputs": (np.array([[0, 5, 2], [2, 2, 1]]),), "params": {"projection": layer.projection}}


class BagOfEmbeddings:
    """The mean over a sentence (fastText), time first."""

    def __init__(self, vocab, dim, rng):
        self.E = rng.normal(size=(vocab, dim))

    def forward(self, ids):
        self.ids = ids
        return self.E[ids].mean(axis=0)

    def backward(self, dy):
        steps = self.ids.shape[0]
        self.dE = np.zeros_like(self.E)
        for t in range(steps):
            np.add.at(self.dE, self.ids[t], dy / steps)
        return None


def case_bag_time_first():
    rng = np.random.default_rng(6)
    return {"subject": BagOfEmbeddings(5, 4, rng), "inputs": (np.array([[1, 0], [1, 3], [2, 3]]),)}


class TiedLanguageModel:
    """The table embeds the ids and computes the logits: two contributions to one gradient."""

    def __init__(self, vocab, dim, rng):
        self.E = rng.normal(size=(vocab, dim)) * 0.5
        self.W = rng.normal(size=(dim, dim)) * 0.5

    def forward(self, ids):
        self.ids = ids
        self.e = self.E[ids]
        self.h = np.tanh(self.e @ self.W)
        return self.h @ self.E.T

    def backward(self, dlogits):
        flat_h = self.h.reshape(-1, self.h.shape[-1])
        self.dE = dlogits.reshape(-1, dlogits.shape[-1]).T @ flat_h
        dz = (dlogits @ self.E) * (1 - self.h ** 2)
        self.dW = np.tensordot(self.e, dz, axes=([0, 1], [0, 1]))
        np.add.at(self.dE, self.ids, dz @ self.W.T)
        return None


def case_tied_output_table():
    rng = np.random.default_rng(7)
    return {"subject": TiedLanguageModel(6, 3, rng), "inputs": (np.array([[5, 1, 1], [0, 1, 4]]),)}


def word_embedding_forward(x, W):
    return W[x, :], (x, W)


def word_embedding_backward(dout, cache):
    x, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)
    return dW


def case_pair_returns_weight_gradient_only():
    """Ids come first among the inputs; backward returns the one gradient that exists."""
    rng = np.random.default_rng(8)
    ids = np.array([[0, 3, 1, 2], [2, 1, 0, 3]])
    return {"subject": (word_embedding_forward, word_embedding_backward),
            "inputs": (ids, rng.normal(size=(5, 3)))}


class SortedScatter:
    """Repeated ids are added up by sorting and np.add.reduceat, not by add.at."""

    def __init__(self, rows, dim, rng):
        self.weights = rng.normal(size=(rows, dim))

    def forward(self, ids):
        self.ids = ids.ravel()
        return self.weights[ids]

    def backward(self, dout):
        order = np.argsort(self.ids, kind="stable")
        sorted_ids = self.ids[order]
        first = np.flatnonzero(np.r_[True, sorted_ids[1:] != sorted_ids[:-1]])
        summed = np.add.reduceat(dout.reshape(len(order), -1)[order], first, axis=0)
        self.weights_grad = np.zeros_like(self.weights)
        self.weights_grad[sorted_ids[first]] = summed
        return None


def case_scatter_by_sorting():
    rng = np.random.default_rng(9)
    return {"subject": SortedScatter(6, 3, rng), "inputs": (np.array([[4, 0, 4], [4, 2, 0]]),)}


class CategoricalAndNumeric:
    """Two inputs, one of ids and one of numbers; gradients (None, dx)."""

    def __init__(self, n_categories, n_numeric, dim, rng):
        self.emb = rng.normal(size=(n_categories, dim))
        self.W = rng.normal(size=(n_numeric, dim))

    def forward(self, category, numeric):
        self.category, self.numeric = category, numeric
        return self.emb[category] + numeric @ self.W

    def backward(self, dy):
        self.demb = np.zeros_like(self.emb)
        for i, c in enumerate(self.category):
            self.demb[c] += dy[i]
        self.dW = self.numeric.T @ dy
        return None, dy @ self.W.T


def case_ids_and_numbers():
    rng = np.random.default_rng(10)
    return {"subject": CategoricalAndNumeric(4, 3, 5, rng),
            "inputs": (np.array([2, 0, 2, 3]), rng.normal(size=(4, 3)))}
