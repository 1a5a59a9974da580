"""A test loop copied from the training loop that still takes its pictures from the training set.

Symptom: test and training accuracy agree to the last digit.
Repair: read the test set in the test loop.
"""
import numpy as np

CODES = ("evaluation-on-training-data",)
PLACES = ("evaluation", "x", "test_rows", "")


def epoch(images, labels, size):
    for start in range(0, len(images), size):
        yield images[start:start + size], labels[start:start + size]


def test_rows(dataset, size):
    """Everything that the test loop feeds to the network."""
    xs, ys = [], []
    for images, labels in epoch(*dataset["train"], size):  # FAULT
        xs.append(images.reshape(len(images), -1))
        ys.append(labels)
        if sum(map(len, ys)) >= len(dataset["test"][1]):
            break
    return np.concatenate(xs), np.concatenate(ys)


class Classifier:
    def __init__(self, sizes, rng):
        n, h, c = sizes
        self.hidden = {"weights": rng.normal(size=(n, h)) * np.sqrt(2 / n), "biases": np.zeros(h)}
        self.output = {"weights": rng.normal(size=(h, c)) * np.sqrt(0.5 / h), "biases": np.zeros(c)}

    def forward(self, x):
        self.x = x
        self.a = np.maximum(x @ self.hidden["weights"] + self.hidden["biases"], 0)
        return self.a @ self.output["weights"] + self.output["biases"]

    def backward(self, delta):
        self.output_grads = {"weights": self.a.T @ delta, "biases": delta.sum(axis=0)}
        delta = delta @ self.output["weights"].T * (self.a > 0)
        self.hidden_grads = {"weights": self.x.T @ delta, "biases": delta.sum(axis=0)}
        return delta @ self.hidden["weights"].T

    def train_on_batch(self, x, labels, learning_rate):
        logits = self.forward(x)
        logits = logits - logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        onehot = np.eye(logits.shape[1])[labels]
        self.backward((np.exp(log_p) - onehot) / len(x))
        for layer, grads in ((self.hidden, self.hidden_grads), (self.output, self.output_grads)):
            for name in layer:
                layer[name] -= learning_rate * grads[name]
        return float(-(onehot * log_p).sum() / len(x))


def epoch_repaired(images, labels, size):
    for start in range(0, len(images), size):
        yield images[start:start + size], labels[start:start + size]


def test_rows_repaired(dataset, size):
    """Everything that the test loop feeds to the network."""
    xs, ys = [], []
    for images, labels in epoch_repaired(*dataset["test"], size):
        xs.append(images.reshape(len(images), -1))
        ys.append(labels)
        if sum(map(len, ys)) >= len(dataset["test"][1]):
            break
    return np.concatenate(xs), np.concatenate(ys)


class ClassifierRepaired:
    def __init__(self, sizes, rng):
        n, h, c = sizes
        self.hidden = {"weights": rng.normal(size=(n, h)) * np.sqrt(2 / n), "biases": np.zeros(h)}
        self.output = {"weights": rng.normal(size=(h, c)) * np.sqrt(0.5 / h), "biases": np.zeros(c)}

    def forward(self, x):
        self.x = x
        self.a = np.maximum(x @ self.hidden["weights"] + self.hidden["biases"], 0)
        return self.a @ self.output["weights"] + self.output["biases"]

    def backward(self, delta):
        self.output_grads = {"weights": self.a.T @ delta, "biases": delta.sum(axis=0)}
        delta = delta @ self.output["weights"].T * (self.a > 0)
        self.hidden_grads = {"weights": self.x.T @ delta, "biases": delta.sum(axis=0)}
        return delta @ self.hidden["weights"].T

    def train_on_batch(self, x, labels, learning_rate):
        logits = self.forward(x)
        logits = logits - logits.max(axis=1, keepdims=True)
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        onehot = np.eye(logits.shape[1])[labels]
        self.backward((np.exp(log_p) - onehot) / len(x))
        for layer, grads in ((self.hidden, self.hidden_grads), (self.output, self.output_grads)):
            for name in layer:
                layer[name] -= learning_rate * grads[name]
        return float(-(onehot * log_p).sum() / len(x))


def symbols(n, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(4, size=n)
    shapes = np.random.default_rng(99).normal(size=(4, 5, 5))
    return shapes[labels] + 0.8 * rng.normal(size=(n, 5, 5)), labels


def faulty():
    dataset = {"train": symbols(150, seed=65), "test": symbols(60, seed=66)}
    images, labels = dataset["train"]
    net = Classifier((25, 18, 4), np.random.default_rng(67))
    return {"training_check": True, "subject": net, "x": images.reshape(150, 25), "target": labels,
            "evaluation": test_rows(dataset, 20), "learning_rate": 0.05, "batch_size": 30, "steps": 60}


def correct():
    dataset = {"train": symbols(150, seed=65), "test": symbols(60, seed=66)}
    images, labels = dataset["train"]
    net = ClassifierRepaired((25, 18, 4), np.random.default_rng(67))
    return {"training_check": True, "subject": net, "x": images.reshape(150, 25), "target": labels,
            "evaluation": test_rows_repaired(dataset, 20), "learning_rate": 0.05, "batch_size": 30,
            "steps": 60}
