"""Two-layer perceptron written from scratch, weights (out, in), own step().

Symptom: Only the first neurons of the hidden layer ever learn: as many as the batch has rows.
Repair: Loop over the rows of the weight, not over the samples.
"""
import numpy as np

CODES = ('rows-not-updated',)
PLACES = ('W1', 'W', '')

def load_points(n, seed):
    rng = np.random.RandomState(seed)
    X = rng.uniform(-2, 2, size=(n, 3))
    t = np.stack([np.sin(X[:, 0]) + 0.3 * X[:, 1], np.cos(X[:, 1]) * X[:, 2] * 0.5], axis=1)
    return X, t


class TwoLayer:
    """Regression; hidden sigmoid-free tanh units; mean squared error."""

    def __init__(self, D=3, H=12, O=2):
        rng = np.random.RandomState(11)
        self.W1 = rng.randn(H, D) / np.sqrt(D)
        self.b1 = np.zeros(H)
        self.W2 = rng.randn(O, H) * 0.5 / np.sqrt(H)
        self.b2 = np.zeros(O)

    def forward(self, X):
        self.X = X
        self.A = np.tanh(X.dot(self.W1.T) + self.b1)
        return self.A.dot(self.W2.T) + self.b2

    def step(self, X, target, learning_rate):
        Y = self.forward(X)
        loss = np.mean((Y - target) ** 2)
        dY = 2 * (Y - target) / Y.size
        dZ = dY.dot(self.W2) * (1 - self.A ** 2)
        dW1, dW2 = dZ.T.dot(X), dY.T.dot(self.A)
        db1, db2 = dZ.sum(0), dY.sum(0)
        for row, g, _ in zip(self.W1, dW1, X):  # FAULT
            row -= learning_rate * g
        self.b1 -= learning_rate * db1
        self.W2 -= learning_rate * dW2
        self.b2 -= learning_rate * db2
        return loss


class TwoLayerRepaired:
    """Regression; hidden sigmoid-free tanh units; mean squared error."""

    def __init__(self, D=3, H=12, O=2):
        rng = np.random.RandomState(11)
        self.W1 = rng.randn(H, D) / np.sqrt(D)
        self.b1 = np.zeros(H)
        self.W2 = rng.randn(O, H) * 0.5 / np.sqrt(H)
        self.b2 = np.zeros(O)

    def forward(self, X):
        self.X = X
        self.A = np.tanh(X.dot(self.W1.T) + self.b1)
        return self.A.dot(self.W2.T) + self.b2

    def step(self, X, target, learning_rate):
        Y = self.forward(X)
        loss = np.mean((Y - target) ** 2)
        dY = 2 * (Y - target) / Y.size
        dZ = dY.dot(self.W2) * (1 - self.A ** 2)
        dW1, dW2 = dZ.T.dot(X), dY.T.dot(self.A)
        db1, db2 = dZ.sum(0), dY.sum(0)
        for row, g in zip(self.W1, dW1):
            row -= learning_rate * g
        self.b1 -= learning_rate * db1
        self.W2 -= learning_rate * dW2
        self.b2 -= learning_rate * db2
        return loss


def faulty():
    X, t = load_points(120, 0)
    return {"training_check": True, "subject": TwoLayer(), "x": X, "target": t, "optimizer": None,
            "evaluation": load_points(60, 1), "learning_rate": 0.015, "batch_size": 5, "steps": 900}


def correct():
    X, t = load_points(120, 0)
    return {"training_check": True, "subject": TwoLayerRepaired(), "x": X, "target": t, "optimizer": None,
            "evaluation": load_points(60, 1), "learning_rate": 0.015, "batch_size": 5, "steps": 900}
