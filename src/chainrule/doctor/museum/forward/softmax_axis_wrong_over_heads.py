"""Multi-head attention kept in (batch, query, key, head) layout to avoid transposes.

Symptom: with one head all attention weights are exactly 1; with several the output grows with the length of the sequence.
Repair: the keys are axis 2 of the scores; normalise there.
"""
import numpy as np

CODES = ("softmax-axis-wrong",)
PLACES = ("x", "probs", "")


def stable_softmax(a, axis):
    e = np.exp(a - np.max(a, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


class MultiHeadSelfAttention:
    def __init__(self, dModel=6, nHeads=2, rng=None):
        rng = rng or np.random.default_rng(8)
        dHead = dModel // nHeads
        self.wQuery = rng.normal(0, .5, (dModel, nHeads, dHead))
        self.wKey = rng.normal(0, .5, (dModel, nHeads, dHead))
        self.wValue = rng.normal(0, .5, (dModel, nHeads, dHead))
        self.wOut = rng.normal(0, .5, (nHeads, dHead, dModel))
        self.scale = dHead ** -0.5

    def forward(self, x):
        self.x = x
        self.query = np.einsum("btm,mhd->bthd", x, self.wQuery)
        self.key = np.einsum("btm,mhd->bthd", x, self.wKey)
        self.value = np.einsum("btm,mhd->bthd", x, self.wValue)
        scores = np.einsum("bqhd,bkhd->bqkh", self.query, self.key) * self.scale
        self.softmaxAxis = -1        # FAULT
        self.probs = stable_softmax(scores, axis=self.softmaxAxis)
        self.heads = np.einsum("bqkh,bkhd->bqhd", self.probs, self.value)
        return np.einsum("bqhd,hdm->bqm", self.heads, self.wOut)

    def backward(self, gradOut):
        p = self.probs
        self.gradWOut = np.einsum("bqhd,bqm->hdm", self.heads, gradOut)
        gHeads = np.einsum("bqm,hdm->bqhd", gradOut, self.wOut)
        gP = np.einsum("bqhd,bkhd->bqkh", gHeads, self.value)
        gV = np.einsum("bqkh,bqhd->bkhd", p, gHeads)
        gS = p * (gP - np.sum(gP * p, axis=self.softmaxAxis, keepdims=True)) * self.scale
        gQ = np.einsum("bqkh,bkhd->bqhd", gS, self.key)
        gK = np.einsum("bqkh,bqhd->bkhd", gS, self.query)
        self.gradWQuery = np.einsum("btm,bthd->mhd", self.x, gQ)
        self.gradWKey = np.einsum("btm,bthd->mhd", self.x, gK)
        self.gradWValue = np.einsum("btm,bthd->mhd", self.x, gV)
        return (np.einsum("bthd,mhd->btm", gQ, self.wQuery) + np.einsum("bthd,mhd->btm", gK, self.wKey)
                + np.einsum("bthd,mhd->btm", gV, self.wValue))


class MultiHeadSelfAttentionRepaired:
    def __init__(self, dModel=6, nHeads=2, rng=None):
        rng = rng or np.random.default_rng(8)
        dHead = dModel // nHeads
        self.wQuery = rng.normal(0, .5, (dModel, nHeads, dHead))
        self.wKey = rng.normal(0, .5, (dModel, nHeads, dHead))
        self.wValue = rng.normal(0, .5, (dModel, nHeads, dHead))
        self.wOut = rng.normal(0, .5, (nHeads, dHead, dModel))
        self.scale = dHead ** -0.5

    def forward(self, x):
        self.x = x
        self.query = np.einsum("btm,mhd->bthd", x, self.wQuery)
        self.key = np.einsum("btm,mhd->bthd", x, self.wKey)
        self.value = np.einsum("btm,mhd->bthd", x, self.wValue)
        scores = np.einsum("bqhd,bkhd->bqkh", self.query, self.key) * self.scale
        self.softmaxAxis = 2
        self.probs = stable_softmax(scores, axis=self.softmaxAxis)
        self.heads = np.einsum("bqkh,bkhd->bqhd", self.probs, self.value)
        return np.einsum("bqhd,hdm->bqm", self.heads, self.wOut)

    def backward(self, gradOut):
        p = self.probs
        self.gradWOut = np.einsum("bqhd,bqm->hdm", self.heads, gradOut)
        gHeads = np.einsum("bqm,hdm->bqhd", gradOut, self.wOut)
        gP = np.einsum("bqhd,bkhd->bqkh", gHeads, self.value)
        gV = np.einsum("bqkh,bqhd->bkhd", p, gHeads)
        gS = p * (gP - np.sum(gP * p, axis=self.softmaxAxis, keepdims=True)) * self.scale
        gQ = np.einsum("bqkh,bkhd->bqhd", gS, self.key)
        gK = np.einsum("bqkh,bqhd->bkhd", gS, self.query)
        self.gradWQuery = np.einsum("btm,bthd->mhd", self.x, gQ)
        self.gradWKey = np.einsum("btm,bthd->mhd", self.x, gK)
        self.gradWValue = np.einsum("btm,bthd->mhd", self.x, gV)
        return (np.einsum("bthd,mhd->btm", gQ, self.wQuery) + np.einsum("bthd,mhd->btm", gK, self.wKey)
                + np.einsum("bthd,mhd->btm", gV, self.wValue))


def faulty():
    return {"subject": MultiHeadSelfAttention(), "inputs": (np.random.default_rng(2).normal(size=(3, 5, 6)),)}


def correct():
    return {"subject": MultiHeadSelfAttentionRepaired(), "inputs": (np.random.default_rng(2).normal(size=(3, 5, 6)),)}
