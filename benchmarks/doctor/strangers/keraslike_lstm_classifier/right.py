"""tinykeras: a very small Keras-like library (Sequential / compile / fit) with an LSTM layer."""
import numpy as np


def glorot(shape, rng):
    limit = np.sqrt(6.0 / (shape[0] + shape[1]))
    return rng.uniform(-limit, limit, shape)


class Layer:
    def __init__(self):
        self.weights = {}
        self.grads = {}
        self.built = False

    def build(self, input_dim, rng):
        self.built = True

    def call(self, x, training=False):
        raise NotImplementedError

    def backprop(self, dout):
        raise NotImplementedError


class LSTM(Layer):
    """Returns the last hidden state.  Gates are stacked in the order i, f, c, o."""

    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, input_dim, rng):
        u = self.units
        self.weights["kernel"] = glorot((input_dim, 4 * u), rng)
        self.weights["recurrent_kernel"] = glorot((u, 4 * u), rng)
        bias = np.zeros(4 * u)
        bias[u:2 * u] = 1.0
        self.weights["bias"] = bias
        self.built = True

    @property
    def output_dim(self):
        return self.units

    def call(self, x, training=False):
        n, steps, _ = x.shape
        u = self.units
        h, c = np.zeros((n, u)), np.zeros((n, u))
        self._x, self._tape = x, []
        for t in range(steps):
            a = x[:, t, :] @ self.weights["kernel"] + h @ self.weights["recurrent_kernel"] + self.weights["bias"]
            i, f, o = (1.0 / (1.0 + np.exp(-a[:, s])) for s in (slice(0, u), slice(u, 2 * u), slice(3 * u, 4 * u)))
            g = np.tanh(a[:, 2 * u:3 * u])
            c_new = f * c + i * g
            tc = np.tanh(c_new)
            self._tape.append((h, c, i, f, g, o, tc))
            h, c = o * tc, c_new
        return h

    def backprop(self, dout):
        x = self._x
        n, steps, _ = x.shape
        u = self.units
        dk = np.zeros_like(self.weights["kernel"])
        dr = np.zeros_like(self.weights["recurrent_kernel"])
        db = np.zeros_like(self.weights["bias"])
        dx = np.zeros_like(x)
        dh, dc = dout, np.zeros((n, u))
        for t in range(steps - 1, -1, -1):
            h_prev, c_prev, i, f, g, o, tc = self._tape[t]
            dc = dc + dh * o * (1 - tc ** 2)
            da = np.concatenate([
                dc * g * i * (1 - i),
                dc * c_prev * f * (1 - f),
                dc * i * (1 - g ** 2),
                dh * tc * o * (1 - o),
            ], axis=1)
            dk += x[:, t, :].T @ da
            dr += h_prev.T @ da
            db += da.sum(axis=0)
            dx[:, t, :] = da @ self.weights["kernel"].T
            dh = da @ self.weights["recurrent_kernel"].T
            dc = dc * f
        self.grads = {"kernel": dk, "recurrent_kernel": dr, "bias": db}
        return dx


class Dense(Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units, self.activation = units, activation

    def build(self, input_dim, rng):
        self.weights["kernel"] = glorot((input_dim, self.units), rng)
        self.weights["bias"] = np.zeros(self.units)
        self.built = True

    @property
    def output_dim(self):
        return self.units

    def call(self, x, training=False):
        self._x = x
        y = x @ self.weights["kernel"] + self.weights["bias"]
        if self.activation == "relu":
            y = np.maximum(y, 0.0)
        elif self.activation == "tanh":
            y = np.tanh(y)
        self._y = y
        return y

    def backprop(self, dout):
        if self.activation == "relu":
            dout = dout * (self._y > 0)
        elif self.activation == "tanh":
            dout = dout * (1 - self._y ** 2)
        self.grads = {"kernel": self._x.T @ dout, "bias": dout.sum(axis=0)}
        return dout @ self.weights["kernel"].T


class SoftmaxCrossentropy:
    def __call__(self, y, logits):
        z = logits - logits.max(axis=1, keepdims=True)
        self.p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        self.y = y
        return -np.mean(np.log(self.p[np.arange(len(y)), y]))

    def gradient(self):
        d = self.p.copy()
        d[np.arange(len(self.y)), self.y] -= 1
        return d / len(self.y)


class Adam:
    def __init__(self, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        self.lr, self.b1, self.b2, self.eps = learning_rate, beta_1, beta_2, epsilon
        self.t, self.slots = 0, {}

    def apply(self, layers):
        self.t += 1
        for k, layer in enumerate(layers):
            for name, w in layer.weights.items():
                g = layer.grads[name]
                m, v = self.slots.get((k, name), (0.0, 0.0))
                m = self.b1 * m + (1 - self.b1) * g
                v = self.b2 * v + (1 - self.b2) * g * g
                self.slots[k, name] = (m, v)
                w -= self.lr * (m / (1 - self.b1 ** self.t)) / (np.sqrt(v / (1 - self.b2 ** self.t)) + self.eps)


class Sequential:
    def __init__(self, layers, input_dim, seed=0):
        self.layers = layers
        rng = np.random.default_rng(seed)
        for layer in layers:
            layer.build(input_dim, rng)
            input_dim = layer.output_dim

    def compile(self, optimizer, loss):
        self.optimizer, self.loss = optimizer, loss

    def forward(self, x, training=False):
        for layer in self.layers:
            x = layer.call(x, training)
        return x

    def backward(self, dout):
        for layer in self.layers[::-1]:
            dout = layer.backprop(dout)
        return dout

    def fit(self, x, y, epochs=1, batch_size=32, verbose=1):
        rng = np.random.default_rng(0)
        history = []
        for epoch in range(epochs):
            order = rng.permutation(len(x))
            losses = []
            for s in range(0, len(x), batch_size):
                b = order[s:s + batch_size]
                losses.append(self.loss(y[b], self.forward(x[b], training=True)))
                self.backward(self.loss.gradient())
                self.optimizer.apply(self.layers)
            history.append(np.mean(losses))
            if verbose:
                print(f"Epoch {epoch + 1}/{epochs} - loss: {history[-1]:.4f}")
        return history

    def predict(self, x):
        return self.forward(x).argmax(axis=1)


def build_model(features=3, units=10, classes=4):
    return Sequential([LSTM(units), Dense(8, activation="tanh"), Dense(classes)], input_dim=features)


if __name__ == "__main__":
    rng = np.random.default_rng(3)
    y = rng.integers(0, 4, 200)
    t = np.linspace(0, 6, 15)
    x = np.sin(t[None, :, None] * (1 + y[:, None, None]) + np.arange(3)) + 0.2 * rng.normal(size=(200, 15, 3))
    model = build_model()
    model.compile(Adam(0.01), SoftmaxCrossentropy())
    model.fit(x, y, epochs=8)
    print("accuracy", np.mean(model.predict(x) == y))
