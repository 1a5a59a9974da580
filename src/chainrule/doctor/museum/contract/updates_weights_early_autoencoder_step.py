"""Tiny autoencoder, everything in one training step.

Symptom: converges, but a little off; with learning rate 0.5 it wobbles where a reference does not.
Repair: back-propagate through W2 first, change it afterwards.
"""
import numpy as np
CODES = ("updates-weights-early",)
PLACES = ("W1", "b1", "")


class AutoEncoder:
    def __init__(self, nVisible=6, nHidden=4):
        r = np.random.RandomState(7)
        self.W1 = r.randn(nVisible, nHidden) * 0.5
        self.b1 = r.randn(nHidden) * 0.1
        self.W2 = r.randn(nHidden, nVisible) * 0.5
        self.b2 = r.randn(nVisible) * 0.1

    def step(self, x, target, learning_rate):
        h = np.tanh(x @ self.W1 + self.b1)
        out = h @ self.W2 + self.b2
        err = out - target
        loss = 0.5 * np.sum(err ** 2) / len(x)
        dOut = err / len(x)
        # decoder
        self.W2 -= learning_rate * (h.T @ dOut)  # FAULT
        self.b2 -= learning_rate * dOut.sum(0)
        # encoder
        dH = (dOut @ self.W2.T) * (1 - h * h)
        self.W1 -= learning_rate * (x.T @ dH)
        self.b1 -= learning_rate * dH.sum(0)
        return loss


class AutoEncoderRepaired:
    def __init__(self, nVisible=6, nHidden=4):
        r = np.random.RandomState(7)
        self.W1 = r.randn(nVisible, nHidden) * 0.5
        self.b1 = r.randn(nHidden) * 0.1
        self.W2 = r.randn(nHidden, nVisible) * 0.5
        self.b2 = r.randn(nVisible) * 0.1

    def step(self, x, target, learning_rate):
        h = np.tanh(x @ self.W1 + self.b1)
        out = h @ self.W2 + self.b2
        err = out - target
        loss = 0.5 * np.sum(err ** 2) / len(x)
        dOut = err / len(x)
        # decoder
        self.b2 -= learning_rate * dOut.sum(0)
        # encoder
        dH = (dOut @ self.W2.T) * (1 - h * h)
        self.W2 -= learning_rate * (h.T @ dOut)
        self.W1 -= learning_rate * (x.T @ dH)
        self.b1 -= learning_rate * dH.sum(0)
        return loss


def faulty():
    x = np.random.RandomState(8).randn(5, 6)
    return {"subject": AutoEncoder(), "inputs": (x,), "target": x + 0.3 * np.random.RandomState(9).randn(5, 6)}


def correct():
    x = np.random.RandomState(8).randn(5, 6)
    return {"subject": AutoEncoderRepaired(), "inputs": (x,), "target": x + 0.3 * np.random.RandomState(9).randn(5, 6)}
