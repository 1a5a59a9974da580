"""Layers whose backward(dy, lr) updates the weights itself, and models with a step(). All correct."""
import numpy as np


class Layer:
    def forward(self, input):
        raise NotImplementedError

    def backward(self, output_gradient, learning_rate):
        raise NotImplementedError


class Dense(Layer):
    """One column per sample; dx is computed first, then the weights move."""

    def __init__(self, input_size, output_size, rng):
        self.weights = rng.normal(size=(output_size, input_size))
        self.bias = rng.normal(size=(output_size, 1))

    def forward(self, input):
        self.input = input
        return self.weights @ input + self.bias

    def backward(self, output_gradient, learning_rate):
        input_gradient = self.weights.T @ output_gradient
        self.weights -= learning_rate * (output_gradient @ self.input.T)
        self.bias -= learning_rate * output_gradient.sum(axis=1, keepdims=True)
        return input_gradient


def case_dense_column():
    rng = np.random.default_rng(0)
    return {"subject": Dense(4, 3, rng), "inputs": (rng.normal(size=(4, 5)),)}


class OldWeightsDense:
    """Updates first, but remembers the old weights for dx."""

    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out))
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad, lr=0.01):
        W_old = self.W.copy()
        self.W -= lr * self.x.T @ grad
        self.b -= lr * grad.sum(axis=0)
        return grad @ W_old.T


def case_update_first_from_a_copy():
    rng = np.random.default_rng(1)
    return {"subject": OldWeightsDense(5, 2, rng), "inputs": (rng.normal(size=(3, 5)),)}


class RebindingDense:
    """w = w - ...: a new array, so that the reference kept at forward stays the old one."""

    def __init__(self, n_in, n_out, rng):
        self.w = rng.normal(size=(n_in, n_out))
        self.b = rng.normal(size=n_out)

    def forward(self, x):
        self.cache = (x, self.w)
        return x @ self.w + self.b

    def backward(self, dout, eta):
        x, w = self.cache
        self.w = self.w - eta * (x.T @ dout)
        self.b = self.b - eta * dout.sum(0)
        return dout @ w.T


def case_rebinding_instead_of_mutation():
    rng = np.random.default_rng(2)
    return {"subject": RebindingDense(3, 4, rng), "inputs": (rng.normal(size=(5, 3)),)}


class Activation(Layer):
    """Takes a learning rate only because all layers do."""

    def __init__(self, function, derivative):
        self.function, self.derivative = function, derivative

    def forward(self, input):
        self.input = input
        return self.function(input)

    def backward(self, output_gradient, learning_rate):
        return output_gradient * self.derivative(self.input)


def case_activation_ignores_the_rate():
    rng = np.random.default_rng(3)
    layer = Activation(np.tanh, lambda x: 1 - np.tanh(x) ** 2)
    return {"subject": layer, "inputs": (rng.normal(size=(3, 4)),)}


class Network(Layer):
    def __init__(self, layers):
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad, learning_rate):
        for layer in reversed(self.layers):
            grad = layer.backward(grad, learning_rate)
        return grad


def case_network_of_layers():
    rng = np.random.default_rng(4)
    layers = [Dense(3, 6, rng), Activation(np.tanh, lambda x: 1 - np.tanh(x) ** 2), Dense(6, 2, rng),
              Activation(np.sin, np.cos)]
    return {"subject": Network(layers), "inputs": (rng.normal(size=(3, 4)),)}


class ConvLayer(Layer):
    """Valid cross-correlation by explicit windows, batch of images."""

    def __init__(self, depth, filters, size, rng):
        self.kernels = rng.normal(size=(filters, depth, size, size)) * 0.4
        self.biases = rng.normal(size=filters)

    def forward(self, input):
        self.input = input
        k = self.kernels.shape[-1]
        self.windows = np.lib.stride_tricks.sliding_window_view(input, (k, k), axis=(2, 3))
        return np.einsum("bdhwij,fdij->bfhw", self.windows, self.kernels) + self.biases[None, :, None, None]

    def backward(self, output_gradient, learning_rate):
        k = self.kernels.shape[-1]
        h, w = output_gradient.shape[2:]
        kernels_gradient = np.einsum("bdhwij,bfhw->fdij", self.windows, output_gradient)
        input_gradient = np.zeros(self.input.shape)
        for i in range(k):
            for j in range(k):
                piece = np.einsum("bfhw,fd->bdhw", output_gradient, self.kernels[:, :, i, j])
                input_gradient[:, :, i:i + h, j:j + w] += piece
        self.kernels -= learning_rate * kernels_gradient
        self.biases -= learning_rate * output_gradient.sum(axis=(0, 2, 3))
        return input_gradient


def case_convolution():
    rng = np.random.default_rng(5)
    return {"subject": ConvLayer(2, 3, 2, rng), "inputs": (rng.normal(size=(2, 2, 4, 5)),)}


class Reshape(Layer):
    def forward(self, input):
        self.shape = input.shape
        return input.reshape(input.shape[0], -1).T

    def backward(self, output_gradient, learning_rate):
        return output_gradient.T.reshape(self.shape)


def case_convolution_then_dense():
    """Rows become columns in between."""
    rng = np.random.default_rng(6)
    net = Network([ConvLayer(1, 2, 3, rng), Activation(np.tanh, lambda x: 1 - np.tanh(x) ** 2), Reshape(),
                   Dense(2 * 2 * 3, 3, rng)])
    return {"subject": net, "inputs": (rng.normal(size=(2, 1, 4, 5)),)}


class LayerNorm:
    def __init__(self, d, rng):
        self.gamma = rng.uniform(0.5, 1.5, d)
        self.beta = rng.normal(size=d)

    def forward(self, x):
        self.sd = np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        self.xhat = (x - x.mean(-1, keepdims=True)) / self.sd
        return self.gamma * self.xhat + self.beta

    def backward(self, dy, lr):
        dxhat = dy * self.gamma
        dgamma = np.sum(dy * self.xhat, axis=tuple(range(dy.ndim - 1)))
        dbeta = np.sum(dy, axis=tuple(range(dy.ndim - 1)))
        self.gamma -= lr * dgamma
        self.beta -= lr * dbeta
        q = (dxhat * self.xhat).mean(-1, keepdims=True)
        return (dxhat - dxhat.mean(-1, keepdims=True) - self.xhat * q) / self.sd


def case_layer_norm():
    """gamma moves before the last line, but dx-hat was already computed with the old one."""
    rng = np.random.default_rng(7)
    return {"subject": LayerNorm(5, rng), "inputs": (rng.normal(size=(2, 3, 5)),)}


class EmbeddingLR:
    def __init__(self, vocab, dim, rng):
        self.table = rng.normal(size=(vocab, dim))

    def forward(self, ids):
        self.ids = ids
        return self.table[ids]

    def backward(self, dy, learning_rate):
        np.subtract.at(self.table, self.ids, learning_rate * dy)
        return None


def case_embedding_subtract_at():
    rng = np.random.default_rng(8)
    return {"subject": EmbeddingLR(5, 3, rng), "inputs": (np.array([[0, 2, 2], [4, 0, 2]]),)}


class MomentumDense:
    """The velocity lives on the layer; the first update is the plain one."""

    def __init__(self, n_in, n_out, rng, mu=0.9):
        self.W, self.b, self.mu = rng.normal(size=(n_in, n_out)), np.zeros(n_out), mu
        self.vW, self.vb = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy, lr):
        dx = dy @ self.W.T
        self.vW = self.mu * self.vW + self.x.T @ dy
        self.vb = self.mu * self.vb + dy.sum(axis=0)
        self.W -= lr * self.vW
        self.b -= lr * self.vb
        return dx


def case_momentum_on_the_layer():
    rng = np.random.default_rng(9)
    return {"subject": MomentumDense(4, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}


class SeparateUpdate:
    """backward only stores; update(lr) is another method, with Adam's moments kept beside the weights."""

    def __init__(self, n_in, n_out, rng):
        self.params = {"W": rng.normal(size=(n_in, n_out)), "b": np.zeros(n_out)}
        self.grads = {"W": np.zeros((n_in, n_out)), "b": np.zeros(n_out)}
        self.m = {k: np.zeros_like(v) for k, v in self.params.items()}
        self.v = {k: np.zeros_like(v) for k, v in self.params.items()}
        self.t = 0

    def forward(self, x):
        self.x = x
        return np.tanh(x @ self.params["W"] + self.params["b"])

    def backward(self, dy):
        y = np.tanh(self.x @ self.params["W"] + self.params["b"])
        dz = dy * (1 - y * y)
        self.grads["W"] = self.x.T @ dz
        self.grads["b"] = dz.sum(0)
        return dz @ self.params["W"].T

    def update(self, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        self.t += 1
        for k in self.params:
            self.m[k] = beta1 * self.m[k] + (1 - beta1) * self.grads[k]
            self.v[k] = beta2 * self.v[k] + (1 - beta2) * self.grads[k] ** 2
            m_hat = self.m[k] / (1 - beta1 ** self.t)
            v_hat = self.v[k] / (1 - beta2 ** self.t)
            self.params[k] -= lr * m_hat / (np.sqrt(v_hat) + eps)


def case_adam_state_on_the_layer():
    """Four dictionaries with the same keys: params, grads, m, v."""
    rng = np.random.default_rng(10)
    return {"subject": SeparateUpdate(3, 4, rng), "inputs": (rng.normal(size=(5, 3)),)}


class ResidualLR:
    """y = x + f(x), f from two layers that update themselves."""

    def __init__(self, width, hidden, rng):
        self.up = Dense(width, hidden, rng)
        self.act = Activation(np.tanh, lambda x: 1 - np.tanh(x) ** 2)
        self.down = Dense(hidden, width, rng)

    def forward(self, x):
        return x + self.down.forward(self.act.forward(self.up.forward(x)))

    def backward(self, g, learning_rate):
        d = self.down.backward(g, learning_rate)
        d = self.act.backward(d, learning_rate)
        return g + self.up.backward(d, learning_rate)


def case_residual_block():
    rng = np.random.default_rng(11)
    return {"subject": ResidualLR(4, 5, rng), "inputs": (rng.normal(size=(4, 3)),)}


class BatchAveragedRegression:
    """The layer divides its gradients by the batch, the loss gradient does not: right as a whole."""

    def __init__(self, n_in, n_out, rng):
        self.W, self.b = rng.normal(size=(n_in, n_out)), np.zeros(n_out)

    def step(self, x, target, learning_rate):
        y = x @ self.W + self.b
        loss = 0.5 * np.sum((y - target) ** 2) / len(x)
        delta = y - target
        self.W -= learning_rate * x.T @ delta / len(x)
        self.b -= learning_rate * delta.mean(axis=0)
        return loss


def case_step_averages_in_the_layer():
    rng = np.random.default_rng(12)
    return {"subject": BatchAveragedRegression(4, 2, rng), "inputs": (rng.normal(size=(6, 4)),),
            "target": rng.normal(size=(6, 2))}


class TwoLayerNet:
    """Columns are samples, delta rule with 1/m, weight decay in the cost and in the gradient."""

    def __init__(self, n_x, n_h, n_y, lambd, seed=13):
        rng = np.random.default_rng(seed)
        self.W1, self.b1 = rng.normal(size=(n_h, n_x)) * 0.5, np.zeros((n_h, 1))
        self.W2, self.b2 = rng.normal(size=(n_y, n_h)) * 0.5, np.zeros((n_y, 1))
        self.lambd = lambd

    def step(self, X, Y, learning_rate):
        m = X.shape[1]
        A1 = np.tanh(self.W1 @ X + self.b1)
        Z2 = self.W2 @ A1 + self.b2
        E = np.exp(Z2 - Z2.max(axis=0))
        A2 = E / E.sum(axis=0)
        penalty = self.lambd / (2 * m) * (np.sum(self.W1 ** 2) + np.sum(self.W2 ** 2))
        cost = -np.sum(Y * np.log(A2)) / m + penalty
        dZ2 = A2 - Y
        dW2 = dZ2 @ A1.T / m + self.lambd / m * self.W2
        db2 = dZ2.sum(axis=1, keepdims=True) / m
        dZ1 = self.W2.T @ dZ2 * (1 - A1 ** 2)
        dW1 = dZ1 @ X.T / m + self.lambd / m * self.W1
        db1 = dZ1.sum(axis=1, keepdims=True) / m
        for name, grad in (("W1", dW1), ("b1", db1), ("W2", dW2), ("b2", db2)):
            setattr(self, name, getattr(self, name) - learning_rate * grad)
        return cost


def case_step_with_weight_decay():
    rng = np.random.default_rng(14)
    return {"subject": TwoLayerNet(4, 5, 3, 0.7), "inputs": (rng.normal(size=(4, 6)),),
            "target": np.eye(3)[:, [0, 1, 2, 2, 1, 0]]}


class Perceptrons:
    """A list of matrices, deltas collected in a first loop, weights changed in a second one."""

    def __init__(self, sizes, rng):
        self.weights = [rng.normal(size=(b, a + 1)) / np.sqrt(a) for a, b in zip(sizes, sizes[1:])]

    def step(self, x, target, learning_rate):
        outputs = [x]
        for w in self.weights:
            x = np.c_[x, np.ones(len(x))]
            x = 1 / (1 + np.exp(-x @ w.T))
            outputs.append(x)
        error = outputs[-1] - target
        deltas = [error * outputs[-1] * (1 - outputs[-1])]
        for w, out in zip(self.weights[:0:-1], outputs[-2:0:-1]):
            deltas.insert(0, deltas[0] @ w[:, :-1] * out * (1 - out))
        for w, delta, out in zip(self.weights, deltas, outputs):
            w -= learning_rate * delta.T @ np.c_[out, np.ones(len(out))]
        return 0.5 * np.sum(error ** 2)


def case_step_collects_deltas_first():
    """Summed, not averaged, over the batch: loss and gradient alike."""
    rng = np.random.default_rng(15)
    return {"subject": Perceptrons((3, 5, 2), rng), "inputs": (rng.normal(size=(4, 3)),),
            "target": rng.random((4, 2))}


class DenseTrainer:
    """Layers with backward(dy, lr) inside a model that has forward, backward and step."""

    def __init__(self, rng):
        tanh = Activation(np.tanh, lambda x: 1 - np.tanh(x) ** 2)
        self.net = Network([Dense(3, 5, rng), tanh, Dense(5, 2, rng)])

    def step(self, x, target, lr):
        y = self.net.forward(x)
        loss = np.mean((y - target) ** 2)
        self.net.backward(2 * (y - target) / y.size, lr)
        return loss


def case_step_around_in_place_layers():
    rng = np.random.default_rng(16)
    return {"subject": DenseTrainer(rng),
            "inputs": (rng.normal(size=(3, 6)),), "target": rng.normal(size=(2, 6))}
