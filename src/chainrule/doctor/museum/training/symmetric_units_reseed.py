"""A network of neuron objects in which every neuron seeds its own generator with the same number.

Symptom: random initial weights, and yet all neurons of a layer agree for ever.
Repair: one generator for the whole network.
"""
import numpy as np

CODES = ("symmetric-units",)
PLACES = ("hidden.neurons", "hidden", "neurons", "w", "hidden.neurons.0.w", "output", "")


class Neuron:
    def __init__(self, n_inputs, rng):
        rng = np.random.default_rng(42)  # FAULT
        self.w = rng.normal(size=n_inputs) / np.sqrt(n_inputs)
        self.b = np.zeros(1)

    def forward(self, x):
        return x @ self.w + self.b

    def backward(self, x, delta):
        self.dw = x.T @ delta
        self.db = delta.sum(keepdims=True)
        return np.outer(delta, self.w)


class Layer:
    def __init__(self, n_inputs, n_neurons, rng):
        self.neurons = [Neuron(n_inputs, rng) for _ in range(n_neurons)]

    def forward(self, x):
        self.x = x
        return np.stack([neuron.forward(x) for neuron in self.neurons], axis=1)

    def backward(self, delta):
        return sum(neuron.backward(self.x, delta[:, i]) for i, neuron in enumerate(self.neurons))


class Model:
    def __init__(self, n_inputs, n_hidden, n_outputs, rng):
        self.hidden = Layer(n_inputs, n_hidden, rng)
        self.output = Layer(n_hidden, n_outputs, rng)

    def forward(self, x):
        self.a = np.tanh(self.hidden.forward(x))
        return self.output.forward(self.a)

    def backward(self, dy):
        return self.hidden.backward(self.output.backward(dy) * (1 - self.a ** 2))

    def train_step(self, x, target, learning_rate=0.1):
        z = self.forward(x)
        z = z - z.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[range(len(x)), target]))
        p[range(len(x)), target] -= 1
        self.backward(p / len(x))
        for neuron in self.hidden.neurons + self.output.neurons:
            neuron.w -= learning_rate * neuron.dw
            neuron.b -= learning_rate * neuron.db
        return float(loss)


class NeuronRepaired:
    def __init__(self, n_inputs, rng):
        self.w = rng.normal(size=n_inputs) / np.sqrt(n_inputs)
        self.b = np.zeros(1)

    def forward(self, x):
        return x @ self.w + self.b

    def backward(self, x, delta):
        self.dw = x.T @ delta
        self.db = delta.sum(keepdims=True)
        return np.outer(delta, self.w)


class LayerRepaired:
    def __init__(self, n_inputs, n_neurons, rng):
        self.neurons = [NeuronRepaired(n_inputs, rng) for _ in range(n_neurons)]

    def forward(self, x):
        self.x = x
        return np.stack([neuron.forward(x) for neuron in self.neurons], axis=1)

    def backward(self, delta):
        return sum(neuron.backward(self.x, delta[:, i]) for i, neuron in enumerate(self.neurons))


class ModelRepaired:
    def __init__(self, n_inputs, n_hidden, n_outputs, rng):
        self.hidden = LayerRepaired(n_inputs, n_hidden, rng)
        self.output = LayerRepaired(n_hidden, n_outputs, rng)

    def forward(self, x):
        self.a = np.tanh(self.hidden.forward(x))
        return self.output.forward(self.a)

    def backward(self, dy):
        return self.hidden.backward(self.output.backward(dy) * (1 - self.a ** 2))

    def train_step(self, x, target, learning_rate=0.1):
        z = self.forward(x)
        z = z - z.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(p[range(len(x)), target]))
        p[range(len(x)), target] -= 1
        self.backward(p / len(x))
        for neuron in self.hidden.neurons + self.output.neurons:
            neuron.w -= learning_rate * neuron.dw
            neuron.b -= learning_rate * neuron.db
        return float(loss)


def faulty():
    rng = np.random.default_rng(24)
    centers = rng.normal(size=(3, 6))
    y = rng.integers(3, size=150)
    x = centers[y] + 0.6 * rng.normal(size=(150, 6))
    return {"training_check": True, "subject": Model(6, 8, 3, rng), "x": x[:110], "target": y[:110],
            "evaluation": (x[110:], y[110:]), "learning_rate": 0.1, "batch_size": 22, "steps": 60}


def correct():
    rng = np.random.default_rng(24)
    centers = rng.normal(size=(3, 6))
    y = rng.integers(3, size=150)
    x = centers[y] + 0.6 * rng.normal(size=(150, 6))
    return {"training_check": True, "subject": ModelRepaired(6, 8, 3, rng), "x": x[:110], "target": y[:110],
            "evaluation": (x[110:], y[110:]), "learning_rate": 0.1, "batch_size": 22, "steps": 60}
