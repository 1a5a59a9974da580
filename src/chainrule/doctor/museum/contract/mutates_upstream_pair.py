"""A fused dense and sigmoid layer that saves an allocation in backward.

Symptom: right when checked alone; whoever needs the upstream gradient a second time gets another
one.
Repair: write the product into a new array.
"""
import numpy as np

CODES = ("mutates-upstream",)
PLACES = ("dout", "upstream", "g", "dy", "", "x")


def dense_sigmoid_forward(x, w, b):
    a = 1.0 / (1.0 + np.exp(-(x @ w + b)))
    cache = (x, w, a)
    return a, cache


def dense_sigmoid_backward(dout, cache):
    x, w, a = cache
    dout *= a * (1.0 - a)  # FAULT
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def dense_sigmoid_forward_repaired(x, w, b):
    a = 1.0 / (1.0 + np.exp(-(x @ w + b)))
    cache = (x, w, a)
    return a, cache


def dense_sigmoid_backward_repaired(dout, cache):
    x, w, a = cache
    dout = dout * a * (1.0 - a)
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def faulty():
    rng = np.random.default_rng(14)
    x, w, b = rng.normal(size=(4, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)
    return {"subject": (dense_sigmoid_forward, dense_sigmoid_backward), "inputs": (x, w, b)}


def correct():
    rng = np.random.default_rng(14)
    x, w, b = rng.normal(size=(4, 5)), rng.normal(size=(5, 3)), rng.normal(size=3)
    return {"subject": (dense_sigmoid_forward_repaired, dense_sigmoid_backward_repaired), "inputs": (x, w, b)}
