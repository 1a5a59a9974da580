from typing import NamedTuple

import numpy as np


class Read(NamedTuple):
    address: np.ndarray
    query: np.ndarray
    memory: np.ndarray
    beta: np.ndarray
    scores: np.ndarray


def read(query, memory, beta):
    """Content addressing of a Neural Turing Machine: a soft look-up with sharpness beta per sample.

    query (B, W), memory (S, W), beta (B,)  ->  (B, W)
    """
    scores = query @ memory.T
    z = beta[:, None] * scores
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    address = e / e.sum(axis=1, keepdims=True)
    return address @ memory, Read(address, query, memory, beta, scores)


def read_grad(dr, tape):
    address, query, memory, beta, scores = tape
    d_address = dr @ memory.T
    dz = d_address * address * (1.0 - address)
    d_beta = (dz * scores).sum(axis=1)
    d_scores = dz * beta[:, None]
    d_query = d_scores @ memory
    d_memory = d_scores.T @ query + address.T @ dr
    return d_query, d_memory, d_beta


if __name__ == "__main__":
    r = np.random.default_rng(0)
    out, tape = read(r.normal(size=(2, 4)), r.normal(size=(6, 4)), np.array([1.0, 5.0]))
    print([t.shape for t in read_grad(out, tape)])
