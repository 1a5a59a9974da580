"""GRU with the parameter layout of a big library: weight_ih (3H, D), weight_hh (3H, H), order reset, update, new.

Symptom: weights loaded from the library predict well, fine-tuning makes them worse at once.
Repair: reset gate first in backward too.
"""
import numpy as np
CODES = ("gate-order-permuted",)
PLACES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "x", "dx", "")


class Module:
    def zero_grad(self):
        self.grads = {n: np.zeros_like(p) for n, p in self.named_parameters()}

    def named_parameters(self):
        return list(self._parameters.items())


class GRULayer(Module):
    def __init__(self, input_size=4, hidden_size=3):
        k = 1 / np.sqrt(hidden_size)
        H = hidden_size
        self.hidden_size = H
        self._parameters = {"weight_ih": np.random.uniform(-k, k, (3 * H, input_size)),
                            "weight_hh": np.random.uniform(-k, k, (3 * H, H)),
                            "bias_ih": np.random.uniform(-k, k, 3 * H),
                            "bias_hh": np.random.uniform(-k, k, 3 * H)}
        self.zero_grad()

    def forward(self, x):
        P, H = self._parameters, self.hidden_size
        self.x, self.trace = x, []
        h, out = np.zeros((x.shape[0], H)), []
        for t in range(x.shape[1]):
            gi = x[:, t] @ P["weight_ih"].T + P["bias_ih"]
            gh = h @ P["weight_hh"].T + P["bias_hh"]
            rz = 1 / (1 + np.exp(-(gi[:, :2 * H] + gh[:, :2 * H])))
            r, z = rz[:, :H], rz[:, H:]
            n = np.tanh(gi[:, 2 * H:] + r * gh[:, 2 * H:])
            self.trace.append((h, r, z, n, gh[:, 2 * H:]))
            h = (1 - z) * n + z * h
            out.append(h)
        return np.stack(out, 1)

    def backward(self, dout):
        self.zero_grad()
        P, G = self._parameters, self.grads
        dx, dh = np.zeros_like(self.x), 0
        for t in reversed(range(dout.shape[1])):
            h, r, z, n, hn = self.trace[t]
            dh = dh + dout[:, t]
            dn = dh * (1 - z) * (1 - n ** 2)
            dz = dh * (h - n) * z * (1 - z)
            dr = dn * hn * r * (1 - r)
            gates = np.hstack([dz, dr])  # FAULT
            dgi, dgh = np.hstack([gates, dn]), np.hstack([gates, dn * r])
            G["weight_ih"] += dgi.T @ self.x[:, t]
            G["weight_hh"] += dgh.T @ h
            G["bias_ih"] += dgi.sum(0)
            G["bias_hh"] += dgh.sum(0)
            dx[:, t] = dgi @ P["weight_ih"]
            dh = dh * z + dgh @ P["weight_hh"]
        return dx


class ModuleRepaired:
    def zero_grad(self):
        self.grads = {n: np.zeros_like(p) for n, p in self.named_parameters()}

    def named_parameters(self):
        return list(self._parameters.items())


class GRULayerRepaired(ModuleRepaired):
    def __init__(self, input_size=4, hidden_size=3):
        k = 1 / np.sqrt(hidden_size)
        H = hidden_size
        self.hidden_size = H
        self._parameters = {"weight_ih": np.random.uniform(-k, k, (3 * H, input_size)),
                            "weight_hh": np.random.uniform(-k, k, (3 * H, H)),
                            "bias_ih": np.random.uniform(-k, k, 3 * H),
                            "bias_hh": np.random.uniform(-k, k, 3 * H)}
        self.zero_grad()

    def forward(self, x):
        P, H = self._parameters, self.hidden_size
        self.x, self.trace = x, []
        h, out = np.zeros((x.shape[0], H)), []
        for t in range(x.shape[1]):
            gi = x[:, t] @ P["weight_ih"].T + P["bias_ih"]
            gh = h @ P["weight_hh"].T + P["bias_hh"]
            rz = 1 / (1 + np.exp(-(gi[:, :2 * H] + gh[:, :2 * H])))
            r, z = rz[:, :H], rz[:, H:]
            n = np.tanh(gi[:, 2 * H:] + r * gh[:, 2 * H:])
            self.trace.append((h, r, z, n, gh[:, 2 * H:]))
            h = (1 - z) * n + z * h
            out.append(h)
        return np.stack(out, 1)

    def backward(self, dout):
        self.zero_grad()
        P, G = self._parameters, self.grads
        dx, dh = np.zeros_like(self.x), 0
        for t in reversed(range(dout.shape[1])):
            h, r, z, n, hn = self.trace[t]
            dh = dh + dout[:, t]
            dn = dh * (1 - z) * (1 - n ** 2)
            dz = dh * (h - n) * z * (1 - z)
            dr = dn * hn * r * (1 - r)
            gates = np.hstack([dr, dz])
            dgi, dgh = np.hstack([gates, dn]), np.hstack([gates, dn * r])
            G["weight_ih"] += dgi.T @ self.x[:, t]
            G["weight_hh"] += dgh.T @ h
            G["bias_ih"] += dgi.sum(0)
            G["bias_hh"] += dgh.sum(0)
            dx[:, t] = dgi @ P["weight_ih"]
            dh = dh * z + dgh @ P["weight_hh"]
        return dx


def faulty():
    np.random.seed(131)
    return {"subject": GRULayer(), "inputs": (np.random.randn(2, 5, 4),)}


def correct():
    np.random.seed(131)
    return {"subject": GRULayerRepaired(), "inputs": (np.random.randn(2, 5, 4),)}
