"""Image captioning: region features -> cross-attention GRU-free decoder (one Transformer decoder layer, post-norm).

key_padding_mask follows the PyTorch convention: True marks padding. The loss averages over real tokens only.
"""
import numpy as np


def softmax(s):
    s = np.exp(s - s.max(-1, keepdims=True))
    return s / s.sum(-1, keepdims=True)


class Attend:
    def __init__(self, d, heads, rng):
        self.heads = heads
        self.in_proj = rng.normal(0, d ** -0.5, (3, d, d))
        self.out_proj = rng.normal(0, d ** -0.5, (d, d))

    def forward(self, query, memory, blocked):
        """blocked: boolean, broadcastable to (B, heads, Tq, Tk)"""
        self.query, self.memory = query, memory
        cut = lambda x: np.stack(np.split(x, self.heads, axis=-1), axis=1)
        self.Q, self.K, self.V = (cut(x @ w) for x, w in zip((query, memory, memory), self.in_proj))
        s = self.Q @ np.swapaxes(self.K, -1, -2) / np.sqrt(self.Q.shape[-1])
        self.P = softmax(np.where(blocked, -np.inf, s))
        self.C = np.concatenate(list(np.moveaxis(self.P @ self.V, 1, 0)), axis=-1)
        return self.C @ self.out_proj

    def backward(self, dy):
        glue = lambda x: np.concatenate(list(np.moveaxis(x, 1, 0)), axis=-1)
        self.d_out_proj = np.einsum("bti,btj->ij", self.C, dy)
        dC = np.stack(np.split(dy @ self.out_proj.T, self.heads, axis=-1), axis=1)
        dP = dC @ np.swapaxes(self.V, -1, -2)
        dS = self.P * (dP - (dP * self.P).sum(-1, keepdims=True)) / np.sqrt(self.Q.shape[-1])
        dQ, dK, dV = glue(dS @ self.K), glue(np.swapaxes(dS, -1, -2) @ self.Q), glue(np.swapaxes(self.P, -1, -2) @ dC)
        self.d_in_proj = np.stack([np.einsum("bti,btj->ij", x, d) for x, d in
                                   ((self.query, dQ), (self.memory, dK), (self.memory, dV))])
        return dQ @ self.in_proj[0].T, dK @ self.in_proj[1].T + dV @ self.in_proj[2].T


class PostNorm:
    def __init__(self, d):
        self.gain, self.offset = np.ones(d), np.zeros(d)

    def forward(self, x):
        self.sd = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        self.u = (x - x.mean(-1, keepdims=True)) / self.sd
        return self.u * self.gain + self.offset

    def backward(self, dy):
        self.d_gain, self.d_offset = (dy * self.u).sum((0, 1)), dy.sum((0, 1))
        du = dy * self.gain
        return (du - du.mean(-1, keepdims=True) - self.u * (du * self.u).mean(-1, keepdims=True)) / self.sd


class Captioner:
    def __init__(self, n_region_features=10, vocab=15, d=8, heads=2, max_len=9, seed=0):
        rng = np.random.default_rng(seed)
        self.project = rng.normal(0, n_region_features ** -0.5, (n_region_features, d))
        self.words = rng.normal(0, 1, (vocab, d))
        self.places = rng.normal(0, 0.3, (max_len, d))
        self.self_att, self.cross_att = Attend(d, heads, rng), Attend(d, heads, rng)
        self.norm1, self.norm2 = PostNorm(d), PostNorm(d)
        self.to_vocab = rng.normal(0, d ** -0.5, (d, vocab))

    def forward(self, regions, words, key_padding_mask=None):
        """regions (B, R, F), words (B, T), key_padding_mask (B, R) True where a region is padding"""
        B, T = words.shape
        if key_padding_mask is None:
            key_padding_mask = np.zeros(regions.shape[:2], dtype=bool)
        self.regions, self.ids = regions, words
        future = np.triu(np.ones((T, T), dtype=bool), 1)
        x = self.words[words] + self.places[:T]
        x = self.norm1.forward(x + self.self_att.forward(x, x, future))
        self.top = self.norm2.forward(x + self.cross_att.forward(x, regions @ self.project, key_padding_mask[:, None, None, :]))
        return self.top @ self.to_vocab

    def backward(self, dlogits):
        self.d_to_vocab = np.einsum("btd,btv->dv", self.top, dlogits)
        d = self.norm2.backward(dlogits @ self.to_vocab.T)
        dq, dmem = self.cross_att.backward(d)
        d = self.norm1.backward(d + dq)
        dq, dkv = self.self_att.backward(d)
        d = d + dq + dkv
        self.d_words, self.d_places = np.zeros_like(self.words), np.zeros_like(self.places)
        np.add.at(self.d_words, self.ids, d)
        self.d_places[:d.shape[1]] = d.sum(0)
        self.d_project = np.einsum("brf,brd->fd", self.regions, dmem)
        return dmem @ self.project.T

    def weights(self):
        yield from ((self, n) for n in ("project", "words", "places", "to_vocab"))
        for a in (self.self_att, self.cross_att):
            yield from ((a, n) for n in ("in_proj", "out_proj"))
        for a in (self.norm1, self.norm2):
            yield from ((a, n) for n in ("gain", "offset"))


def masked_nll(logits, target, pad=0):
    real = target != pad
    lp = np.log(softmax(logits))
    return -(np.take_along_axis(lp, target[..., None], -1)[..., 0] * real).sum() / real.sum()


def masked_nll_grad(logits, target, pad=0):
    real = target != pad
    return (softmax(logits) - np.eye(logits.shape[-1])[target]) * real[..., None] / real.sum()


if __name__ == "__main__":
    rng = np.random.default_rng(2)
    looks = rng.normal(size=(12, 10))
    net = Captioner()
    for it in range(201):
        n = rng.integers(2, 6, 24)
        objects = np.sort(rng.integers(0, 12, (24, 5)), axis=1)
        blank = np.arange(5)[None] >= n[:, None]
        caption = np.where(blank, 0, objects + 2)
        start = np.concatenate([np.ones((24, 1), int), caption[:, :-1]], axis=1)
        z = net.forward(looks[objects] * ~blank[..., None], start, blank)
        net.backward(masked_nll_grad(z, caption))
        for obj, name in net.weights():
            w = getattr(obj, name)
            w -= 0.3 * getattr(obj, "d_" + name)
        if it % 50 == 0:
            print(it, masked_nll(z, caption))
