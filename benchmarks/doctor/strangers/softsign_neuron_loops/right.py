import numpy as np


class Strato:
    """Strato denso con softsign, un neurone alla volta."""

    def __init__(self, ingressi, uscite, seed=0):
        gen = np.random.default_rng(seed)
        self.pesi = gen.normal(0, 0.5, size=(uscite, ingressi))
        self.soglie = np.zeros(uscite)
        self.d_pesi = np.zeros_like(self.pesi)
        self.d_soglie = np.zeros_like(self.soglie)

    def forward(self, x):
        self.x = x
        self.z = np.zeros((x.shape[0], len(self.soglie)))
        for j in range(len(self.soglie)):
            self.z[:, j] = (x * self.pesi[j]).sum(axis=1) + self.soglie[j]
        return self.z / (1 + np.abs(self.z))

    def backward(self, dy):
        dz = dy / (1 + np.abs(self.z)) ** 2
        dx = np.zeros(self.x.shape)
        for j in range(len(self.soglie)):
            self.d_pesi[j] = dz[:, j] @ self.x
            self.d_soglie[j] = dz[:, j].sum()
            dx += dz[:, j:j + 1] * self.pesi[j]
        return dx

    def aggiorna(self, eta):
        self.pesi -= eta * self.d_pesi
        self.soglie -= eta * self.d_soglie
