# -*- coding: utf-8 -*-
"""Red convolucional sencilla (clasificacion de figuras) escrita a mano.

Las imagenes son (lote, canales, alto, ancho).
"""
import numpy as np


class Capa:
    def adelante(self, x):
        raise NotImplementedError

    def atras(self, grad):
        raise NotImplementedError

    def actualizar(self, tasa):
        pass

    # nombres en ingles, para quien los prefiera
    def forward(self, x):
        return self.adelante(x)

    def backward(self, grad):
        return self.atras(grad)


class Convolucion(Capa):
    def __init__(self, canales, filtros, tam=3, relleno=1):
        self.pesos = np.random.randn(filtros, canales, tam, tam) * np.sqrt(2.0 / (canales * tam * tam))
        self.sesgo = np.zeros(filtros)
        self.tam, self.relleno = tam, relleno

    def adelante(self, x):
        r, k = self.relleno, self.tam
        self.x = np.pad(x, ((0, 0), (0, 0), (r, r), (r, r)))
        n, c, H, W = self.x.shape
        alto, ancho = H - k + 1, W - k + 1
        salida = np.zeros((n, len(self.pesos), alto, ancho))
        for i in range(alto):
            for j in range(ancho):
                ventana = self.x[:, :, i:i + k, j:j + k]
                salida[:, :, i, j] = np.tensordot(ventana, self.pesos, axes=([1, 2, 3], [1, 2, 3])) + self.sesgo
        return salida

    def atras(self, grad):
        r, k = self.relleno, self.tam
        self.grad_pesos = np.zeros_like(self.pesos)
        self.grad_sesgo = grad.sum(axis=(0, 2, 3))
        dx = np.zeros_like(self.x)
        for i in range(grad.shape[2]):
            for j in range(grad.shape[3]):
                g = grad[:, :, i, j]
                ventana = self.x[:, :, i:i + k, j:j + k]
                self.grad_pesos += np.tensordot(g, ventana, axes=([0], [0]))
                dx[:, :, i:i + k, j:j + k] += np.tensordot(g, self.pesos, axes=([1], [0]))
        return dx[:, :, r:dx.shape[2] - r, r:dx.shape[3] - r]

    def actualizar(self, tasa):
        self.pesos -= tasa * self.grad_pesos
        self.sesgo -= tasa * self.grad_sesgo


class MaxAgrupacion(Capa):
    def __init__(self, tam=3, paso=2):
        self.tam, self.paso = tam, paso

    def adelante(self, x):
        k, s = self.tam, self.paso
        self.x = x
        n, c, H, W = x.shape
        alto, ancho = (H - k) // s + 1, (W - k) // s + 1
        salida = np.zeros((n, c, alto, ancho))
        for i in range(alto):
            for j in range(ancho):
                salida[:, :, i, j] = x[:, :, i * s:i * s + k, j * s:j * s + k].max(axis=(2, 3))
        return salida

    def atras(self, grad):
        k, s = self.tam, self.paso
        dx = np.zeros_like(self.x)
        n, c, alto, ancho = grad.shape
        for b in range(n):
            for m in range(c):
                for i in range(alto):
                    for j in range(ancho):
                        ventana = self.x[b, m, i * s:i * s + k, j * s:j * s + k]
                        p, q = np.unravel_index(np.argmax(ventana), ventana.shape)
                        dx[b, m, i * s + p, j * s + q] += grad[b, m, i, j]
        return dx


class ReLU(Capa):
    def adelante(self, x):
        self.activo = x > 0
        return self.activo * x

    def atras(self, grad):
        return grad * self.activo


class Aplanar(Capa):
    def adelante(self, x):
        self.forma = x.shape
        return x.reshape(len(x), -1)

    def atras(self, grad):
        return grad.reshape(self.forma)


class Densa(Capa):
    def __init__(self, entradas, salidas):
        self.pesos = np.random.randn(entradas, salidas) / np.sqrt(entradas)
        self.sesgo = np.zeros(salidas)

    def adelante(self, x):
        self.x = x
        return x @ self.pesos + self.sesgo

    def atras(self, grad):
        self.grad_pesos = self.x.T @ grad
        self.grad_sesgo = grad.sum(axis=0)
        return grad @ self.pesos.T

    def actualizar(self, tasa):
        self.pesos -= tasa * self.grad_pesos
        self.sesgo -= tasa * self.grad_sesgo


class Red(Capa):
    def __init__(self, capas):
        self.capas = capas

    def adelante(self, x):
        for capa in self.capas:
            x = capa.adelante(x)
        return x

    def atras(self, grad):
        for capa in reversed(self.capas):
            grad = capa.atras(grad)
        return grad

    def actualizar(self, tasa):
        for capa in self.capas:
            capa.actualizar(tasa)


def construir_red(canales=1, lado=9, filtros=4, clases=3):
    reducido = (lado - 3) // 2 + 1
    return Red([
        Convolucion(canales, filtros), ReLU(), MaxAgrupacion(3, 2),
        Aplanar(), Densa(filtros * reducido * reducido, clases),
    ])


def entropia_cruzada(puntajes, y):
    z = puntajes - puntajes.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    perdida = -np.log(p[np.arange(len(y)), y]).mean()
    p[np.arange(len(y)), y] -= 1
    return perdida, p / len(y)


def figuras(n):
    y = np.random.randint(0, 3, n)
    x = 0.2 * np.random.randn(n, 1, 9, 9)
    for i, clase in enumerate(y):
        a = np.random.randint(1, 8)
        if clase == 0:
            x[i, 0, a, :] += 1
        elif clase == 1:
            x[i, 0, :, a] += 1
        else:
            x[i, 0, range(9), range(9)] += 1
    return x, y


if __name__ == "__main__":
    np.random.seed(4)
    red = construir_red()
    for paso in range(41):
        x, y = figuras(16)
        perdida, grad = entropia_cruzada(red.adelante(x), y)
        red.atras(grad)
        red.actualizar(0.2)
        if paso % 10 == 0:
            print("paso", paso, "perdida", round(perdida, 4))
