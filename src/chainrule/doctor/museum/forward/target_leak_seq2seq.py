"""A translator whose decoder is fed with the very words that it is to predict.

Symptom: the training loss goes to 0 within minutes, translations repeat their first word.
Repair: shift the target by one and begin with the start symbol.
"""
import numpy as np

CODES = ("target-leak",)
PLACES = ("", "target", "decoder_input", "forward")

START = 0


def log_softmax(z):
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


class Translator:
    """Two tanh recurrences; the decoder starts from the encoder's last state (teacher forcing)."""

    def __init__(self, vocab_source, vocab_target, hidden, rng):
        def normal(*shape):
            return rng.normal(size=shape) / np.sqrt(hidden)

        self.params = {
            "E_src": rng.normal(size=(vocab_source, hidden)),
            "E_tgt": rng.normal(size=(vocab_target, hidden)),
            "U_enc": normal(hidden, hidden),
            "U_dec": normal(hidden, hidden),
            "V": normal(hidden, vocab_target),
            "c": np.zeros(vocab_target),
        }

    def forward(self, source, target):
        """source: (B, S) ids, target: (B, T) ids. Returns logits (B, T, vocabulary)."""
        p = self.params
        batch = len(source)
        decoder_input = target  # FAULT
        h = np.zeros((batch, p["U_enc"].shape[0]))
        encoder = [h]
        for s in range(source.shape[1]):
            h = np.tanh(p["E_src"][source[:, s]] + h @ p["U_enc"])
            encoder.append(h)
        decoder = [h]
        for t in range(decoder_input.shape[1]):
            h = np.tanh(p["E_tgt"][decoder_input[:, t]] + h @ p["U_dec"])
            decoder.append(h)
        self.cache = source, decoder_input, encoder, decoder
        return np.stack(decoder[1:], axis=1) @ p["V"] + p["c"]

    def backward(self, dlogits):
        p = self.params
        source, decoder_input, encoder, decoder = self.cache
        grads = {k: np.zeros_like(v) for k, v in p.items()}
        grads["V"] = np.einsum("bth,btv->hv", np.stack(decoder[1:], axis=1), dlogits)
        grads["c"] = dlogits.sum(axis=(0, 1))
        dstates = dlogits @ p["V"].T
        dh = np.zeros_like(decoder[0])
        for t in reversed(range(decoder_input.shape[1])):
            dz = (dh + dstates[:, t]) * (1 - decoder[t + 1] ** 2)
            np.add.at(grads["E_tgt"], decoder_input[:, t], dz)
            grads["U_dec"] += decoder[t].T @ dz
            dh = dz @ p["U_dec"].T
        for s in reversed(range(source.shape[1])):
            dz = dh * (1 - encoder[s + 1] ** 2)
            np.add.at(grads["E_src"], source[:, s], dz)
            grads["U_enc"] += encoder[s].T @ dz
            dh = dz @ p["U_enc"].T
        return grads

    def step(self, source, target, learning_rate):
        logits = self.forward(source, target)
        log_p = log_softmax(logits)
        loss = -np.take_along_axis(log_p, target[..., None], axis=-1).mean()
        dlogits = np.exp(log_p)
        dlogits -= np.eye(logits.shape[-1])[target]
        grads = self.backward(dlogits / target.size)
        for name, grad in grads.items():
            self.params[name] -= learning_rate * grad
        return loss


class TranslatorRepaired:
    """Two tanh recurrences; the decoder starts from the encoder's last state (teacher forcing)."""

    def __init__(self, vocab_source, vocab_target, hidden, rng):
        def normal(*shape):
            return rng.normal(size=shape) / np.sqrt(hidden)

        self.params = {
            "E_src": rng.normal(size=(vocab_source, hidden)),
            "E_tgt": rng.normal(size=(vocab_target, hidden)),
            "U_enc": normal(hidden, hidden),
            "U_dec": normal(hidden, hidden),
            "V": normal(hidden, vocab_target),
            "c": np.zeros(vocab_target),
        }

    def forward(self, source, target):
        """source: (B, S) ids, target: (B, T) ids. Returns logits (B, T, vocabulary)."""
        p = self.params
        batch = len(source)
        start = np.full((batch, 1), START)
        decoder_input = np.concatenate([start, target[:, :-1]], axis=1)
        h = np.zeros((batch, p["U_enc"].shape[0]))
        encoder = [h]
        for s in range(source.shape[1]):
            h = np.tanh(p["E_src"][source[:, s]] + h @ p["U_enc"])
            encoder.append(h)
        decoder = [h]
        for t in range(decoder_input.shape[1]):
            h = np.tanh(p["E_tgt"][decoder_input[:, t]] + h @ p["U_dec"])
            decoder.append(h)
        self.cache = source, decoder_input, encoder, decoder
        return np.stack(decoder[1:], axis=1) @ p["V"] + p["c"]

    def backward(self, dlogits):
        p = self.params
        source, decoder_input, encoder, decoder = self.cache
        grads = {k: np.zeros_like(v) for k, v in p.items()}
        grads["V"] = np.einsum("bth,btv->hv", np.stack(decoder[1:], axis=1), dlogits)
        grads["c"] = dlogits.sum(axis=(0, 1))
        dstates = dlogits @ p["V"].T
        dh = np.zeros_like(decoder[0])
        for t in reversed(range(decoder_input.shape[1])):
            dz = (dh + dstates[:, t]) * (1 - decoder[t + 1] ** 2)
            np.add.at(grads["E_tgt"], decoder_input[:, t], dz)
            grads["U_dec"] += decoder[t].T @ dz
            dh = dz @ p["U_dec"].T
        for s in reversed(range(source.shape[1])):
            dz = dh * (1 - encoder[s + 1] ** 2)
            np.add.at(grads["E_src"], source[:, s], dz)
            grads["U_enc"] += encoder[s].T @ dz
            dh = dz @ p["U_enc"].T
        return grads

    def step(self, source, target, learning_rate):
        logits = self.forward(source, target)
        log_p = log_softmax(logits)
        loss = -np.take_along_axis(log_p, target[..., None], axis=-1).mean()
        dlogits = np.exp(log_p)
        dlogits -= np.eye(logits.shape[-1])[target]
        grads = self.backward(dlogits / target.size)
        for name, grad in grads.items():
            self.params[name] -= learning_rate * grad
        return loss


def faulty():
    rng = np.random.default_rng(43)
    source = rng.integers(0, 7, size=(2, 5))
    target = rng.integers(1, 6, size=(2, 4))
    return {"subject": Translator(7, 6, 5, rng), "inputs": (source,), "target": target}


def correct():
    rng = np.random.default_rng(43)
    source = rng.integers(0, 7, size=(2, 5))
    target = rng.integers(1, 6, size=(2, 4))
    return {"subject": TranslatorRepaired(7, 6, 5, rng), "inputs": (source,), "target": target}
