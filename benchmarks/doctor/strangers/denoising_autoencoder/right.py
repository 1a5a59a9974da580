import numpy as np


class Lineal:
    def __init__(self, entrada, salida, rng, activa=True):
        lim = np.sqrt(6.0 / (entrada + salida))
        self.W = rng.uniform(-lim, lim, (entrada, salida))
        self.b = np.zeros(salida)
        self.activa = activa

    def forward(self, x):
        self.x = x
        self.y = x @ self.W + self.b
        if self.activa:
            self.y = np.tanh(self.y)
        return self.y

    def backward(self, dy):
        if self.activa:
            dy = dy * (1.0 - self.y ** 2)
        self.dW = self.x.T @ dy
        self.db = dy.sum(0)
        return dy @ self.W.T


class AutoCodificador:
    def __init__(self, n=16, oculta=10, codigo=4, tasa=0.15, semilla=2):
        rng = np.random.default_rng(semilla)
        self.cod1 = Lineal(n, oculta, rng)
        self.cod2 = Lineal(oculta, codigo, rng)
        self.dec1 = Lineal(codigo, oculta, rng)
        self.dec2 = Lineal(oculta, n, rng, activa=False)
        self.capas = [self.cod1, self.cod2, self.dec1, self.dec2]
        self.tasa = tasa

    def forward(self, x):
        codigo = self.cod2.forward(self.cod1.forward(x))
        return self.dec2.forward(self.dec1.forward(codigo))

    def backward(self, dy):
        d = self.dec1.backward(self.dec2.backward(dy))
        return self.cod1.backward(self.cod2.backward(d))

    def train_on_batch(self, ruidoso, limpio):
        salida = self.forward(ruidoso)
        error = salida - limpio
        self.backward(2.0 * error / len(ruidoso))
        for capa in self.capas:
            capa.W -= self.tasa * capa.dW
            capa.b -= self.tasa * capa.db
        return (error ** 2).sum(axis=1).mean()
