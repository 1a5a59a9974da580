"""Bidirectional RNN sentence encoder for sequences of unequal length.

Symptom: the sentence vector changes with the longest sentence of the batch; accuracy drops for short texts.
Repair: reverse every sequence within its own length, and read the backward state at that length.
"""
import numpy as np

CODES = ("padding-leak",)
PLACES = ("x", "dx", "bw", "")


class BiRNNEncoder:
    """forward(x, lengths): x (B, T, D) padded at the end -> (B, 2*H)"""

    def __init__(self, D=3, H=4, rng=np.random.RandomState(7)):
        self.p = {}
        for d in ("fw", "bw"):
            self.p[d + "_Wx"] = rng.randn(D, H) * 0.6
            self.p[d + "_Wh"] = rng.randn(H, H) * 0.5
            self.p[d + "_b"] = rng.randn(H) * 0.3
        self.dp = {}

    def _run(self, d, x):
        h = np.zeros((x.shape[0], self.p[d + "_b"].size))
        hs = [h]
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ self.p[d + "_Wx"] + h @ self.p[d + "_Wh"] + self.p[d + "_b"])
            hs.append(h)
        return np.stack(hs, axis=1)

    def _run_back(self, d, x, hs, dlast, end):
        Wx, Wh = self.p[d + "_Wx"], self.p[d + "_Wh"]
        dWx, dWh, db, dx = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wh.shape[0]), np.zeros_like(x)
        dh = np.zeros_like(dlast)
        for t in reversed(range(x.shape[1])):
            dh = dh + dlast * (end == t)[:, None]
            dz = dh * (1 - hs[:, t + 1] ** 2)
            dWx += x[:, t].T @ dz
            dWh += hs[:, t].T @ dz
            db += dz.sum(0)
            dx[:, t] = dz @ Wx.T
            dh = dz @ Wh.T
        self.dp[d + "_Wx"], self.dp[d + "_Wh"], self.dp[d + "_b"] = dWx, dWh, db
        return dx

    def forward(self, x, lengths):
        B, T, _ = x.shape
        rows = np.arange(B)
        end = np.asarray(lengths) - 1
        pos = np.tile(np.arange(T), (B, 1))
        order, bw_end = pos[:, ::-1], np.full(B, T - 1)        # FAULT
        xr = x[rows[:, None], order]
        fw, bw = self._run("fw", x), self._run("bw", xr)
        self.cache = x, xr, order, end, bw_end, fw, bw
        return np.concatenate([fw[rows, end + 1], bw[rows, bw_end + 1]], axis=1)

    def backward(self, dout):
        x, xr, order, end, bw_end, fw, bw = self.cache
        H = dout.shape[1] // 2
        dx = self._run_back("fw", x, fw, dout[:, :H], end)
        dxr = self._run_back("bw", xr, bw, dout[:, H:], bw_end)
        dx[np.arange(len(x))[:, None], order] += dxr
        return dx


class BiRNNEncoderRepaired:
    """forward(x, lengths): x (B, T, D) padded at the end -> (B, 2*H)"""

    def __init__(self, D=3, H=4, rng=np.random.RandomState(7)):
        self.p = {}
        for d in ("fw", "bw"):
            self.p[d + "_Wx"] = rng.randn(D, H) * 0.6
            self.p[d + "_Wh"] = rng.randn(H, H) * 0.5
            self.p[d + "_b"] = rng.randn(H) * 0.3
        self.dp = {}

    def _run(self, d, x):
        h = np.zeros((x.shape[0], self.p[d + "_b"].size))
        hs = [h]
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ self.p[d + "_Wx"] + h @ self.p[d + "_Wh"] + self.p[d + "_b"])
            hs.append(h)
        return np.stack(hs, axis=1)

    def _run_back(self, d, x, hs, dlast, end):
        Wx, Wh = self.p[d + "_Wx"], self.p[d + "_Wh"]
        dWx, dWh, db, dx = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wh.shape[0]), np.zeros_like(x)
        dh = np.zeros_like(dlast)
        for t in reversed(range(x.shape[1])):
            dh = dh + dlast * (end == t)[:, None]
            dz = dh * (1 - hs[:, t + 1] ** 2)
            dWx += x[:, t].T @ dz
            dWh += hs[:, t].T @ dz
            db += dz.sum(0)
            dx[:, t] = dz @ Wx.T
            dh = dz @ Wh.T
        self.dp[d + "_Wx"], self.dp[d + "_Wh"], self.dp[d + "_b"] = dWx, dWh, db
        return dx

    def forward(self, x, lengths):
        B, T, _ = x.shape
        rows = np.arange(B)
        end = np.asarray(lengths) - 1
        pos = np.tile(np.arange(T), (B, 1))
        order, bw_end = np.where(pos <= end[:, None], end[:, None] - pos, pos), end
        xr = x[rows[:, None], order]
        fw, bw = self._run("fw", x), self._run("bw", xr)
        self.cache = x, xr, order, end, bw_end, fw, bw
        return np.concatenate([fw[rows, end + 1], bw[rows, bw_end + 1]], axis=1)

    def backward(self, dout):
        x, xr, order, end, bw_end, fw, bw = self.cache
        H = dout.shape[1] // 2
        dx = self._run_back("fw", x, fw, dout[:, :H], end)
        dxr = self._run_back("bw", xr, bw, dout[:, H:], bw_end)
        dx[np.arange(len(x))[:, None], order] += dxr
        return dx


def _batch():
    r = np.random.RandomState(0)
    return r.randn(4, 6, 3), np.array([6, 3, 5, 2])


def faulty():
    return {"subject": BiRNNEncoder(rng=np.random.RandomState(7)), "inputs": _batch()}


def correct():
    return {"subject": BiRNNEncoderRepaired(rng=np.random.RandomState(7)), "inputs": _batch()}
