import numpy as np


class couche:
    def __init__(self, entree, sortie, alea, derniere=False):
        self.poids = alea.standard_normal((sortie, entree)) * 0.1
        self.biais = np.zeros((sortie, 1))
        self.derniere = derniere

    def avant(self, x):
        self.x = x
        self.y = self.poids @ x + self.biais
        if not self.derniere:
            self.y = np.tanh(self.y)
        return self.y

    def arriere(self, dy):
        if not self.derniere:
            dy = dy * (1 - self.y ** 2)
        self.gpoids = dy @ self.x.T
        self.gbiais = dy.sum(axis=1, keepdims=True)
        return self.poids.T @ dy


class ReseauProfond:
    """Features first: columns are samples inside; the public methods take rows."""

    def __init__(self, tailles=(6, 14, 14, 14, 14, 14, 14, 14, 14, 1), graine=4):
        alea = np.random.default_rng(graine)
        n = len(tailles) - 1
        self.couches = [couche(tailles[i], tailles[i + 1], alea, i == n - 1) for i in range(n)]

    def forward(self, X):
        a = X.T
        for c in self.couches:
            a = c.avant(a)
        return a.T

    def backward(self, dY):
        d = dY.T
        for c in self.couches[::-1]:
            d = c.arriere(d)
        return d.T

    def update(self, learning_rate):
        for c in self.couches:
            c.poids -= learning_rate * c.gpoids
            c.biais -= learning_rate * c.gbiais


def mse(prediction, cible):
    return np.mean((prediction - cible) ** 2)


def mse_gradient(prediction, cible):
    return 2 * (prediction - cible) / prediction.size
