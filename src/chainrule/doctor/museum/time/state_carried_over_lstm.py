"""A sequence classifier whose LSTM resets its hidden state, but not its cell.

Symptom: validation changes with the order of the batches.
Repair: reset both.
"""
import numpy as np

CODES = ("state-carried-over",)
PLACES = ("lstm", "state", "c", "lstm.c", "lstm.state", "lstm.state.c", "")


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


class LSTMLayer:
    def __init__(self, n_in, n_hidden, batch_size, rng):
        self.n = n_hidden
        self.params = [rng.normal(0, 0.5, (n_in + n_hidden, 4 * n_hidden)), np.zeros(4 * n_hidden)]
        self.grads = [np.zeros_like(p) for p in self.params]
        self.state = {"h": np.zeros((batch_size, n_hidden)), "c": np.zeros((batch_size, n_hidden))}

    def reset(self):
        self.state["h"] = np.zeros_like(self.state["h"])  # FAULT

    def forward(self, x):
        self.reset()
        W, b = self.params
        h, c = self.state["h"], self.state["c"]
        self.tape, hs = [], []
        for t in range(x.shape[1]):
            v = np.hstack([x[:, t], h])
            i, f, g, o = np.split(v @ W + b, 4, axis=1)
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            c_prev, c = c, f * c + i * g
            h = o * np.tanh(c)
            self.tape.append((v, i, f, g, o, c_prev, c))
            hs.append(h)
        self.state["h"], self.state["c"] = h, c
        return np.stack(hs, axis=1)

    def backward(self, dhs):
        W, _ = self.params
        dW, db = np.zeros_like(W), np.zeros(4 * self.n)
        dh_next = dc_next = np.zeros_like(dhs[:, 0])
        dx = np.zeros((dhs.shape[0], dhs.shape[1], W.shape[0] - self.n))
        for t in reversed(range(len(self.tape))):
            v, i, f, g, o, c_prev, c = self.tape[t]
            dh = dhs[:, t] + dh_next
            tc = np.tanh(c)
            dc = dc_next + dh * o * (1 - tc**2)
            da = np.hstack([dc * g * i * (1 - i), dc * c_prev * f * (1 - f),
                            dc * i * (1 - g**2), dh * tc * o * (1 - o)])
            dW += v.T @ da
            db += da.sum(axis=0)
            dv = da @ W.T
            dx[:, t], dh_next = dv[:, :-self.n], dv[:, -self.n:]
            dc_next = dc * f
        self.grads = [dW, db]
        return dx


class SequenceClassifier:
    def __init__(self, n_in, n_hidden, n_classes, batch_size, rng):
        self.lstm = LSTMLayer(n_in, n_hidden, batch_size, rng)
        self.V = rng.normal(0, 0.5, (n_hidden, n_classes))

    def forward(self, x):
        self.h = self.lstm.forward(x)
        return self.h.mean(axis=1) @ self.V

    def backward(self, dy):
        steps = self.h.shape[1]
        self.dV = self.h.mean(axis=1).T @ dy
        dh = np.repeat((dy @ self.V.T)[:, None, :] / steps, steps, axis=1)
        return self.lstm.backward(dh)


class LSTMLayerRepaired:
    def __init__(self, n_in, n_hidden, batch_size, rng):
        self.n = n_hidden
        self.params = [rng.normal(0, 0.5, (n_in + n_hidden, 4 * n_hidden)), np.zeros(4 * n_hidden)]
        self.grads = [np.zeros_like(p) for p in self.params]
        self.state = {"h": np.zeros((batch_size, n_hidden)), "c": np.zeros((batch_size, n_hidden))}

    def reset(self):
        self.state["h"] = np.zeros_like(self.state["h"])
        self.state["c"] = np.zeros_like(self.state["c"])

    def forward(self, x):
        self.reset()
        W, b = self.params
        h, c = self.state["h"], self.state["c"]
        self.tape, hs = [], []
        for t in range(x.shape[1]):
            v = np.hstack([x[:, t], h])
            i, f, g, o = np.split(v @ W + b, 4, axis=1)
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            c_prev, c = c, f * c + i * g
            h = o * np.tanh(c)
            self.tape.append((v, i, f, g, o, c_prev, c))
            hs.append(h)
        self.state["h"], self.state["c"] = h, c
        return np.stack(hs, axis=1)

    def backward(self, dhs):
        W, _ = self.params
        dW, db = np.zeros_like(W), np.zeros(4 * self.n)
        dh_next = dc_next = np.zeros_like(dhs[:, 0])
        dx = np.zeros((dhs.shape[0], dhs.shape[1], W.shape[0] - self.n))
        for t in reversed(range(len(self.tape))):
            v, i, f, g, o, c_prev, c = self.tape[t]
            dh = dhs[:, t] + dh_next
            tc = np.tanh(c)
            dc = dc_next + dh * o * (1 - tc**2)
            da = np.hstack([dc * g * i * (1 - i), dc * c_prev * f * (1 - f),
                            dc * i * (1 - g**2), dh * tc * o * (1 - o)])
            dW += v.T @ da
            db += da.sum(axis=0)
            dv = da @ W.T
            dx[:, t], dh_next = dv[:, :-self.n], dv[:, -self.n:]
            dc_next = dc * f
        self.grads = [dW, db]
        return dx


class SequenceClassifierRepaired:
    def __init__(self, n_in, n_hidden, n_classes, batch_size, rng):
        self.lstm = LSTMLayerRepaired(n_in, n_hidden, batch_size, rng)
        self.V = rng.normal(0, 0.5, (n_hidden, n_classes))

    def forward(self, x):
        self.h = self.lstm.forward(x)
        return self.h.mean(axis=1) @ self.V

    def backward(self, dy):
        steps = self.h.shape[1]
        self.dV = self.h.mean(axis=1).T @ dy
        dh = np.repeat((dy @ self.V.T)[:, None, :] / steps, steps, axis=1)
        return self.lstm.backward(dh)


def faulty():
    rng = np.random.default_rng(1)
    model = SequenceClassifier(3, 4, 6, batch_size=2, rng=rng)
    return {"subject": model, "inputs": (rng.normal(size=(2, 5, 3)),)}


def correct():
    rng = np.random.default_rng(1)
    model = SequenceClassifierRepaired(3, 4, 6, batch_size=2, rng=rng)
    return {"subject": model, "inputs": (rng.normal(size=(2, 5, 3)),)}
