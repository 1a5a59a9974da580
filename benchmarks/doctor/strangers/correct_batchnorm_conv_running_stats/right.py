# kleines Faltungsnetz mit BatchNorm, Bilder als (N, C, H, W)
import numpy as np


class Faltung1x1:
    def __init__(self, ein, aus, rng):
        self.gewicht = rng.normal(0, ein ** -0.5, (aus, ein))

    def vorwaerts(self, x):
        self.x = x
        return np.einsum("oc,nchw->nohw", self.gewicht, x)

    def rueckwaerts(self, d):
        self.gewicht_grad = np.einsum("nohw,nchw->oc", d, self.x)
        return np.einsum("oc,nohw->nchw", self.gewicht, d)


class BatchNorm:
    def __init__(self, c, traegheit=0.9):
        self.skala, self.versatz = np.ones(c), np.zeros(c)
        self.lauf_mittel, self.lauf_varianz = np.zeros(c), np.ones(c)
        self.traegheit = traegheit
        self.training = True

    def vorwaerts(self, x):
        if self.training:
            mu, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
            t = self.traegheit
            self.lauf_mittel = t * self.lauf_mittel + (1 - t) * mu
            self.lauf_varianz = t * self.lauf_varianz + (1 - t) * var
        else:
            mu, var = self.lauf_mittel, self.lauf_varianz
        self.inv = (1 / np.sqrt(var + 1e-5))[:, None, None]
        self.xn = (x - mu[:, None, None]) * self.inv
        return self.skala[:, None, None] * self.xn + self.versatz[:, None, None]

    def rueckwaerts(self, d):
        self.skala_grad = (d * self.xn).sum((0, 2, 3))
        self.versatz_grad = d.sum((0, 2, 3))
        d = d * self.skala[:, None, None]
        if not self.training:
            return d * self.inv
        m = lambda a: a.mean((0, 2, 3), keepdims=True)
        return self.inv * (d - m(d) - self.xn * m(d * self.xn))


class Netz:
    def __init__(self, ein=3, breit=4, aus=2, saat=0):
        rng = np.random.default_rng(saat)
        self.f1, self.bn, self.f2 = Faltung1x1(ein, breit, rng), BatchNorm(breit), Faltung1x1(breit, aus, rng)

    def train(self, an=True):
        self.bn.training = an

    def eval(self):
        self.train(False)

    def forward(self, x):
        self.z = self.bn.vorwaerts(self.f1.vorwaerts(x))
        return self.f2.vorwaerts(np.maximum(self.z, 0))

    def backward(self, d):
        d = self.f2.rueckwaerts(d) * (self.z > 0)
        return self.f1.rueckwaerts(self.bn.rueckwaerts(d))


if __name__ == "__main__":
    n = Netz()
    x = np.random.default_rng(1).normal(size=(4, 3, 5, 6))
    print(n.forward(x).shape, n.backward(np.ones((4, 2, 5, 6))).shape)
