"""Cross entropy over a padded batch of sentences.

Symptom: long, heavily padded batches learn more slowly than short ones.
Repair: divide the gradient by the same count as the loss, the number of real tokens.
"""
import numpy as np

CODES = ("mean-sum-mismatch",)
PLACES = ("", "logits")
PAD = 0


class SequenceCrossEntropy:
    """Softmax and negative log likelihood over (batch, time, vocabulary); padded tokens do not count."""

    def __init__(self, pad_id=PAD):
        self.pad_id = pad_id

    def forward(self, logits, target):
        shifted = logits - logits.max(axis=-1, keepdims=True)
        log_norm = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        self.log_probs = shifted - log_norm
        self.target = target
        self.mask = (target != self.pad_id).astype(logits.dtype)
        batch, time = target.shape
        picked = self.log_probs[np.arange(batch)[:, None], np.arange(time)[None, :], target]
        self.n_tokens = self.mask.sum()
        return -(picked * self.mask).sum() / self.n_tokens

    def backward(self):
        batch, time = self.target.shape
        dlogits = np.exp(self.log_probs)
        dlogits[np.arange(batch)[:, None], np.arange(time)[None, :], self.target] -= 1.0
        dlogits *= self.mask[:, :, None]
        return dlogits / (batch * time)  # FAULT


class SequenceCrossEntropyRepaired:
    """Softmax and negative log likelihood over (batch, time, vocabulary); padded tokens do not count."""

    def __init__(self, pad_id=PAD):
        self.pad_id = pad_id

    def forward(self, logits, target):
        shifted = logits - logits.max(axis=-1, keepdims=True)
        log_norm = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        self.log_probs = shifted - log_norm
        self.target = target
        self.mask = (target != self.pad_id).astype(logits.dtype)
        batch, time = target.shape
        picked = self.log_probs[np.arange(batch)[:, None], np.arange(time)[None, :], target]
        self.n_tokens = self.mask.sum()
        return -(picked * self.mask).sum() / self.n_tokens

    def backward(self):
        batch, time = self.target.shape
        dlogits = np.exp(self.log_probs)
        dlogits[np.arange(batch)[:, None], np.arange(time)[None, :], self.target] -= 1.0
        dlogits *= self.mask[:, :, None]
        return dlogits / self.n_tokens


def faulty():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(3, 5, 7))
    target = np.array([[4, 2, 6, 1, 0], [3, 5, 0, 0, 0], [1, 1, 2, 6, 4]])
    return {"subject": SequenceCrossEntropy(), "inputs": (logits, target)}


def correct():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(3, 5, 7))
    target = np.array([[4, 2, 6, 1, 0], [3, 5, 0, 0, 0], [1, 1, 2, 6, 4]])
    return {"subject": SequenceCrossEntropyRepaired(), "inputs": (logits, target)}
