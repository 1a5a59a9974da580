"""micro autograd over arrays, and a gated mixture of two experts trained with it"""
import numpy as np


class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = np.array(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)
        self._backward = lambda: None
        self._prev = set(_children)
        self._op = _op

    @staticmethod
    def _fit(grad, shape):
        """brings grad back to the shape before broadcasting"""
        extra = grad.ndim - len(shape)
        if extra > 0:
            grad = grad.sum(axis=tuple(range(extra)))
        return grad

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), '+')

        def _backward():
            self.grad = self.grad + Value._fit(out.grad, self.data.shape)
            other.grad = other.grad + Value._fit(out.grad, other.data.shape)
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), '*')

        def _backward():
            self.grad = self.grad + Value._fit(out.grad * other.data, self.data.shape)
            other.grad = other.grad + Value._fit(out.grad * self.data, other.data.shape)
        out._backward = _backward
        return out

    def __matmul__(self, other):
        out = Value(self.data @ other.data, (self, other), '@')

        def _backward():
            self.grad = self.grad + out.grad @ other.data.T
            other.grad = other.grad + self.data.T @ out.grad
        out._backward = _backward
        return out

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return (-self) + other

    def relu(self):
        out = Value(np.maximum(self.data, 0), (self,), 'relu')

        def _backward():
            self.grad = self.grad + out.grad * (out.data > 0)
        out._backward = _backward
        return out

    def sigmoid(self):
        out = Value(1 / (1 + np.exp(-self.data)), (self,), 'sigmoid')

        def _backward():
            self.grad = self.grad + out.grad * out.data * (1 - out.data)
        out._backward = _backward
        return out

    def backward(self, seed=None):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = np.ones_like(self.data) if seed is None else np.array(seed, dtype=np.float64)
        for v in reversed(topo):
            v._backward()


class Layer:
    def __init__(self, nin, nout, rng):
        self.w = Value(rng.normal(0, 1 / np.sqrt(nin), (nin, nout)))
        self.b = Value(np.zeros((1, nout)))

    def __call__(self, x):
        return x @ self.w + self.b

    def parameters(self):
        return [self.w, self.b]


class Expert:
    def __init__(self, nin, nhid, nout, rng):
        self.l1, self.l2 = Layer(nin, nhid, rng), Layer(nhid, nout, rng)

    def __call__(self, x):
        return self.l2(self.l1(x).relu())

    def parameters(self):
        return self.l1.parameters() + self.l2.parameters()


class Mixture:
    """y = g(x) * expert1(x) + (1 - g(x)) * expert2(x)"""

    def __init__(self, nin=4, nhid=10, nout=2, seed=0):
        rng = np.random.default_rng(seed)
        self.gate = Layer(nin, nout, rng)
        self.experts = [Expert(nin, nhid, nout, rng), Expert(nin, nhid, nout, rng)]

    def __call__(self, x):
        g = self.gate(x).sigmoid()
        return g * self.experts[0](x) + (1.0 - g) * self.experts[1](x)

    def parameters(self):
        return self.gate.parameters() + self.experts[0].parameters() + self.experts[1].parameters()

    def zero_grad(self):
        for p in self.parameters():
            p.grad = np.zeros_like(p.data)

    # plain arrays in and out
    def forward(self, x):
        self.inp = Value(x)
        self.out = self(self.inp)
        return self.out.data

    def backward(self, dy):
        self.zero_grad()
        self.out.backward(dy)
        return self.inp.grad


def train(steps=200, lr=0.1, seed=1):
    rng = np.random.default_rng(seed)
    net = Mixture()
    for step in range(steps):
        x = rng.normal(size=(32, 4))
        side = (x[:, :1] > 0)
        target = np.where(side, x[:, 1:3], -2 * x[:, 2:4])
        err = net.forward(x) - target
        net.backward(2 * err / len(x))
        for p in net.parameters():
            p.data = p.data - lr * p.grad
        if step % 50 == 0:
            print(step, (err ** 2).sum(1).mean())
    return net


if __name__ == '__main__':
    train()
