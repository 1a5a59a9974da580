import numpy as np


def logsumexp(a, axis):
    m = a.max(axis=axis, keepdims=True)
    return (m + np.log(np.exp(a - m).sum(axis=axis, keepdims=True))).squeeze(axis)


class CRFTagger:
    """Linear-chain conditional random field on linear emissions. x (B, T, d), tags (B, T)."""

    def __init__(self, d, n_tags, seed=0):
        rng = np.random.default_rng(seed)
        self.params = {"W": rng.normal(0, d ** -0.5, (d, n_tags)), "A": rng.normal(0, 0.1, (n_tags, n_tags))}
        self.grads = {}

    def _alphas(self, em):
        a = [em[:, 0]]
        for t in range(1, em.shape[1]):
            a.append(em[:, t] + logsumexp(a[-1][:, :, None] + self.params["A"], axis=1))
        return np.stack(a, axis=1)

    def _betas(self, em):
        b = [np.zeros_like(em[:, 0])]
        for t in range(em.shape[1] - 1, 0, -1):
            b.append(logsumexp(self.params["A"] + (em[:, t] + b[-1])[:, None, :], axis=2))
        return np.stack(b[::-1], axis=1)

    def loss(self, x, tags):
        em = x @ self.params["W"]
        logz = logsumexp(self._alphas(em)[:, -1], axis=1)
        gold = np.take_along_axis(em, tags[:, :, None], 2).sum(axis=(1, 2)) + self.params["A"][tags[:, :-1], tags[:, 1:]].sum(axis=1)
        return np.mean(logz - gold)

    def gradients(self, x, tags):
        B, T = tags.shape
        K = self.params["A"].shape[0]
        em = x @ self.params["W"]
        al, be = self._alphas(em), self._betas(em)
        logz = logsumexp(al[:, -1], axis=1)
        unary = np.exp(al + be - logz[:, None, None])
        pair = np.exp(al[:, :-1, :, None] + self.params["A"] + (em + be)[:, 1:, None, :] - logz[:, None, None, None])
        dA = pair.sum(axis=(0, 1))
        np.subtract.at(dA, (tags[:, :-1], tags[:, 1:]), 1.0)
        dem = (unary - np.eye(K)[tags]) / B
        self.grads = {"W": np.einsum("btd,btk->dk", x, dem), "A": dA / B}
        return self.grads

    def step(self, x, tags, learning_rate):
        loss = self.loss(x, tags)
        for name, g in self.gradients(x, tags).items():
            self.params[name] -= learning_rate * g
        return loss
