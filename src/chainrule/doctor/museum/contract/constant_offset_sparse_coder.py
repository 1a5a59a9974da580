"""Logistic encoder with a sparsity penalty, after the well-known autoencoder exercise.

Symptom: the loss that is printed rises although the gradients were "checked" without the penalty.
Repair: the penalty is no part of this layer's output; leave its term out of backward (or add it to the loss).
"""
import numpy as np
CODES = ("constant-offset",)
PLACES = ("W1", "b1", "x", "dx", "delta", "")


class SparseEncoder:
    def __init__(self, visibleSize=6, hiddenSize=4, rho=0.05, beta=0.3):
        rs = np.random.RandomState(3)
        self.W1 = rs.uniform(-0.7, 0.7, (hiddenSize, visibleSize))
        self.b1 = rs.uniform(-0.2, 0.2, hiddenSize)
        self.rho, self.beta = rho, beta

    def feedForward(self, data):
        self.data = data
        self.a2 = 1 / (1 + np.exp(-(data.dot(self.W1.T) + self.b1)))
        return self.a2

    def backprop(self, delta):
        rhoHat = self.a2.mean(axis=0)
        sparsity = self.beta * (-self.rho / rhoHat + (1 - self.rho) / (1 - rhoHat)) / len(self.data)
        delta2 = (delta + sparsity) * self.a2 * (1 - self.a2)  # FAULT
        self.W1grad = delta2.T.dot(self.data)
        self.b1grad = delta2.sum(axis=0)
        return delta2.dot(self.W1)


class SparseEncoderRepaired:
    def __init__(self, visibleSize=6, hiddenSize=4, rho=0.05, beta=0.3):
        rs = np.random.RandomState(3)
        self.W1 = rs.uniform(-0.7, 0.7, (hiddenSize, visibleSize))
        self.b1 = rs.uniform(-0.2, 0.2, hiddenSize)
        self.rho, self.beta = rho, beta

    def feedForward(self, data):
        self.data = data
        self.a2 = 1 / (1 + np.exp(-(data.dot(self.W1.T) + self.b1)))
        return self.a2

    def backprop(self, delta):
        rhoHat = self.a2.mean(axis=0)
        sparsity = self.beta * (-self.rho / rhoHat + (1 - self.rho) / (1 - rhoHat)) / len(self.data)
        delta2 = delta * self.a2 * (1 - self.a2)
        self.W1grad = delta2.T.dot(self.data)
        self.b1grad = delta2.sum(axis=0)
        return delta2.dot(self.W1)


def faulty():
    return {"subject": SparseEncoder(), "inputs": (np.random.RandomState(4).rand(5, 6),)}


def correct():
    return {"subject": SparseEncoderRepaired(), "inputs": (np.random.RandomState(4).rand(5, 6),)}
