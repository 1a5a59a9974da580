import numpy as np


class PairDistance(object):
    """Last layer of a siamese net: Euclidean distance of two embeddings, one number per pair."""

    eps = 1e-8

    def forward(self, left, right):
        self.delta = left - right
        self.dist = np.sqrt(np.sum(self.delta ** 2, axis=1) + self.eps)
        return self.dist

    def backward(self, ddist):
        unit = self.delta / self.dist[:, np.newaxis]
        dleft = unit
        return dleft, -dleft


def contrastive(dist, same, margin=1.0):
    hinge = np.maximum(0, margin - dist)
    return np.mean(same * dist ** 2 + (1 - same) * hinge ** 2)


def contrastive_grad(dist, same, margin=1.0):
    hinge = np.maximum(0, margin - dist)
    return 2 * (same * dist - (1 - same) * hinge) / len(dist)
