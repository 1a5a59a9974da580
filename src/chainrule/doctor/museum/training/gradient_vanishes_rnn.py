"""A recurrent network with a timid hidden matrix that is to remember the first of twelve inputs.

Symptom: accuracy at chance whenever the clue comes early; the gradient dies within a few steps back in time.
Repair: an orthogonal hidden matrix.
"""
import numpy as np

CODES = ("gradient-vanishes", "single-class-collapse")
PLACES = ("W_hh", "cell.W_hh", "cell", "")


class RNNCell:
    def __init__(self, n_in, n_hidden, rng):
        self.W_xh = rng.normal(size=(n_hidden, n_in)) * 0.5
        self.W_hh = rng.normal(size=(n_hidden, n_hidden)) * 0.05  # FAULT
        self.b = np.zeros(n_hidden)

    def forward(self, x):
        """x: (time, batch, features), returns all states (time, batch, hidden)."""
        h = np.zeros((x.shape[1], len(self.b)))
        self.x, self.h = x, [h]
        for x_t in x:
            h = np.tanh(x_t @ self.W_xh.T + h @ self.W_hh.T + self.b)
            self.h.append(h)
        return np.stack(self.h[1:])

    def backward(self, dh_all):
        self.W_xh_grad = np.zeros_like(self.W_xh)
        self.W_hh_grad = np.zeros_like(self.W_hh)
        self.b_grad = np.zeros_like(self.b)
        dx = np.empty_like(self.x)
        carry = 0.0
        for t in range(len(self.x) - 1, -1, -1):
            da = (dh_all[t] + carry) * (1 - self.h[t + 1] ** 2)
            self.W_xh_grad += da.T @ self.x[t]
            self.W_hh_grad += da.T @ self.h[t]
            self.b_grad += da.sum(axis=0)
            dx[t] = da @ self.W_xh
            carry = da @ self.W_hh
        return dx


class FirstSymbol:
    """Reads a sequence of shape (batch, time, features) and classifies it from the last state."""

    def __init__(self, n_in, n_hidden, n_classes, rng):
        self.cell = RNNCell(n_in, n_hidden, rng)
        self.V = rng.normal(size=(n_hidden, n_classes)) * 0.3
        self.c = np.zeros(n_classes)

    def forward(self, x):
        self.states = self.cell.forward(x.transpose(1, 0, 2))
        return self.states[-1] @ self.V + self.c

    def backward(self, dlogits):
        self.V_grad = self.states[-1].T @ dlogits
        self.c_grad = dlogits.sum(axis=0)
        dstates = np.zeros_like(self.states)
        dstates[-1] = dlogits @ self.V.T
        return self.cell.backward(dstates).transpose(1, 0, 2)

    def train_step(self, x, y, learning_rate):
        logits = self.forward(x)
        logits = logits - logits.max(axis=1, keepdims=True)
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        self.backward(p / len(y))
        for owner, names in ((self.cell, ("W_xh", "W_hh", "b")), (self, ("V", "c"))):
            for name in names:
                array = getattr(owner, name)
                array -= learning_rate * getattr(owner, name + "_grad")
        return float(loss)


class RNNCellRepaired:
    def __init__(self, n_in, n_hidden, rng):
        self.W_xh = rng.normal(size=(n_hidden, n_in)) * 0.5
        self.W_hh = np.linalg.qr(rng.normal(size=(n_hidden, n_hidden)))[0]
        self.b = np.zeros(n_hidden)

    def forward(self, x):
        """x: (time, batch, features), returns all states (time, batch, hidden)."""
        h = np.zeros((x.shape[1], len(self.b)))
        self.x, self.h = x, [h]
        for x_t in x:
            h = np.tanh(x_t @ self.W_xh.T + h @ self.W_hh.T + self.b)
            self.h.append(h)
        return np.stack(self.h[1:])

    def backward(self, dh_all):
        self.W_xh_grad = np.zeros_like(self.W_xh)
        self.W_hh_grad = np.zeros_like(self.W_hh)
        self.b_grad = np.zeros_like(self.b)
        dx = np.empty_like(self.x)
        carry = 0.0
        for t in range(len(self.x) - 1, -1, -1):
            da = (dh_all[t] + carry) * (1 - self.h[t + 1] ** 2)
            self.W_xh_grad += da.T @ self.x[t]
            self.W_hh_grad += da.T @ self.h[t]
            self.b_grad += da.sum(axis=0)
            dx[t] = da @ self.W_xh
            carry = da @ self.W_hh
        return dx


class FirstSymbolRepaired:
    """Reads a sequence of shape (batch, time, features) and classifies it from the last state."""

    def __init__(self, n_in, n_hidden, n_classes, rng):
        self.cell = RNNCellRepaired(n_in, n_hidden, rng)
        self.V = rng.normal(size=(n_hidden, n_classes)) * 0.3
        self.c = np.zeros(n_classes)

    def forward(self, x):
        self.states = self.cell.forward(x.transpose(1, 0, 2))
        return self.states[-1] @ self.V + self.c

    def backward(self, dlogits):
        self.V_grad = self.states[-1].T @ dlogits
        self.c_grad = dlogits.sum(axis=0)
        dstates = np.zeros_like(self.states)
        dstates[-1] = dlogits @ self.V.T
        return self.cell.backward(dstates).transpose(1, 0, 2)

    def train_step(self, x, y, learning_rate):
        logits = self.forward(x)
        logits = logits - logits.max(axis=1, keepdims=True)
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(y)), y]).mean()
        p[np.arange(len(y)), y] -= 1
        self.backward(p / len(y))
        for owner, names in ((self.cell, ("W_xh", "W_hh", "b")), (self, ("V", "c"))):
            for name in names:
                array = getattr(owner, name)
                array -= learning_rate * getattr(owner, name + "_grad")
        return float(loss)


def clue_first(n, seed):
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=n)
    x = 0.2 * rng.normal(size=(n, 12, 3))
    x[:, 0] += 2.0 * np.eye(3)[y]
    return x, y


def faulty():
    x, y = clue_first(160, seed=45)
    model = FirstSymbol(3, 14, 3, np.random.default_rng(46))
    return {"training_check": True, "subject": model, "x": x[:120], "target": y[:120],
            "evaluation": (x[120:], y[120:]), "learning_rate": 0.1, "batch_size": 40, "steps": 60}


def correct():
    x, y = clue_first(160, seed=45)
    model = FirstSymbolRepaired(3, 14, 3, np.random.default_rng(46))
    return {"training_check": True, "subject": model, "x": x[:120], "target": y[:120],
            "evaluation": (x[120:], y[120:]), "learning_rate": 0.1, "batch_size": 40, "steps": 60}
