import numpy as np


class CaptionDecoder:
    """Teacher-forced decoder: image vector -> words. A leaky hidden state, trained on the caption it is given."""

    START = 0

    def __init__(self, img, vocab, emb, hid, seed=0):
        g = np.random.default_rng(seed)
        self.I = g.normal(0, img ** -0.5, (img, hid))
        self.E = g.normal(0, 0.5, (vocab, emb))
        self.X = g.normal(0, emb ** -0.5, (emb, hid))
        self.H = g.normal(0, hid ** -0.5, (hid, hid))
        self.O = g.normal(0, hid ** -0.5, (hid, vocab))

    def forward(self, image, caption):
        B, T = caption.shape
        inp = np.full_like(caption, self.START)
        inp[:, 1:] = caption[:, :-1]
        h = np.tanh(image @ self.I)
        self.image, self.inp, self.hs = image, inp, [h]
        for t in range(T):
            h = np.tanh(self.E[inp[:, t]] @ self.X + h @ self.H)
            self.hs.append(h)
        return np.stack(self.hs[1:], axis=1) @ self.O

    def backward(self, dlogits):
        B, T, _ = dlogits.shape
        for n in "IEXHO":
            setattr(self, "d" + n, np.zeros_like(getattr(self, n)))
        dh = np.zeros_like(self.hs[0])
        for t in range(T - 1, -1, -1):
            h, hp, e = self.hs[t + 1], self.hs[t], self.E[self.inp[:, t]]
            self.dO += h.T @ dlogits[:, t]
            da = (dh + dlogits[:, t] @ self.O.T) * (1 - h ** 2)
            self.dX += e.T @ da
            self.dH += hp.T @ da
            np.add.at(self.dE, self.inp[:, t], da @ self.X.T)
            dh = da @ self.H.T
        da = dh * (1 - self.hs[0] ** 2)
        self.dI = self.image.T @ da
        return da @ self.I.T, None


def xent(logits, words):
    z = logits - logits.max(axis=-1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(logp, words[..., None], axis=-1).mean()


def xent_grad(logits, words):
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    onehot = np.eye(logits.shape[-1])[words]
    return (p - onehot) / words.size
