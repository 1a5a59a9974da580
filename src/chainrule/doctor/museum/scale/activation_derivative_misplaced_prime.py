"""A sigmoid network whose derivative function expects pre-activations and is given activations.

Symptom: hidden layers learn slowly.
Repair: give it the pre-activation.
"""
import numpy as np

CODES = ("activation-derivative-misplaced",)
PLACES = ("W1", "b1", "x")


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def sigmoid_prime(z):
    """Derivative of the sigmoid, at the pre-activation z."""
    return sigmoid(z) * (1 - sigmoid(z))


def network_forward(x, W1, b1, W2, b2):
    z1 = W1 @ x + b1
    a1 = sigmoid(z1)
    z2 = W2 @ a1 + b2
    return z2, (x, z1, a1, W1, W2)


def network_backward(dz2, cache):
    x, z1, a1, W1, W2 = cache
    dW2 = dz2 @ a1.T
    db2 = np.sum(dz2, axis=1, keepdims=True)
    dz1 = (W2.T @ dz2) * sigmoid_prime(a1)  # FAULT
    dW1 = dz1 @ x.T
    db1 = np.sum(dz1, axis=1, keepdims=True)
    return W1.T @ dz1, dW1, db1, dW2, db2


def network_forward_repaired(x, W1, b1, W2, b2):
    z1 = W1 @ x + b1
    a1 = sigmoid(z1)
    z2 = W2 @ a1 + b2
    return z2, (x, z1, a1, W1, W2)


def network_backward_repaired(dz2, cache):
    x, z1, a1, W1, W2 = cache
    dW2 = dz2 @ a1.T
    db2 = np.sum(dz2, axis=1, keepdims=True)
    dz1 = (W2.T @ dz2) * sigmoid_prime(z1)
    dW1 = dz1 @ x.T
    db1 = np.sum(dz1, axis=1, keepdims=True)
    return W1.T @ dz1, dW1, db1, dW2, db2


def faulty():
    rng = np.random.default_rng(23)
    shapes = [(4, 7), (5, 4), (5, 1), (3, 5), (3, 1)]
    return {"subject": (network_forward, network_backward),
            "inputs": tuple(rng.normal(size=s) for s in shapes)}


def correct():
    rng = np.random.default_rng(23)
    shapes = [(4, 7), (5, 4), (5, 1), (3, 5), (3, 1)]
    return {"subject": (network_forward_repaired, network_backward_repaired),
            "inputs": tuple(rng.normal(size=s) for s in shapes)}
