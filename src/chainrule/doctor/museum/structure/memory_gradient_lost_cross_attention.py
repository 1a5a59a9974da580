"""Cross-attention of an image captioner: words look at picture regions.

Symptom: the picture encoder trains, but as if what the words read off the regions did not matter.
Repair: the regions feed keys and values; their gradient is the sum of both.
"""
import numpy as np

CODES = ("memory-gradient-lost",)
PLACES = ("regions", "memory", "1")


def smax(z):
    z = np.exp(z - z.max(axis=2, keepdims=True))
    return z / z.sum(axis=2, keepdims=True)


class LookAtRegions:
    def __init__(self, d_word=5, d_region=7, d_att=4, d_out=6, seed=0):
        r = np.random.default_rng(seed)
        self.theta = {"query": r.normal(size=(d_att, d_word)) * .5, "key": r.normal(size=(d_att, d_region)) * .5,
                      "value": r.normal(size=(d_out, d_region)) * .5}
        self.dtheta = {}

    def forward(self, words, regions):
        th = self.theta
        Q, K, V = words @ th["query"].T, regions @ th["key"].T, regions @ th["value"].T
        A = smax(np.einsum("bwa,bra->bwr", Q, K) / len(th["key"]) ** 0.5)
        self.saved = (words, regions, Q, K, V, A)
        return np.einsum("bwr,bro->bwo", A, V)

    def backward(self, up):
        words, regions, Q, K, V, A = self.saved
        th = self.theta
        dV = np.einsum("bwr,bwo->bro", A, up)
        dA = np.einsum("bwo,bro->bwr", up, V)
        dS = A * (dA - np.sum(dA * A, axis=2, keepdims=True)) / len(th["key"]) ** 0.5
        dQ, dK = np.einsum("bwr,bra->bwa", dS, K), np.einsum("bwr,bwa->bra", dS, Q)
        self.dtheta = {"query": np.einsum("bwa,bwd->ad", dQ, words), "key": np.einsum("bra,brd->ad", dK, regions),
                       "value": np.einsum("bro,brd->od", dV, regions)}
        d_words = dQ @ th["query"]
        d_regions = dK @ th["key"]  # FAULT
        return d_words, d_regions


class LookAtRegionsRepaired:
    def __init__(self, d_word=5, d_region=7, d_att=4, d_out=6, seed=0):
        r = np.random.default_rng(seed)
        self.theta = {"query": r.normal(size=(d_att, d_word)) * .5, "key": r.normal(size=(d_att, d_region)) * .5,
                      "value": r.normal(size=(d_out, d_region)) * .5}
        self.dtheta = {}

    def forward(self, words, regions):
        th = self.theta
        Q, K, V = words @ th["query"].T, regions @ th["key"].T, regions @ th["value"].T
        A = smax(np.einsum("bwa,bra->bwr", Q, K) / len(th["key"]) ** 0.5)
        self.saved = (words, regions, Q, K, V, A)
        return np.einsum("bwr,bro->bwo", A, V)

    def backward(self, up):
        words, regions, Q, K, V, A = self.saved
        th = self.theta
        dV = np.einsum("bwr,bwo->bro", A, up)
        dA = np.einsum("bwo,bro->bwr", up, V)
        dS = A * (dA - np.sum(dA * A, axis=2, keepdims=True)) / len(th["key"]) ** 0.5
        dQ, dK = np.einsum("bwr,bra->bwa", dS, K), np.einsum("bwr,bwa->bra", dS, Q)
        self.dtheta = {"query": np.einsum("bwa,bwd->ad", dQ, words), "key": np.einsum("bra,brd->ad", dK, regions),
                       "value": np.einsum("bro,brd->od", dV, regions)}
        d_words = dQ @ th["query"]
        d_regions = dK @ th["key"] + dV @ th["value"]
        return d_words, d_regions


def faulty():
    r = np.random.default_rng(6)
    return {"subject": LookAtRegions(), "inputs": (r.normal(size=(2, 3, 5)), r.normal(size=(2, 4, 7)))}


def correct():
    r = np.random.default_rng(6)
    return {"subject": LookAtRegionsRepaired(), "inputs": (r.normal(size=(2, 3, 5)), r.normal(size=(2, 4, 7)))}
