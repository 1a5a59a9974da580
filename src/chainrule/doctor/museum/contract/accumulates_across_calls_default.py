"""A bilinear score as a pair of functions; the gradients are gathered in a dict given as a default
argument.

Symptom: the first call is right, all later ones are too large, in the input gradients too.
Repair: a default argument is evaluated once; create the dict inside the function.
"""
import numpy as np

CODES = ("accumulates-across-calls",)
PLACES = ("x", "z", "M", "bias", "dx", "")


def add_to(grads, name, value):
    grads[name] = grads.get(name, 0.0) + value


def bilinear(x, z, M, bias):
    """score[n, k] = x[n] M[k] z[n] + bias[k]; M: (K, P, Q)"""
    score = np.einsum("np,kpq,nq->nk", x, M, z) + bias
    return score, {"x": x, "z": z, "M": M}


def bilinear_backward(dscore, cache, grads={}):  # FAULT
    x, z, M = cache["x"], cache["z"], cache["M"]
    add_to(grads, "x", np.einsum("nk,kpq,nq->np", dscore, M, z))
    add_to(grads, "z", np.einsum("nk,kpq,np->nq", dscore, M, x))
    add_to(grads, "M", np.einsum("nk,np,nq->kpq", dscore, x, z))
    add_to(grads, "bias", dscore.sum(axis=0))
    return dict(grads)


def bilinear_repaired(x, z, M, bias):
    """score[n, k] = x[n] M[k] z[n] + bias[k]; M: (K, P, Q)"""
    score = np.einsum("np,kpq,nq->nk", x, M, z) + bias
    return score, {"x": x, "z": z, "M": M}


def bilinear_backward_repaired(dscore, cache):
    grads = {}
    x, z, M = cache["x"], cache["z"], cache["M"]
    add_to(grads, "x", np.einsum("nk,kpq,nq->np", dscore, M, z))
    add_to(grads, "z", np.einsum("nk,kpq,np->nq", dscore, M, x))
    add_to(grads, "M", np.einsum("nk,np,nq->kpq", dscore, x, z))
    add_to(grads, "bias", dscore.sum(axis=0))
    return dict(grads)


def faulty():
    rng = np.random.default_rng(42)
    x, z = rng.normal(size=(3, 4)), rng.normal(size=(3, 5))
    M, bias = rng.normal(size=(2, 4, 5)), rng.normal(size=2)
    return {"subject": (bilinear, bilinear_backward), "inputs": (x, z, M, bias)}


def correct():
    rng = np.random.default_rng(42)
    x, z = rng.normal(size=(3, 4)), rng.normal(size=(3, 5))
    M, bias = rng.normal(size=(2, 4, 5)), rng.normal(size=2)
    return {"subject": (bilinear_repaired, bilinear_backward_repaired), "inputs": (x, z, M, bias)}
