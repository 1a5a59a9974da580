"""Linear-chain CRF: negative log-likelihood by the forward-backward algorithm. No upstream: backward() starts at the loss."""
import numpy as np


def logsumexp(a, axis):
    m = a.max(axis=axis, keepdims=True)
    return np.squeeze(m, axis) + np.log(np.exp(a - m).sum(axis=axis))


class CRF:
    def __init__(self, n_tags=4, seed=0):
        self.A = np.random.default_rng(seed).normal(0, 0.5, (n_tags, n_tags))
        self.dA = np.zeros_like(self.A)

    def forward(self, scores, tags):
        """scores (B, T, K), tags (B, T) -> mean negative log-likelihood"""
        B, T, K = scores.shape
        al = np.empty((B, T, K))
        al[:, 0] = scores[:, 0]
        for t in range(1, T):
            al[:, t] = scores[:, t] + logsumexp(al[:, t - 1, :, None] + self.A, 1)
        logZ = logsumexp(al[:, -1], 1)
        gold = np.take_along_axis(scores, tags[..., None], 2).sum((1, 2)) + self.A[tags[:, :-1], tags[:, 1:]].sum(1)
        self.memo = scores, tags, al, logZ
        return (logZ - gold).mean()

    def backward(self):
        scores, tags, al, logZ = self.memo
        B, T, K = scores.shape
        be = np.zeros((B, T, K))
        for t in range(T - 2, -1, -1):
            be[:, t] = logsumexp(self.A + (scores[:, t + 1] + be[:, t + 1])[:, None, :], 2)
        d = np.exp(al + be - logZ[:, None, None])
        d -= np.eye(K)[tags]
        dA = np.zeros_like(self.A)
        for t in range(1, T):
            joint = al[:, t - 1, :, None] + self.A + (scores[:, t] + be[:, t])[:, None, :]
            dA += np.exp(joint - logZ[:, None, None]).sum(0)
        np.add.at(dA, (tags[:, :-1], tags[:, 1:]), -1.0)
        self.dA = dA / B
        return d / B


if __name__ == "__main__":
    r = np.random.default_rng(0)
    crf = CRF()
    s, y = r.normal(size=(3, 6, 4)), r.integers(0, 4, (3, 6))
    for _ in range(50):
        v = crf.forward(s, y)
        crf.backward()
        crf.A -= 0.5 * crf.dA
    print(v)
