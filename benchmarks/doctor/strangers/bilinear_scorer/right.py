import numpy as np


def bilinear_forward(left, right, W, bias):
    """score[b, k] = left[b] . W[k] . right[b] + bias[k]"""
    B, K = left.shape[0], W.shape[0]
    scores = np.empty((B, K))
    for b in range(B):
        for k in range(K):
            scores[b, k] = left[b] @ W[k] @ right[b] + bias[k]
    return scores, (left, right, W)


def bilinear_backward(dscores, cache):
    left, right, W = cache
    dleft, dright, dW = np.zeros_like(left), np.zeros_like(right), np.zeros_like(W)
    B, K = dscores.shape
    for b in range(B):
        for k in range(K):
            s = dscores[b, k]
            dW[k] += s * np.outer(left[b], right[b])
            dleft[b] += s * (W[k] @ right[b])
            dright[b] += s * (left[b] @ W[k])
    return dleft, dright, dW, dscores.sum(axis=0)


if __name__ == "__main__":
    r = np.random.default_rng(0)
    out, cache = bilinear_forward(r.normal(size=(3, 4)), r.normal(size=(3, 5)), r.normal(size=(2, 4, 5)), np.zeros(2))
    for g in bilinear_backward(np.ones_like(out), cache):
        print(g.shape)
