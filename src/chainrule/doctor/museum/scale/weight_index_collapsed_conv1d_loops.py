"""1-D convolution with explicit loops (channels first).

Symptom: every input channel of a filter gets the same update; filters cannot tell channels apart.
Repair: index the input channel as well: dW[o, c, k].
"""
import numpy as np

CODES = ("weight-index-collapsed",)
PLACES = ("W", "")


class Conv1D:
    def __init__(self, inChannels, outChannels, kernelSize):
        rng = np.random.RandomState(4)
        self.W = rng.randn(outChannels, inChannels, kernelSize) * 0.3
        self.b = rng.randn(outChannels) * 0.1

    def forward(self, x):
        self.x = x
        N, C, L = x.shape
        O, _, K = self.W.shape
        out = np.zeros((N, O, L - K + 1))
        for n in range(N):
            for o in range(O):
                for t in range(L - K + 1):
                    out[n, o, t] = np.sum(x[n, :, t:t + K] * self.W[o]) + self.b[o]
        return out

    def backward(self, dout):
        x = self.x
        O, C, K = self.W.shape
        dx, self.dW, self.db = np.zeros(x.shape), np.zeros(self.W.shape), np.zeros(self.b.shape)
        for n in range(x.shape[0]):
            for o in range(O):
                for t in range(dout.shape[2]):
                    self.db[o] += dout[n, o, t]
                    for c in range(C):
                        for k in range(K):
                            self.dW[o, :, k] += x[n, c, t + k] * dout[n, o, t]  # FAULT
                            dx[n, c, t + k] += self.W[o, c, k] * dout[n, o, t]
        return dx


class Conv1DRepaired:
    def __init__(self, inChannels, outChannels, kernelSize):
        rng = np.random.RandomState(4)
        self.W = rng.randn(outChannels, inChannels, kernelSize) * 0.3
        self.b = rng.randn(outChannels) * 0.1

    def forward(self, x):
        self.x = x
        N, C, L = x.shape
        O, _, K = self.W.shape
        out = np.zeros((N, O, L - K + 1))
        for n in range(N):
            for o in range(O):
                for t in range(L - K + 1):
                    out[n, o, t] = np.sum(x[n, :, t:t + K] * self.W[o]) + self.b[o]
        return out

    def backward(self, dout):
        x = self.x
        O, C, K = self.W.shape
        dx, self.dW, self.db = np.zeros(x.shape), np.zeros(self.W.shape), np.zeros(self.b.shape)
        for n in range(x.shape[0]):
            for o in range(O):
                for t in range(dout.shape[2]):
                    self.db[o] += dout[n, o, t]
                    for c in range(C):
                        for k in range(K):
                            self.dW[o, c, k] += x[n, c, t + k] * dout[n, o, t]
                            dx[n, c, t + k] += self.W[o, c, k] * dout[n, o, t]
        return dx


def _x():
    return (np.random.RandomState(0).randn(2, 3, 7),)


def faulty():
    return {"subject": Conv1D(3, 4, 2), "inputs": _x()}


def correct():
    return {"subject": Conv1DRepaired(3, 4, 2), "inputs": _x()}
