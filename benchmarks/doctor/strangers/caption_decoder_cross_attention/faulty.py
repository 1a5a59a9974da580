import numpy as np
from dataclasses import dataclass, field


def glorot(rng, a, b):
    return rng.uniform(-1, 1, (a, b)) * np.sqrt(6.0 / (a + b))


@dataclass
class CrossAttention:
    """Target positions look up the encoder memory."""
    d_model: int
    d_head: int
    rng: np.random.Generator
    w: dict = field(default_factory=dict)
    dw: dict = field(default_factory=dict)

    def __post_init__(self):
        for n in ("query", "key", "value"):
            self.w[n] = glorot(self.rng, self.d_model, self.d_head)
        self.w["out"] = glorot(self.rng, self.d_head, self.d_model)

    def forward(self, tgt, memory):
        self.src_q, self.src_kv = memory, tgt
        self.q = self.src_q @ self.w["query"]
        self.k = self.src_kv @ self.w["key"]
        self.v = self.src_kv @ self.w["value"]
        logits = self.q @ self.k.swapaxes(1, 2) / np.sqrt(self.d_head)
        logits -= logits.max(axis=2, keepdims=True)
        ex = np.exp(logits)
        self.prob = ex / ex.sum(axis=2, keepdims=True)
        self.mix = self.prob @ self.v
        return self.mix @ self.w["out"]

    def backward(self, d):
        self.dw["out"] = np.einsum("bti,btj->ij", self.mix, d)
        d_mix = d @ self.w["out"].T
        d_v = self.prob.swapaxes(1, 2) @ d_mix
        d_prob = d_mix @ self.v.swapaxes(1, 2)
        d_log = self.prob * (d_prob - np.sum(d_prob * self.prob, axis=2, keepdims=True))
        d_log = d_log / np.sqrt(self.d_head)
        d_q = d_log @ self.k
        d_k = d_log.swapaxes(1, 2) @ self.q
        self.dw["query"] = np.einsum("bti,btj->ij", self.src_q, d_q)
        self.dw["key"] = np.einsum("bti,btj->ij", self.src_kv, d_k)
        self.dw["value"] = np.einsum("bti,btj->ij", self.src_kv, d_v)
        d_memory = d_q @ self.w["query"].T
        d_tgt = d_k @ self.w["key"].T + d_v @ self.w["value"].T
        return d_tgt, d_memory


@dataclass
class FeedForward:
    d_model: int
    d_ff: int
    rng: np.random.Generator
    w: dict = field(default_factory=dict)
    dw: dict = field(default_factory=dict)

    def __post_init__(self):
        self.w["in"] = glorot(self.rng, self.d_model, self.d_ff)
        self.w["out"] = glorot(self.rng, self.d_ff, self.d_model)

    def forward(self, x):
        self.x = x
        self.h = np.logaddexp(0.0, x @ self.w["in"])
        return self.h @ self.w["out"]

    def backward(self, d):
        self.dw["out"] = np.einsum("bti,btj->ij", self.h, d)
        dz = (d @ self.w["out"].T) * (1.0 - np.exp(-self.h))
        self.dw["in"] = np.einsum("bti,btj->ij", self.x, dz)
        return dz @ self.w["in"].T


class CaptionDecoder:
    """Refines word vectors by attending to image regions: n x (cross-attention, feed-forward), residual."""

    def __init__(self, d_model=6, d_head=4, d_ff=9, n_layers=2, seed=0):
        rng = np.random.default_rng(seed)
        self.cross = [CrossAttention(d_model, d_head, rng) for _ in range(n_layers)]
        self.ff = [FeedForward(d_model, d_ff, rng) for _ in range(n_layers)]

    def forward(self, tgt, memory):
        for att, ff in zip(self.cross, self.ff):
            tgt = tgt + att.forward(tgt, memory)
            tgt = tgt + ff.forward(tgt)
        return tgt

    def backward(self, d):
        d_memory = 0.0
        for att, ff in zip(reversed(self.cross), reversed(self.ff)):
            d = d + ff.backward(d)
            d_t, d_m = att.backward(d)
            d = d + d_t
            d_memory = d_memory + d_m
        return d, d_memory

    def weights(self):
        for part in self.cross + self.ff:
            for n in part.w:
                yield part.w, part.dw, n


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    words, regions = rng.normal(size=(8, 5, 6)), rng.normal(size=(8, 5, 6))
    goal = words + regions.mean(axis=1, keepdims=True)
    net = CaptionDecoder()
    for step in range(200):
        err = net.forward(words, regions) - goal
        net.backward(err / 8)
        for w, dw, n in net.weights():
            w[n] = w[n] - 0.005 * dw[n]
    print((err ** 2).mean())
