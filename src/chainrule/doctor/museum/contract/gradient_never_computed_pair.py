"""Token and position embedding with tables as arguments; backward returns a dict.

Symptom: the model never learns anything about order, whatever the task.
Repair: the position rows collect the gradient of every sequence in the batch.
"""
import numpy as np

CODES = ("gradient-never-computed",)
PLACES = ("positions", "dpositions")


def embed(ids, tokens, positions):
    """ids: (B, T) integers, tokens: (V, D), positions: (T_max, D) -> (B, T, D)"""
    T = ids.shape[1]
    out = tokens[ids] * np.sqrt(tokens.shape[1]) + positions[:T]
    return out, {"ids": ids, "tokens": tokens, "positions": positions}


def embed_backward(dout, cache):
    ids = cache["ids"]
    dtokens = np.zeros_like(cache["tokens"])
    dpositions = np.zeros_like(cache["positions"])
    np.add.at(dtokens, ids, dout * np.sqrt(dtokens.shape[1]))  # FAULT
    return {"tokens": dtokens, "positions": dpositions}


def embed_repaired(ids, tokens, positions):
    """ids: (B, T) integers, tokens: (V, D), positions: (T_max, D) -> (B, T, D)"""
    T = ids.shape[1]
    out = tokens[ids] * np.sqrt(tokens.shape[1]) + positions[:T]
    return out, {"ids": ids, "tokens": tokens, "positions": positions}


def embed_backward_repaired(dout, cache):
    ids = cache["ids"]
    dtokens = np.zeros_like(cache["tokens"])
    dpositions = np.zeros_like(cache["positions"])
    np.add.at(dtokens, ids, dout * np.sqrt(dtokens.shape[1]))
    dpositions[:ids.shape[1]] += dout.sum(axis=0)
    return {"tokens": dtokens, "positions": dpositions}


def faulty():
    rng = np.random.default_rng(35)
    ids = np.array([[1, 4, 4, 0], [6, 2, 1, 1], [3, 3, 5, 4]])
    tokens, positions = rng.normal(size=(8, 3)), rng.normal(size=(5, 3))
    return {"subject": (embed, embed_backward), "inputs": (ids, tokens, positions)}


def correct():
    rng = np.random.default_rng(35)
    ids = np.array([[1, 4, 4, 0], [6, 2, 1, 1], [3, 3, 5, 4]])
    tokens, positions = rng.normal(size=(8, 3)), rng.normal(size=(5, 3))
    return {"subject": (embed_repaired, embed_backward_repaired), "inputs": (ids, tokens, positions)}
