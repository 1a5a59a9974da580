"""Previsao de chuva com LSTM de portas acopladas (CIFG: i = 1 - f), duas camadas. Formato (lote, tempo, variaveis)."""
import numpy as np


def sigmoide(a):
    return 1.0 / (1.0 + np.exp(-a))


class CamadaCIFG:
    def __init__(self, n_ent, n_oc, rng):
        self.n_oc = n_oc
        # portas: esquecimento f, candidata g, saida o
        self.W = rng.normal(0, (n_ent + n_oc) ** -0.5, (n_ent + n_oc, 3 * n_oc))
        self.b = np.zeros(3 * n_oc)
        self.b[:n_oc] = 1.0

    def forward(self, X):
        B, T, _ = X.shape
        n = self.n_oc
        h, c = np.zeros((B, n)), np.zeros((B, n))
        self.hist = []
        H = np.empty((B, T, n))
        for t in range(T):
            xh = np.hstack([X[:, t], h])
            a = xh @ self.W + self.b
            f, g, o = sigmoide(a[:, :n]), np.tanh(a[:, n:2 * n]), sigmoide(a[:, 2 * n:])
            c_ant = c
            c = f * c_ant + (1 - f) * g
            tc = np.tanh(c)
            h = o * tc
            self.hist.append((xh, f, g, o, c_ant, tc))
            H[:, t] = h
        return H

    def backward(self, dH):
        B, T, n = dH.shape
        n_ent = self.W.shape[0] - n
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        dX = np.empty((B, T, n_ent))
        dh_prox, dc_prox = np.zeros((B, n)), np.zeros((B, n))
        for t in range(T - 1, -1, -1):
            xh, f, g, o, c_ant, tc = self.hist[t]
            dh = dH[:, t] + dh_prox
            dc = dh * o * (1 - tc ** 2) + dc_prox
            da = np.hstack([dc * (c_ant - g) * f * (1 - f),
                            dc * (1 - f) * (1 - g ** 2),
                            dh * tc * o * (1 - o)])
            self.dW += xh.T @ da
            self.db += da.sum(axis=0)
            dxh = da @ self.W.T
            dX[:, t], dh_prox = dxh[:, :n_ent], dxh[:, n_ent:]
            dc_prox = dc * f
        return dX


class SaidaLinear:
    def __init__(self, n, rng):
        self.W = rng.normal(0, n ** -0.5, (n, 1))
        self.b = np.zeros(1)

    def forward(self, H):
        self.ultimo = H[:, -1]
        self.forma = H.shape
        return self.ultimo @ self.W + self.b

    def backward(self, dy):
        self.dW = self.ultimo.T @ dy
        self.db = dy.sum(axis=0)
        dH = np.zeros(self.forma)
        dH[:, -1] = dy @ self.W.T
        return dH


class Previsor:
    def __init__(self, n_ent=3, n_oc=6, semente=0):
        rng = np.random.default_rng(semente)
        self.camadas = [CamadaCIFG(n_ent, n_oc, rng), CamadaCIFG(n_oc, n_oc, rng), SaidaLinear(n_oc, rng)]

    def forward(self, X):
        for c in self.camadas:
            X = c.forward(X)
        return X

    def backward(self, d):
        for c in self.camadas[::-1]:
            d = c.backward(d)
        return d


def erro_quadratico(y, alvo):
    return ((y - alvo) ** 2).mean()


def d_erro_quadratico(y, alvo):
    return 2 * (y - alvo) / y.size


def treinar(X, Y, epocas=60, taxa=0.1):
    rede = Previsor(X.shape[2])
    for ep in range(epocas):
        y = rede.forward(X)
        rede.backward(d_erro_quadratico(y, Y))
        for c in rede.camadas:
            c.W -= taxa * c.dW
            c.b -= taxa * c.db
        if ep % 20 == 0:
            print("epoca", ep, "erro", erro_quadratico(y, Y))
    return rede


if __name__ == "__main__":
    r = np.random.default_rng(2)
    X = r.gamma(1.0, 1.0, (80, 10, 3))
    Y = X[:, :4, :1].mean(axis=1)
    treinar(X, Y)
