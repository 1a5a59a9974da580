"""A translation model in miniature: encoder, decoder with attention, one backward for both.

Symptom: the decoder's loss falls, the encoder's weights drift aimlessly.
Repair: the attended states get a gradient as values and as keys.
"""
import numpy as np

CODES = ("memory-gradient-lost",)
PLACES = ("encoder", "encoder.W", "encoder.b", "W", "source", "decoder", "")


class Encoder:
    def __init__(self, n_in, n_hidden, rng):
        self.W = rng.normal(0, 0.7, (n_in, n_hidden))
        self.b = np.zeros(n_hidden)

    def forward(self, source):
        self.source = source
        self.h = np.tanh(source @ self.W + self.b)
        return self.h

    def backward(self, dh):
        dz = dh * (1.0 - self.h * self.h)
        self.W_grad = np.tensordot(self.source, dz, axes=([0, 1], [0, 1]))
        self.b_grad = dz.sum(axis=(0, 1))
        return dz @ self.W.T


class Decoder:
    """Bilinear attention: score(t, s) = previous_t A memory_s, values are the memory itself."""

    def __init__(self, n_previous, n_hidden, n_out, rng):
        self.A = rng.normal(0, 0.7, (n_previous, n_hidden))
        self.C = rng.normal(0, 0.7, (n_hidden, n_out))

    def forward(self, previous, memory):
        self.previous, self.memory = previous, memory
        self.u = previous @ self.A
        score = np.einsum("bth,bsh->bts", self.u, memory)
        e = np.exp(score - score.max(axis=-1, keepdims=True))
        self.p = e / e.sum(axis=-1, keepdims=True)
        self.context = np.einsum("bts,bsh->bth", self.p, memory)
        return self.context @ self.C

    def backward(self, dy):
        self.C_grad = np.einsum("bth,bto->ho", self.context, dy)
        dcontext = dy @ self.C.T
        dp = np.einsum("bth,bsh->bts", dcontext, self.memory)
        dscore = self.p * (dp - np.sum(dp * self.p, axis=-1, keepdims=True))
        du = np.einsum("bts,bsh->bth", dscore, self.memory)
        self.A_grad = np.einsum("btd,bth->dh", self.previous, du)
        dprevious = du @ self.A.T
        dmemory = np.einsum("bts,bth->bsh", dscore, self.u)  # FAULT
        return dprevious, dmemory


class Translator:
    def __init__(self, n_source, n_previous, n_hidden, n_out, rng):
        self.encoder = Encoder(n_source, n_hidden, rng)
        self.decoder = Decoder(n_previous, n_hidden, n_out, rng)

    def forward(self, source, previous):
        return self.decoder.forward(previous, self.encoder.forward(source))

    def backward(self, dy):
        dprevious, dmemory = self.decoder.backward(dy)
        return self.encoder.backward(dmemory), dprevious


class DecoderRepaired:
    """Bilinear attention: score(t, s) = previous_t A memory_s, values are the memory itself."""

    def __init__(self, n_previous, n_hidden, n_out, rng):
        self.A = rng.normal(0, 0.7, (n_previous, n_hidden))
        self.C = rng.normal(0, 0.7, (n_hidden, n_out))

    def forward(self, previous, memory):
        self.previous, self.memory = previous, memory
        self.u = previous @ self.A
        score = np.einsum("bth,bsh->bts", self.u, memory)
        e = np.exp(score - score.max(axis=-1, keepdims=True))
        self.p = e / e.sum(axis=-1, keepdims=True)
        self.context = np.einsum("bts,bsh->bth", self.p, memory)
        return self.context @ self.C

    def backward(self, dy):
        self.C_grad = np.einsum("bth,bto->ho", self.context, dy)
        dcontext = dy @ self.C.T
        dp = np.einsum("bth,bsh->bts", dcontext, self.memory)
        dscore = self.p * (dp - np.sum(dp * self.p, axis=-1, keepdims=True))
        du = np.einsum("bts,bsh->bth", dscore, self.memory)
        self.A_grad = np.einsum("btd,bth->dh", self.previous, du)
        dprevious = du @ self.A.T
        dmemory = np.einsum("bts,bth->bsh", dscore, self.u)
        dmemory += np.einsum("bts,bth->bsh", self.p, dcontext)
        return dprevious, dmemory


class TranslatorRepaired:
    def __init__(self, n_source, n_previous, n_hidden, n_out, rng):
        self.encoder = Encoder(n_source, n_hidden, rng)
        self.decoder = DecoderRepaired(n_previous, n_hidden, n_out, rng)

    def forward(self, source, previous):
        return self.decoder.forward(previous, self.encoder.forward(source))

    def backward(self, dy):
        dprevious, dmemory = self.decoder.backward(dy)
        return self.encoder.backward(dmemory), dprevious


def faulty():
    rng = np.random.default_rng(2)
    source, previous = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 4, 6))
    return {"subject": Translator(3, 6, 5, 7, rng), "inputs": (source, previous)}


def correct():
    rng = np.random.default_rng(2)
    source, previous = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 4, 6))
    return {"subject": TranslatorRepaired(3, 6, 5, 7, rng), "inputs": (source, previous)}
