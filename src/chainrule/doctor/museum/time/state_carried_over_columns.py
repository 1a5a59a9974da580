"""A decoder step by step, with its state kept in the object and weights updated in place.

Symptom: the loss of one and the same sentence differs from call to call.
Repair: begin from zeros every time.
"""
import numpy as np

CODES = ("state-carried-over",)
PLACES = ("state", "")


class Generator:
    """Reads inputs (features, time) one column at a time, returns outputs (outputs, time)."""

    def __init__(self, n_in, n_state, n_out, rng):
        self.A = rng.normal(0, 0.5, (n_state, n_state))
        self.B = rng.normal(0, 0.5, (n_state, n_in))
        self.C = rng.normal(0, 0.5, (n_out, n_state))
        self.state = np.zeros(n_state)

    def forward(self, inputs):
        self.inputs = inputs
        self.states = [self.state]  # FAULT
        outputs = []
        for u in inputs.T:
            self.state = np.tanh(self.A @ self.state + self.B @ u)
            self.states.append(self.state)
            outputs.append(self.C @ self.state)
        return np.stack(outputs, axis=1)

    def backward(self, delta, learning_rate):
        dA, dB, dC = np.zeros_like(self.A), np.zeros_like(self.B), np.zeros_like(self.C)
        dinputs = np.zeros_like(self.inputs)
        back = np.zeros_like(self.state)
        for t in range(self.inputs.shape[1] - 1, -1, -1):
            after, before = self.states[t + 1], self.states[t]
            dC += np.outer(delta[:, t], after)
            dz = (self.C.T @ delta[:, t] + back) * (1 - after**2)
            dA += np.outer(dz, before)
            dB += np.outer(dz, self.inputs[:, t])
            dinputs[:, t] = self.B.T @ dz
            back = self.A.T @ dz
        self.A -= learning_rate * dA
        self.B -= learning_rate * dB
        self.C -= learning_rate * dC
        return dinputs


class GeneratorRepaired:
    """Reads inputs (features, time) one column at a time, returns outputs (outputs, time)."""

    def __init__(self, n_in, n_state, n_out, rng):
        self.A = rng.normal(0, 0.5, (n_state, n_state))
        self.B = rng.normal(0, 0.5, (n_state, n_in))
        self.C = rng.normal(0, 0.5, (n_out, n_state))
        self.state = np.zeros(n_state)

    def forward(self, inputs):
        self.inputs = inputs
        self.state = np.zeros_like(self.state)
        self.states = [self.state]
        outputs = []
        for u in inputs.T:
            self.state = np.tanh(self.A @ self.state + self.B @ u)
            self.states.append(self.state)
            outputs.append(self.C @ self.state)
        return np.stack(outputs, axis=1)

    def backward(self, delta, learning_rate):
        dA, dB, dC = np.zeros_like(self.A), np.zeros_like(self.B), np.zeros_like(self.C)
        dinputs = np.zeros_like(self.inputs)
        back = np.zeros_like(self.state)
        for t in range(self.inputs.shape[1] - 1, -1, -1):
            after, before = self.states[t + 1], self.states[t]
            dC += np.outer(delta[:, t], after)
            dz = (self.C.T @ delta[:, t] + back) * (1 - after**2)
            dA += np.outer(dz, before)
            dB += np.outer(dz, self.inputs[:, t])
            dinputs[:, t] = self.B.T @ dz
            back = self.A.T @ dz
        self.A -= learning_rate * dA
        self.B -= learning_rate * dB
        self.C -= learning_rate * dC
        return dinputs


def faulty():
    rng = np.random.default_rng(2)
    return {"subject": Generator(3, 4, 2, rng), "inputs": (rng.normal(size=(3, 5)),)}


def correct():
    rng = np.random.default_rng(2)
    return {"subject": GeneratorRepaired(3, 4, 2, rng), "inputs": (rng.normal(size=(3, 5)),)}
