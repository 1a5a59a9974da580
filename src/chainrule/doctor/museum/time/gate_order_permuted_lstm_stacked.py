"""LSTM with one stacked weight matrix, time first, weights (4H, D + H).

Symptom: loss goes down for a while, then oscillates; replacing the layer by a library's cures it.
Repair: stack the gate gradients in the order in which forward cut them: i, f, o, g.
"""
import numpy as np
CODES = ("gate-order-permuted",)
PLACES = ("W", "dW", "b", "db", "x", "dx", "")


class LSTM:
    def __init__(self, D=3, H=4):
        self.D, self.H = D, H
        rs = np.random.RandomState(121)
        self.W = rs.randn(4 * H, D + H) * 0.4
        self.b = rs.randn(4 * H) * 0.3

    def forward(self, X):
        T, N, _ = X.shape
        H = self.H
        h, c = np.zeros((N, H)), np.zeros((N, H))
        self.mem, Y = [], np.empty((T, N, H))
        for t in range(T):
            xh = np.hstack([X[t], h])
            z = xh @ self.W.T + self.b
            sg = 1 / (1 + np.exp(-z[:, :3 * H]))
            i, f, o = sg[:, :H], sg[:, H:2 * H], sg[:, 2 * H:]
            g = np.tanh(z[:, 3 * H:])
            c_new = f * c + i * g
            self.mem.append((xh, i, f, o, g, c, c_new))
            c = c_new
            h = Y[t] = o * np.tanh(c)
        return Y

    def backward(self, dY):
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        T, N, H = dY.shape
        dX, dh, dc = np.empty((T, N, self.D)), np.zeros((N, H)), np.zeros((N, H))
        for t in range(T - 1, -1, -1):
            xh, i, f, o, g, c_old, c = self.mem[t]
            dh = dh + dY[t]
            dc = dc + dh * o * (1 - np.tanh(c) ** 2)
            di, df = dc * g * i * (1 - i), dc * c_old * f * (1 - f)
            do, dg = dh * np.tanh(c) * o * (1 - o), dc * i * (1 - g * g)
            dz = np.hstack([di, df, dg, do])  # FAULT
            self.dW += dz.T @ xh
            self.db += dz.sum(0)
            dxh = dz @ self.W
            dX[t], dh = dxh[:, :self.D], dxh[:, self.D:]
            dc = dc * f
        return dX


class LSTMRepaired:
    def __init__(self, D=3, H=4):
        self.D, self.H = D, H
        rs = np.random.RandomState(121)
        self.W = rs.randn(4 * H, D + H) * 0.4
        self.b = rs.randn(4 * H) * 0.3

    def forward(self, X):
        T, N, _ = X.shape
        H = self.H
        h, c = np.zeros((N, H)), np.zeros((N, H))
        self.mem, Y = [], np.empty((T, N, H))
        for t in range(T):
            xh = np.hstack([X[t], h])
            z = xh @ self.W.T + self.b
            sg = 1 / (1 + np.exp(-z[:, :3 * H]))
            i, f, o = sg[:, :H], sg[:, H:2 * H], sg[:, 2 * H:]
            g = np.tanh(z[:, 3 * H:])
            c_new = f * c + i * g
            self.mem.append((xh, i, f, o, g, c, c_new))
            c = c_new
            h = Y[t] = o * np.tanh(c)
        return Y

    def backward(self, dY):
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        T, N, H = dY.shape
        dX, dh, dc = np.empty((T, N, self.D)), np.zeros((N, H)), np.zeros((N, H))
        for t in range(T - 1, -1, -1):
            xh, i, f, o, g, c_old, c = self.mem[t]
            dh = dh + dY[t]
            dc = dc + dh * o * (1 - np.tanh(c) ** 2)
            di, df = dc * g * i * (1 - i), dc * c_old * f * (1 - f)
            do, dg = dh * np.tanh(c) * o * (1 - o), dc * i * (1 - g * g)
            dz = np.hstack([di, df, do, dg])
            self.dW += dz.T @ xh
            self.db += dz.sum(0)
            dxh = dz @ self.W
            dX[t], dh = dxh[:, :self.D], dxh[:, self.D:]
            dc = dc * f
        return dX


def faulty():
    return {"subject": LSTM(), "inputs": (np.random.RandomState(122).randn(4, 2, 3),)}


def correct():
    return {"subject": LSTMRepaired(), "inputs": (np.random.RandomState(122).randn(4, 2, 3),)}
