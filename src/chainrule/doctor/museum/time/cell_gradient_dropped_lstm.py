"""An LSTM with four separate gates; backward forgets that the cell lives on.

Symptom: the LSTM remembers no longer than a plain recurrent network.
Repair: add the gradient of the next step's cell.
"""
import numpy as np

CODES = ("cell-gradient-dropped",)
PLACES = ("x", "")


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


class LSTM:
    """Long short-term memory over (batch, time, features); returns the states of all steps."""

    GATES = ("forget", "input", "candidate", "output")

    def __init__(self, input_size, hidden_size, rng):
        self.hidden_size = hidden_size
        n = input_size + hidden_size
        self.weights = {gate: rng.normal(0, 1 / np.sqrt(n), (n, hidden_size)) for gate in self.GATES}
        self.biases = {gate: np.zeros(hidden_size) for gate in self.GATES}

    def forward(self, x):
        batch, steps, _ = x.shape
        h = np.zeros((batch, self.hidden_size))
        c = np.zeros((batch, self.hidden_size))
        self.history = []
        outputs = np.zeros((batch, steps, self.hidden_size))
        for t in range(steps):
            concat = np.concatenate([x[:, t], h], axis=1)
            act = {}
            for gate in self.GATES:
                z = concat @ self.weights[gate] + self.biases[gate]
                act[gate] = np.tanh(z) if gate == "candidate" else sigmoid(z)
            c_prev = c
            c = act["forget"] * c_prev + act["input"] * act["candidate"]
            h = act["output"] * np.tanh(c)
            self.history.append((concat, act, c_prev, c))
            outputs[:, t] = h
        return outputs

    def backward(self, doutputs):
        self.weight_grads = {gate: np.zeros_like(w) for gate, w in self.weights.items()}
        self.bias_grads = {gate: np.zeros_like(b) for gate, b in self.biases.items()}
        batch, steps, _ = doutputs.shape
        n_in = self.weights["forget"].shape[0] - self.hidden_size
        dx = np.zeros((batch, steps, n_in))
        dh_next = np.zeros((batch, self.hidden_size))
        for t in reversed(range(steps)):
            concat, act, c_prev, c = self.history[t]
            dh = doutputs[:, t] + dh_next
            dc = dh * act["output"] * (1 - np.tanh(c) ** 2)  # FAULT
            dz = {
                "forget": dc * c_prev * act["forget"] * (1 - act["forget"]),
                "input": dc * act["candidate"] * act["input"] * (1 - act["input"]),
                "candidate": dc * act["input"] * (1 - act["candidate"] ** 2),
                "output": dh * np.tanh(c) * act["output"] * (1 - act["output"]),
            }
            dconcat = np.zeros_like(concat)
            for gate in self.GATES:
                self.weight_grads[gate] += concat.T @ dz[gate]
                self.bias_grads[gate] += dz[gate].sum(axis=0)
                dconcat += dz[gate] @ self.weights[gate].T
            dx[:, t] = dconcat[:, :n_in]
            dh_next = dconcat[:, n_in:]
        return dx


class LSTMRepaired:
    """Long short-term memory over (batch, time, features); returns the states of all steps."""

    GATES = ("forget", "input", "candidate", "output")

    def __init__(self, input_size, hidden_size, rng):
        self.hidden_size = hidden_size
        n = input_size + hidden_size
        self.weights = {gate: rng.normal(0, 1 / np.sqrt(n), (n, hidden_size)) for gate in self.GATES}
        self.biases = {gate: np.zeros(hidden_size) for gate in self.GATES}

    def forward(self, x):
        batch, steps, _ = x.shape
        h = np.zeros((batch, self.hidden_size))
        c = np.zeros((batch, self.hidden_size))
        self.history = []
        outputs = np.zeros((batch, steps, self.hidden_size))
        for t in range(steps):
            concat = np.concatenate([x[:, t], h], axis=1)
            act = {}
            for gate in self.GATES:
                z = concat @ self.weights[gate] + self.biases[gate]
                act[gate] = np.tanh(z) if gate == "candidate" else sigmoid(z)
            c_prev = c
            c = act["forget"] * c_prev + act["input"] * act["candidate"]
            h = act["output"] * np.tanh(c)
            self.history.append((concat, act, c_prev, c))
            outputs[:, t] = h
        return outputs

    def backward(self, doutputs):
        self.weight_grads = {gate: np.zeros_like(w) for gate, w in self.weights.items()}
        self.bias_grads = {gate: np.zeros_like(b) for gate, b in self.biases.items()}
        batch, steps, _ = doutputs.shape
        n_in = self.weights["forget"].shape[0] - self.hidden_size
        dx = np.zeros((batch, steps, n_in))
        dh_next = np.zeros((batch, self.hidden_size))
        dc_next = np.zeros((batch, self.hidden_size))
        for t in reversed(range(steps)):
            concat, act, c_prev, c = self.history[t]
            dh = doutputs[:, t] + dh_next
            dc = dh * act["output"] * (1 - np.tanh(c) ** 2) + dc_next
            dz = {
                "forget": dc * c_prev * act["forget"] * (1 - act["forget"]),
                "input": dc * act["candidate"] * act["input"] * (1 - act["input"]),
                "candidate": dc * act["input"] * (1 - act["candidate"] ** 2),
                "output": dh * np.tanh(c) * act["output"] * (1 - act["output"]),
            }
            dconcat = np.zeros_like(concat)
            for gate in self.GATES:
                self.weight_grads[gate] += concat.T @ dz[gate]
                self.bias_grads[gate] += dz[gate].sum(axis=0)
                dconcat += dz[gate] @ self.weights[gate].T
            dx[:, t] = dconcat[:, :n_in]
            dh_next = dconcat[:, n_in:]
            dc_next = dc * act["forget"]
        return dx


def faulty():
    rng = np.random.default_rng(0)
    return {"subject": LSTM(3, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}


def correct():
    rng = np.random.default_rng(0)
    return {"subject": LSTMRepaired(3, 4, rng), "inputs": (rng.normal(size=(2, 5, 3)),)}
