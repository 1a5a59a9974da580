"""Pictures read in the order of their file names, labels in the order of their numbers.

Symptom: the network learns its training set by heart and knows nothing about new pictures.
Repair: sort the names by number.
"""
import numpy as np

CODES = ("labels-misaligned",)
PLACES = ("target", "x", "")


def disk(n, seed):
    """A folder: file name -> picture, and the table of labels, one line per picture."""
    rng = np.random.default_rng(seed)
    shapes = np.random.default_rng(7).normal(size=(3, 4, 6))
    labels = rng.integers(3, size=n)
    folder = {"img_%d.npy" % i: shapes[k] + 0.7 * rng.normal(size=(4, 6)) for i, k in enumerate(labels)}
    return folder, labels


def read_folder(folder):
    names = sorted(folder)  # FAULT
    return np.stack([folder[name] for name in names])


class PictureNet:
    def __init__(self, seed):
        rng = np.random.RandomState(seed)
        self.params = {"kernel1": rng.randn(24, 30) * np.sqrt(2 / 24), "bias1": np.zeros(30),
                       "kernel2": rng.randn(30, 3) * np.sqrt(0.5 / 30), "bias2": np.zeros(3)}

    def predict(self, pictures):
        p = self.params
        self.flat = pictures.reshape(len(pictures), -1)
        self.hidden = np.maximum(self.flat @ p["kernel1"] + p["bias1"], 0)
        logits = self.hidden @ p["kernel2"] + p["bias2"]
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def train_step(self, pictures, labels, learning_rate):
        probabilities = self.predict(pictures)
        rows = np.arange(len(labels))
        loss = -np.log(probabilities[rows, labels] + 1e-12).mean()
        delta2 = probabilities.copy()
        delta2[rows, labels] -= 1
        delta2 /= len(labels)
        delta1 = (delta2 @ self.params["kernel2"].T) * (self.hidden > 0)
        self.grads = {"kernel2": self.hidden.T @ delta2, "bias2": delta2.sum(axis=0),
                      "kernel1": self.flat.T @ delta1, "bias1": delta1.sum(axis=0)}
        for key, value in self.grads.items():
            self.params[key] -= learning_rate * value
        return float(loss)


def read_folder_repaired(folder):
    names = sorted(folder, key=lambda name: int(name[4:-4]))
    return np.stack([folder[name] for name in names])


class PictureNetRepaired:
    def __init__(self, seed):
        rng = np.random.RandomState(seed)
        self.params = {"kernel1": rng.randn(24, 30) * np.sqrt(2 / 24), "bias1": np.zeros(30),
                       "kernel2": rng.randn(30, 3) * np.sqrt(0.5 / 30), "bias2": np.zeros(3)}

    def predict(self, pictures):
        p = self.params
        self.flat = pictures.reshape(len(pictures), -1)
        self.hidden = np.maximum(self.flat @ p["kernel1"] + p["bias1"], 0)
        logits = self.hidden @ p["kernel2"] + p["bias2"]
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def train_step(self, pictures, labels, learning_rate):
        probabilities = self.predict(pictures)
        rows = np.arange(len(labels))
        loss = -np.log(probabilities[rows, labels] + 1e-12).mean()
        delta2 = probabilities.copy()
        delta2[rows, labels] -= 1
        delta2 /= len(labels)
        delta1 = (delta2 @ self.params["kernel2"].T) * (self.hidden > 0)
        self.grads = {"kernel2": self.hidden.T @ delta2, "bias2": delta2.sum(axis=0),
                      "kernel1": self.flat.T @ delta1, "bias1": delta1.sum(axis=0)}
        for key, value in self.grads.items():
            self.params[key] -= learning_rate * value
        return float(loss)


def faulty():
    folder, labels = disk(180, seed=71)
    pictures = read_folder(folder)
    tests = [disk(10, seed=s) for s in range(72, 78)]
    x_test = np.concatenate([read_folder(f) for f, _ in tests])
    return {"training_check": True, "subject": PictureNet(74), "x": pictures, "target": labels,
            "evaluation": (x_test, np.concatenate([t for _, t in tests])), "learning_rate": 0.1,
            "batch_size": 30, "steps": 90}


def correct():
    folder, labels = disk(180, seed=71)
    pictures = read_folder_repaired(folder)
    tests = [disk(10, seed=s) for s in range(72, 78)]
    x_test = np.concatenate([read_folder_repaired(f) for f, _ in tests])
    return {"training_check": True, "subject": PictureNetRepaired(74), "x": pictures, "target": labels,
            "evaluation": (x_test, np.concatenate([t for _, t in tests])), "learning_rate": 0.1,
            "batch_size": 30, "steps": 90}
