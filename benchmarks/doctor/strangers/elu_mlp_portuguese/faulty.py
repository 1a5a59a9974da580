import numpy as np


class CamadaELU:
    """ELU escalada, com alfa fixo."""

    def __init__(self, alfa=1.3):
        self.alfa = alfa

    def frente(self, z):
        self.z = z
        self.saida = np.where(z > 0, z, self.alfa * (np.exp(np.minimum(z, 0)) - 1))
        return self.saida

    def tras(self, grad):
        derivada = np.where(grad > 0, 1.0, self.saida + self.alfa)
        return grad * derivada


class Densa:
    def __init__(self, entrada, saida, semente):
        r = np.random.default_rng(semente)
        self.pesos = r.normal(0, np.sqrt(2 / entrada), (saida, entrada))
        self.vies = np.zeros(saida)

    def frente(self, x):
        self.x = x
        return x @ self.pesos.T + self.vies

    def tras(self, grad):
        self.d_pesos = grad.T @ self.x
        self.d_vies = grad.sum(axis=0)
        return grad @ self.pesos


class Rede:
    def __init__(self, tamanhos=(5, 7, 3), semente=0):
        self.camadas = []
        for k, (a, b) in enumerate(zip(tamanhos, tamanhos[1:])):
            self.camadas += [Densa(a, b, semente + k), CamadaELU()]
        self.camadas.pop()

    def forward(self, x):
        for c in self.camadas:
            x = c.frente(x)
        return x

    def backward(self, grad):
        for c in reversed(self.camadas):
            grad = c.tras(grad)
        return grad


if __name__ == "__main__":
    rede = Rede((2, 8, 8, 1))
    x = np.random.default_rng(1).uniform(-1, 1, (64, 2))
    y = (x[:, :1] * x[:, 1:] > 0) * 2.0 - 1.0
    for epoca in range(200):
        s = rede.forward(x)
        rede.backward(-y * (y * s < 1) / len(x))
        for c in rede.camadas[::2]:
            c.pesos -= 0.3 * c.d_pesos
            c.vies -= 0.3 * c.d_vies
    print("acuracia", (np.sign(s) == y).mean())
