"""A character-level recurrent network in column convention with unscaled hidden weights.

Symptom: the gradient grows with every step back in time; with longer texts the weights are thrown about.
Repair: hidden weights with a spectral radius near one.
"""
import numpy as np

CODES = ("gradient-explodes",)
PLACES = ("params.Whh", "Whh", "params.Wxh", "")

LETTERS = 5


class CharRNN:
    """Predicts the next letter at every position. x: integers of shape (time, batch)."""

    def __init__(self, hidden, seed):
        rng = np.random.RandomState(seed)
        self.params = {
            "Wxh": rng.randn(hidden, LETTERS) * 0.1,
            "Whh": rng.randn(hidden, hidden) * 0.6,  # FAULT
            "Why": rng.randn(LETTERS, hidden) * 0.2,
            "bh": np.zeros((hidden, 1)),
            "by": np.zeros((LETTERS, 1)),
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        steps, batch = x.shape
        self.inputs = np.eye(LETTERS)[x].transpose(0, 2, 1)
        self.states = [np.zeros((p["Whh"].shape[0], batch))]
        logits = []
        for t in range(steps):
            z = p["Wxh"] @ self.inputs[t] + p["Whh"] @ self.states[-1] + p["bh"]
            self.states.append(np.tanh(z))
            logits.append((p["Why"] @ self.states[-1] + p["by"]).T)
        return np.array(logits)

    def backward(self, dlogits):
        p = self.params
        g = self.grads = {k: np.zeros_like(v) for k, v in p.items()}
        dnext = np.zeros_like(self.states[0])
        for t in reversed(range(len(dlogits))):
            dy = dlogits[t].T
            g["Why"] += dy @ self.states[t + 1].T
            g["by"] += dy.sum(axis=1, keepdims=True)
            dz = (p["Why"].T @ dy + dnext) * (1 - self.states[t + 1] ** 2)
            g["Wxh"] += dz @ self.inputs[t].T
            g["Whh"] += dz @ self.states[t].T
            g["bh"] += dz.sum(axis=1, keepdims=True)
            dnext = p["Whh"].T @ dz

    def step(self, x, target, learning_rate):
        logits = self.forward(x)
        e = np.exp(logits - logits.max(axis=-1, keepdims=True))
        probs = e / e.sum(axis=-1, keepdims=True)
        wanted = np.eye(LETTERS)[target]
        loss = -np.sum(wanted * np.log(probs)) / target.size
        self.backward((probs - wanted) / target.size)
        for k in self.params:
            self.params[k] -= learning_rate * self.grads[k]
        return float(loss)


LETTERS_REPAIRED = 5


class CharRNNRepaired:
    """Predicts the next letter at every position. x: integers of shape (time, batch)."""

    def __init__(self, hidden, seed):
        rng = np.random.RandomState(seed)
        self.params = {
            "Wxh": rng.randn(hidden, LETTERS_REPAIRED) * 0.1,
            "Whh": rng.randn(hidden, hidden) * 0.95 / np.sqrt(hidden),
            "Why": rng.randn(LETTERS_REPAIRED, hidden) * 0.2,
            "bh": np.zeros((hidden, 1)),
            "by": np.zeros((LETTERS_REPAIRED, 1)),
        }
        self.grads = {}

    def forward(self, x):
        p = self.params
        steps, batch = x.shape
        self.inputs = np.eye(LETTERS_REPAIRED)[x].transpose(0, 2, 1)
        self.states = [np.zeros((p["Whh"].shape[0], batch))]
        logits = []
        for t in range(steps):
            z = p["Wxh"] @ self.inputs[t] + p["Whh"] @ self.states[-1] + p["bh"]
            self.states.append(np.tanh(z))
            logits.append((p["Why"] @ self.states[-1] + p["by"]).T)
        return np.array(logits)

    def backward(self, dlogits):
        p = self.params
        g = self.grads = {k: np.zeros_like(v) for k, v in p.items()}
        dnext = np.zeros_like(self.states[0])
        for t in reversed(range(len(dlogits))):
            dy = dlogits[t].T
            g["Why"] += dy @ self.states[t + 1].T
            g["by"] += dy.sum(axis=1, keepdims=True)
            dz = (p["Why"].T @ dy + dnext) * (1 - self.states[t + 1] ** 2)
            g["Wxh"] += dz @ self.inputs[t].T
            g["Whh"] += dz @ self.states[t].T
            g["bh"] += dz.sum(axis=1, keepdims=True)
            dnext = p["Whh"].T @ dz

    def step(self, x, target, learning_rate):
        logits = self.forward(x)
        e = np.exp(logits - logits.max(axis=-1, keepdims=True))
        probs = e / e.sum(axis=-1, keepdims=True)
        wanted = np.eye(LETTERS_REPAIRED)[target]
        loss = -np.sum(wanted * np.log(probs)) / target.size
        self.backward((probs - wanted) / target.size)
        for k in self.params:
            self.params[k] -= learning_rate * self.grads[k]
        return float(loss)


def melody(steps, voices, seed):
    """Walks on a ring of five letters; the next letter mostly follows the last one."""
    rng = np.random.default_rng(seed)
    jumps = np.where(rng.random((steps + 1, voices)) < 0.85, 1, rng.integers(5, size=(steps + 1, voices)))
    text = np.cumsum(jumps, axis=0) % 5
    return text[:-1], text[1:]


def faulty():
    x, target = melody(24, 20, seed=41)
    held_out = melody(24, 8, seed=42)
    return {"training_check": True, "subject": CharRNN(22, seed=43), "x": x, "target": target,
            "evaluation": held_out, "learning_rate": 0.2, "batch_size": 24, "steps": 80}


def correct():
    x, target = melody(24, 20, seed=41)
    held_out = melody(24, 8, seed=42)
    return {"training_check": True, "subject": CharRNNRepaired(22, seed=43), "x": x, "target": target,
            "evaluation": held_out, "learning_rate": 0.2, "batch_size": 24, "steps": 80}
