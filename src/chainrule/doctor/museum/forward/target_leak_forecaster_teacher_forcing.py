"""Demand forecasting, encoder-decoder RNN with teacher forcing.

Symptom: training error is almost zero within a few epochs, forecasts (fed with their own output) are useless.
Repair: at step t the decoder gets the value of step t-1, starting with the last observed one.
"""
import numpy as np

CODES = ("target-leak",)
PLACES = ("future", "decoder_input", "")


class Forecaster:
    """forward(history, future): history (B, T, F) with the demand in column 0, future (B, P) -> forecasts (B, P)"""

    def __init__(self, F=3, H=5):
        rng = np.random.default_rng(10)
        n = lambda *s: rng.normal(0, 0.5, s)
        self.weights = {"enc_x": n(F, H), "enc_h": n(H, H), "enc_b": n(H), "dec_x": n(1, H), "dec_h": n(H, H), "dec_b": n(H),
                        "out_w": n(H), "out_b": n(1)}

    def forward(self, history, future):
        w = self.weights
        h = np.zeros((len(history), w["enc_b"].size))
        self.history, self.enc = history, [h]
        for t in range(history.shape[1]):
            h = np.tanh(history[:, t] @ w["enc_x"] + h @ w["enc_h"] + w["enc_b"])
            self.enc.append(h)
        self.fed = future        # FAULT
        self.dec = [h]
        for t in range(future.shape[1]):
            h = np.tanh(self.fed[:, t:t + 1] @ w["dec_x"] + h @ w["dec_h"] + w["dec_b"])
            self.dec.append(h)
        return np.stack([h @ w["out_w"] for h in self.dec[1:]], axis=1) + w["out_b"]

    def backward(self, dy):
        w = self.weights
        g = self.gradients = {k: np.zeros_like(v) for k, v in w.items()}
        dhist, dfed = np.zeros_like(self.history), np.zeros_like(self.fed)
        g["out_b"] += dy.sum()
        dh = np.zeros_like(self.dec[0])
        for t in reversed(range(dy.shape[1])):
            h = self.dec[t + 1]
            g["out_w"] += h.T @ dy[:, t]
            dz = (dh + dy[:, t:t + 1] * w["out_w"]) * (1 - h ** 2)
            g["dec_x"] += self.fed[:, t:t + 1].T @ dz
            g["dec_h"] += self.dec[t].T @ dz
            g["dec_b"] += dz.sum(0)
            dfed[:, t] = (dz @ w["dec_x"].T)[:, 0]
            dh = dz @ w["dec_h"].T
        for t in reversed(range(dhist.shape[1])):
            dz = dh * (1 - self.enc[t + 1] ** 2)
            g["enc_x"] += self.history[:, t].T @ dz
            g["enc_h"] += self.enc[t].T @ dz
            g["enc_b"] += dz.sum(0)
            dhist[:, t] = dz @ w["enc_x"].T
            dh = dz @ w["enc_h"].T
        dfuture = dfed
        return dhist, dfuture


class ForecasterRepaired:
    """forward(history, future): history (B, T, F) with the demand in column 0, future (B, P) -> forecasts (B, P)"""

    def __init__(self, F=3, H=5):
        rng = np.random.default_rng(10)
        n = lambda *s: rng.normal(0, 0.5, s)
        self.weights = {"enc_x": n(F, H), "enc_h": n(H, H), "enc_b": n(H), "dec_x": n(1, H), "dec_h": n(H, H), "dec_b": n(H),
                        "out_w": n(H), "out_b": n(1)}

    def forward(self, history, future):
        w = self.weights
        h = np.zeros((len(history), w["enc_b"].size))
        self.history, self.enc = history, [h]
        for t in range(history.shape[1]):
            h = np.tanh(history[:, t] @ w["enc_x"] + h @ w["enc_h"] + w["enc_b"])
            self.enc.append(h)
        self.fed = np.concatenate([history[:, -1, :1], future[:, :-1]], axis=1)
        self.dec = [h]
        for t in range(future.shape[1]):
            h = np.tanh(self.fed[:, t:t + 1] @ w["dec_x"] + h @ w["dec_h"] + w["dec_b"])
            self.dec.append(h)
        return np.stack([h @ w["out_w"] for h in self.dec[1:]], axis=1) + w["out_b"]

    def backward(self, dy):
        w = self.weights
        g = self.gradients = {k: np.zeros_like(v) for k, v in w.items()}
        dhist, dfed = np.zeros_like(self.history), np.zeros_like(self.fed)
        g["out_b"] += dy.sum()
        dh = np.zeros_like(self.dec[0])
        for t in reversed(range(dy.shape[1])):
            h = self.dec[t + 1]
            g["out_w"] += h.T @ dy[:, t]
            dz = (dh + dy[:, t:t + 1] * w["out_w"]) * (1 - h ** 2)
            g["dec_x"] += self.fed[:, t:t + 1].T @ dz
            g["dec_h"] += self.dec[t].T @ dz
            g["dec_b"] += dz.sum(0)
            dfed[:, t] = (dz @ w["dec_x"].T)[:, 0]
            dh = dz @ w["dec_h"].T
        for t in reversed(range(dhist.shape[1])):
            dz = dh * (1 - self.enc[t + 1] ** 2)
            g["enc_x"] += self.history[:, t].T @ dz
            g["enc_h"] += self.enc[t].T @ dz
            g["enc_b"] += dz.sum(0)
            dhist[:, t] = dz @ w["enc_x"].T
            dh = dz @ w["enc_h"].T
        dhist[:, -1, 0] += dfed[:, 0]
        dfuture = np.concatenate([dfed[:, 1:], np.zeros((len(dfed), 1))], axis=1)
        return dhist, dfuture


def mse(y, target):
    return np.mean((y - target) ** 2)


def mse_grad(y, target):
    return 2 * (y - target) / y.size


def _task(model):
    rng = np.random.default_rng(4)
    history, future = rng.normal(size=(3, 6, 3)), rng.normal(size=(3, 4))
    return {"subject": model, "inputs": (history, future), "loss": (mse, mse_grad), "target": future.copy()}


def faulty():
    return _task(Forecaster())


def correct():
    return _task(ForecasterRepaired())
