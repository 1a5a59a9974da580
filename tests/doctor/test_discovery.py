"""What a file holds is found and started without being told how: other people's styles, no set-up."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from chainrule.doctor.discovery import Discovered, Found, discover

DENSE = """
    class Dense:
        def __init__(self, n_in, n_out, rng):
            self.W, self.b = rng.normal(size=(n_in, n_out)), np.zeros(n_out)
        def forward(self, x):
            self.x = x
            return x @ self.W + self.b
        def backward(self, dy):
            self.dW, self.db = self.x.T @ dy, dy.sum(0)
            return dy @ self.W.T
"""
TANH = """
    class Tanh:
        def forward(self, x):
            self.y = np.tanh(x)
            return self.y
        def backward(self, dy):
            return dy * (1 - self.y**2)
"""


def opened(folder: Path, *parts: str) -> Discovered:
    path = folder / "mine.py"
    path.write_text("import numpy as np\n" + "\n".join(dedent(part) for part in parts))
    return discover(path)


def only(discovered: Discovered, name: str) -> Found:
    assert not [n for n in discovered.not_started if n.name == name], discovered.not_started
    found = {f.name: f for f in discovered}
    assert name in found, (list(found), discovered.notes)
    return found[name]


def shapes(found: Found) -> list[tuple[int, ...]]:
    return [np.shape(value) for value in found.inputs]


def test_a_dense_layer_has_sizes_that_differ(tmp_path: Path) -> None:
    found = only(opened(tmp_path, DENSE), "Dense")
    (batch, features), (rows, columns) = np.shape(found.inputs[0]), found.subject.W.shape
    assert features == rows
    assert len({batch, rows, columns}) == 3
    assert "n_in=5" in found.assumed[0]
    assert "x: (2, 5)" in found.assumed[1]


def test_a_subject_is_built_alike_each_time_and_random_numbers_stay(tmp_path: Path) -> None:
    code = DENSE.replace("rng.normal(size=(n_in, n_out))", "np.random.randn(n_in, n_out)")
    found = only(opened(tmp_path, code), "Dense")
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    np.testing.assert_array_equal(found.subject.W, found.subject.W)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_columns_are_samples_where_the_code_says_so(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        class Layer:
            def __init__(self, input_size, output_size):
                self.weights = np.random.randn(output_size, input_size)
                self.bias = np.random.randn(output_size, 1)
            def forward(self, input):
                self.input = input
                return np.dot(self.weights, self.input) + self.bias
            def backward(self, output_gradient, learning_rate):
                weights_gradient = np.dot(output_gradient, self.input.T)
                input_gradient = np.dot(self.weights.T, output_gradient)
                self.weights -= learning_rate * weights_gradient
                self.bias -= learning_rate * output_gradient.sum(1, keepdims=True)
                return input_gradient
    '''), "Layer")  # fmt: skip
    assert np.shape(found.inputs[0])[0] == found.subject.weights.shape[1]


def test_one_sample_at_a_time(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        class Layer:
            def __init__(self, inputs, outputs):
                self.W, self.b = np.random.randn(outputs, inputs), np.zeros(outputs)
            def forward(self, x):
                self.x = x
                return np.array([sum(w * v for w, v in zip(row, x)) + b for row, b in zip(self.W, self.b)])
            def backward(self, dy):
                self.dW, self.db = np.outer(dy, self.x), dy
                return self.W.T @ dy
    '''), "Layer")  # fmt: skip
    assert shapes(found) == [(5,)]


def test_a_convolution_gets_images(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        class Conv2D:
            def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0):
                self.W = np.random.randn(out_channels, in_channels, kernel_size, kernel_size)
                self.b, self.stride, self.padding = np.zeros(out_channels), stride, padding
            def forward(self, x):
                N, C, H, W = x.shape
                F, _, k, _ = self.W.shape
                self.x = x
                out = np.zeros((N, F, H - k + 1, W - k + 1))
                for i in range(H - k + 1):
                    for j in range(W - k + 1):
                        out[:, :, i, j] = np.einsum("nchw,fchw->nf", x[:, :, i:i+k, j:j+k], self.W) + self.b
                return out
            def backward(self, dout):
                k = self.W.shape[2]
                dx, self.dW = np.zeros_like(self.x), np.zeros_like(self.W)
                for i in range(dout.shape[2]):
                    for j in range(dout.shape[3]):
                        self.dW += np.einsum("nf,nchw->fchw", dout[:, :, i, j], self.x[:, :, i:i+k, j:j+k])
                        dx[:, :, i:i+k, j:j+k] += np.einsum("nf,fchw->nchw", dout[:, :, i, j], self.W)
                self.db = dout.sum((0, 2, 3))
                return dx
    '''), "Conv2D")  # fmt: skip
    batch, channels, height, width = np.shape(found.inputs[0])
    assert channels == found.subject.W.shape[1]
    assert len({batch, height, width}) == 3


def test_a_network_for_images_of_one_size_gets_that_size(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        class Net:
            """A perceptron on MNIST images."""
            def __init__(self):
                self.W = np.random.randn(784, 10) * 0.05
            def forward(self, images):
                self.shape, self.flat = images.shape, images.reshape(len(images), -1)
                return self.flat @ self.W
            def backward(self, dout):
                self.dW = self.flat.T @ dout
                return (dout @ self.W.T).reshape(self.shape)
    '''), "Net")  # fmt: skip
    assert int(np.prod(np.shape(found.inputs[0])[1:])) == 784


def test_a_recurrent_network(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        class RNN:
            def __init__(self, input_size, hidden_size):
                self.Wx = np.random.randn(input_size, hidden_size) * 0.3
                self.Wh = np.random.randn(hidden_size, hidden_size) * 0.3
                self.b = np.zeros(hidden_size)
            def forward(self, x, h0):
                self.x, self.hs = x, [h0]
                for t in range(x.shape[1]):
                    self.hs.append(np.tanh(x[:, t] @ self.Wx + self.hs[-1] @ self.Wh + self.b))
                return np.stack(self.hs[1:], 1)
            def backward(self, dhs):
                self.dWx, self.dWh, self.db = (np.zeros_like(p) for p in (self.Wx, self.Wh, self.b))
                dx, dh = np.zeros_like(self.x), np.zeros_like(self.hs[0])
                for t in reversed(range(dhs.shape[1])):
                    dz = (dhs[:, t] + dh) * (1 - self.hs[t + 1] ** 2)
                    self.dWx += self.x[:, t].T @ dz
                    self.dWh += self.hs[t].T @ dz
                    self.db += dz.sum(0)
                    dx[:, t], dh = dz @ self.Wx.T, dz @ self.Wh.T
                return dx, dh
    '''), "RNN")  # fmt: skip
    (batch, time, features), state = shapes(found)
    assert state == (batch, found.subject.Wh.shape[0])
    assert features == found.subject.Wx.shape[0]
    assert time >= 3


def test_an_lstm_step_as_a_pair_of_functions(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        def sigmoid(z):
            return 1 / (1 + np.exp(-z))

        def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
            H = prev_h.shape[1]
            a = x @ Wx + prev_h @ Wh + b
            i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H:2*H]), sigmoid(a[:, 2*H:3*H])
            g = np.tanh(a[:, 3*H:])
            c = f * prev_c + i * g
            return o * np.tanh(c), c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, c)

        def lstm_step_backward(dh, dc, cache):
            x, prev_h, prev_c, Wx, Wh, i, f, o, g, c = cache
            t = np.tanh(c)
            dc = dc + dh * o * (1 - t**2)
            da = np.hstack([dc*g*i*(1-i), dc*prev_c*f*(1-f), dh*t*o*(1-o), dc*i*(1-g**2)])
            return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, da.sum(0)
    '''), "lstm_step_forward")  # fmt: skip
    x, h, c, wx, wh, b = shapes(found)
    assert h == c
    assert wx == (x[1], 4 * h[1])
    assert wh == (h[1], 4 * h[1])
    assert b == (4 * h[1],)


def test_attention_with_heads_and_a_memory(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        class CrossAttention:
            def __init__(self, d_model, num_heads, rng):
                assert d_model % num_heads == 0
                self.h, self.dk = num_heads, d_model // num_heads
                self.Wq, self.Wk, self.Wv = (rng.normal(size=(d_model, d_model)) for _ in range(3))
            def split(self, z):
                B, T, _ = z.shape
                return z.reshape(B, T, self.h, self.dk).transpose(0, 2, 1, 3)
            def merge(self, z):
                B, h, T, dk = z.shape
                return z.transpose(0, 2, 1, 3).reshape(B, T, h * dk)
            def forward(self, x, memory):
                self.x, self.m = x, memory
                self.q = self.split(x @ self.Wq)
                self.k, self.v = self.split(memory @ self.Wk), self.split(memory @ self.Wv)
                s = self.q @ self.k.swapaxes(-1, -2) / np.sqrt(self.dk)
                e = np.exp(s - s.max(-1, keepdims=True))
                self.p = e / e.sum(-1, keepdims=True)
                return self.merge(self.p @ self.v)
            def backward(self, dy):
                d = self.split(dy)
                dp = d @ self.v.swapaxes(-1, -2)
                ds = self.p * (dp - (dp * self.p).sum(-1, keepdims=True)) / np.sqrt(self.dk)
                dq, dk = self.merge(ds @ self.k), self.merge(ds.swapaxes(-1, -2) @ self.q)
                dv = self.merge(self.p.swapaxes(-1, -2) @ d)
                self.dWq = np.einsum("bti,bto->io", self.x, dq)
                self.dWk = np.einsum("bti,bto->io", self.m, dk)
                self.dWv = np.einsum("bti,bto->io", self.m, dv)
                return dq @ self.Wq.T, dk @ self.Wk.T + dv @ self.Wv.T
    '''), "CrossAttention")  # fmt: skip
    (batch, time, features), memory = shapes(found)
    assert found.subject.h >= 2
    assert memory[0] == batch
    assert memory[1] != time
    assert features == memory[2] == found.subject.Wq.shape[0]


def test_composites_of_the_files_own_layers(tmp_path: Path) -> None:
    discovered = opened(tmp_path, DENSE, TANH, '''
        class Sequential:
            def __init__(self, *layers):
                self.layers = layers
            def forward(self, x):
                for layer in self.layers:
                    x = layer.forward(x)
                return x
            def backward(self, g):
                for layer in reversed(self.layers):
                    g = layer.backward(g)
                return g

        class Network:
            def __init__(self, layers):
                self.layers = layers
            forward, backward = Sequential.forward, Sequential.backward

        class Residual:
            def __init__(self, inner):
                self.inner = inner
            def forward(self, x):
                return x + self.inner.forward(x)
            def backward(self, g):
                return g + self.inner.backward(g)
    ''')  # fmt: skip
    for name in ("Sequential", "Network"):
        layers = [type(layer).__name__ for layer in only(discovered, name).subject.layers]
        assert layers == ["Dense", "Tanh", "Dense"]
    inner = only(discovered, "Residual").subject.inner
    assert inner.W.shape[0] == inner.W.shape[1]


def test_a_transformer_block_of_unusual_names(tmp_path: Path) -> None:
    gradients = "np.einsum('bti,bto->io', self.x, dy), dy.sum((0, 1))"
    dense = DENSE.replace("self.x.T @ dy, dy.sum(0)", gradients)
    found = only(opened(tmp_path, dense, TANH, '''
        class Block:
            """x + f(x) on sequences (batch, time, width)."""
            def __init__(self, width, inner, rng):
                self.up, self.act, self.down = Dense(width, inner, rng), Tanh(), Dense(inner, width, rng)
            def forward(self, x):
                B, T, D = x.shape
                return x + self.down.forward(self.act.forward(self.up.forward(x)))
            def backward(self, dy):
                return dy + self.up.backward(self.act.backward(self.down.backward(dy)))
    '''), "Block")  # fmt: skip
    assert len(shapes(found)[0]) == 3
    assert found.subject.up.W.shape[0] != found.subject.up.W.shape[1]


def test_ids_are_whole_numbers_below_the_vocabulary(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        class Embedding:
            def __init__(self, vocab_size, dim, rng):
                self.table = rng.normal(size=(vocab_size, dim))
            def forward(self, x):
                self.x = x
                return self.table[x]
            def backward(self, dout):
                self.dtable = np.zeros_like(self.table)
                np.add.at(self.dtable, self.x, dout)
    '''), "Embedding")  # fmt: skip
    ids = found.inputs[0]
    assert np.issubdtype(ids.dtype, np.integer)
    assert ids.max() < len(found.subject.table)
    assert len(np.unique(ids)) < ids.size


def test_an_activation_by_its_name(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        class Layer:
            def __init__(self, n_in, n_out, activation):
                self.W, self.activation = np.random.randn(n_in, n_out), activation
            def forward(self, x):
                self.x, self.z = x, x @ self.W
                if self.activation == "softplus":
                    return np.log1p(np.exp(self.z))
                elif self.activation == "tanh":
                    return np.tanh(self.z)
                raise ValueError(self.activation)
            def backward(self, dy):
                slope = 1 - np.tanh(self.z) ** 2
                if self.activation == "softplus":
                    slope = 1 / (1 + np.exp(-self.z))
                self.dW = self.x.T @ (dy * slope)
                return (dy * slope) @ self.W.T
    '''), "Layer")  # fmt: skip
    assert found.subject.activation in ("softplus", "tanh")


def test_an_activation_and_its_derivative_as_functions(tmp_path: Path) -> None:
    discovered = opened(tmp_path, '''
        def softplus(x):
            return np.log1p(np.exp(x))

        def softplus_prime(x):
            return 1 / (1 + np.exp(-x))

        class Activation:
            def __init__(self, activation, activation_prime):
                self.activation, self.activation_prime = activation, activation_prime
            def forward(self, x):
                self.x = x
                return self.activation(x)
            def backward(self, dy, learning_rate):
                return dy * self.activation_prime(self.x)
    ''')  # fmt: skip
    subject = only(discovered, "Activation").subject
    assert (subject.activation.__name__, subject.activation_prime.__name__) == ("softplus", "softplus_prime")
    assert only(discovered, "softplus").kind == "derivative"


def test_a_derivative_that_takes_the_output_is_meant_so(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        def sigmoid(z):
            return 1 / (1 + np.exp(-z))

        def sigmoid_derivative(a):
            return a * (1 - a)
    '''), "sigmoid")  # fmt: skip
    assert "taken at the output" in found.assumed


def test_a_loss_and_its_gradient(tmp_path: Path) -> None:
    discovered = opened(tmp_path, '''
        def mse(y_true, y_pred):
            return np.mean((y_true - y_pred) ** 2)

        def mse_prime(y_true, y_pred):
            return 2 * (y_pred - y_true) / y_true.size

        def cross_entropy(p, y):
            return -np.sum(y * np.log(p))

        def cross_entropy_gradient(p, y):
            return p - y
    ''')  # fmt: skip
    loss = only(discovered, "mse")
    assert loss.kind == "loss"
    assert len(loss.inputs) == 1
    assert any("before a softmax" in line for line in only(discovered, "cross_entropy").assumed)


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        ("affine_forward", "affine_backward"),
        ("forward_affine", "backward_affine"),
        ("forward", "backward"),
        ("affine", "affine_backward"),
        ("affine", "d_affine"),
        ("affine_fwd", "affine_bwd"),
        ("affine", "affine_grad"),
    ],
)
def test_pairs_are_known_by_their_names(tmp_path: Path, forward: str, backward: str) -> None:
    discovered = opened(tmp_path, f'''
        def {forward}(x, W, b):
            return x @ W + b, (x, W)

        def {backward}(dout, cache):
            x, W = cache
            return dout @ W.T, x.T @ dout, dout.sum(0)
    ''')  # fmt: skip
    x, w, b = shapes(only(discovered, forward))
    assert (x[1], b) == (w[0], w[1:])


def test_a_dict_of_settings(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        def pool_forward(x, pool_param):
            k, stride = pool_param["size"], pool_param.get("stride", 2)
            N, C, H, W = x.shape
            rows, columns = range(0, H-k+1, stride), range(0, W-k+1, stride)
            out = [x[:, :, i:i+k, j:j+k].mean((2, 3)) for i in rows for j in columns]
            return np.stack(out, 2), (x.shape, k, stride)

        def pool_backward(dout, cache):
            shape, k, stride = cache
            dx, n = np.zeros(shape), 0
            for i in range(0, shape[2]-k+1, stride):
                for j in range(0, shape[3]-k+1, stride):
                    dx[:, :, i:i+k, j:j+k] += dout[:, :, n, None, None] / k**2
                    n += 1
            return dx
    '''), "pool_forward")  # fmt: skip
    assert found.inputs[1]["stride"] == 2
    assert 2 <= found.inputs[1]["size"] <= 6


def test_a_dict_of_weights(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        def cell_forward(xt, a_prev, parameters):
            Wax, Waa, ba = parameters["Wax"], parameters["Waa"], parameters["ba"]
            a_next = np.tanh(np.dot(Wax, xt) + np.dot(Waa, a_prev) + ba)
            return a_next, (a_next, a_prev, xt, parameters)

        def cell_backward(da_next, cache):
            a_next, a_prev, xt, parameters = cache
            dz = (1 - a_next**2) * da_next
            return {
                "dxt": parameters["Wax"].T @ dz, "da_prev": parameters["Waa"].T @ dz, "dWax": dz @ xt.T,
                "dWaa": dz @ a_prev.T, "dba": dz.sum(axis=1, keepdims=True),
            }
    '''), "cell_forward")  # fmt: skip
    (features, batch), (hidden, columns) = shapes(found)[:2]
    weights = {name: np.shape(value) for name, value in found.inputs[2].items()}
    assert batch == columns > 1
    assert weights == {"Wax": (hidden, features), "Waa": (hidden, hidden), "ba": (hidden, 1)}


def test_a_step_is_enough_of_a_model(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        class Perceptron:
            def __init__(self, sizes, seed=0):
                rng = np.random.default_rng(seed)
                self.W = [rng.normal(size=(a, b)) for a, b in zip(sizes, sizes[1:])]
            def train_step(self, X, y, lr):
                hidden = np.tanh(X @ self.W[0])
                scores = hidden @ self.W[1]
                p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
                loss = -np.log(p[np.arange(len(y)), y]).mean()
                d = p.copy()
                d[np.arange(len(y)), y] -= 1
                d /= len(y)
                dh = d @ self.W[1].T * (1 - hidden**2)
                self.W[1] -= lr * hidden.T @ d
                self.W[0] -= lr * X.T @ dh
                return loss
    '''), "Perceptron")  # fmt: skip
    assert found.kind == "step"
    assert np.issubdtype(found.kwargs["target"].dtype, np.integer)
    assert len(found.kwargs["target"]) == len(found.inputs[0])


def test_the_documented_shape_is_believed(tmp_path: Path) -> None:
    code = '''
        class Scale:
            """{doc}"""
            def forward(self, x):
                return 3 * x
            def backward(self, dy):
                return 3 * dy
    '''
    assert len(shapes(only(opened(tmp_path, code.format(doc="x: (N, C, H, W)")), "Scale"))[0]) == 4
    assert (
        len(shapes(only(opened(tmp_path, code.format(doc="x of shape (batch, time, features)")), "Scale"))[0])
        == 3
    )


def test_weights_that_are_handed_in(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        class RNN:
            def __init__(self, Wx, Wh, b):
                self.params, self.grads = [Wx, Wh, b], [np.zeros_like(p) for p in (Wx, Wh, b)]
            def forward(self, xs):
                Wx, Wh, b = self.params
                N, T, D = xs.shape
                self.xs, self.hs = xs, [np.zeros((N, Wx.shape[1]))]
                for t in range(T):
                    self.hs.append(np.tanh(xs[:, t] @ Wx + self.hs[-1] @ Wh + b))
                return np.stack(self.hs[1:], axis=1)
            def backward(self, dhs):
                Wx, Wh, b = self.params
                dxs, dh = np.zeros_like(self.xs), 0
                for g in self.grads:
                    g[...] = 0
                for t in reversed(range(dhs.shape[1])):
                    dz = (dhs[:, t] + dh) * (1 - self.hs[t + 1] ** 2)
                    self.grads[0] += self.xs[:, t].T @ dz
                    self.grads[1] += self.hs[t].T @ dz
                    self.grads[2] += dz.sum(axis=0)
                    dxs[:, t], dh = dz @ Wx.T, dz @ Wh.T
                return dxs
    '''), "RNN")  # fmt: skip
    wx, wh, b = (p.shape for p in found.subject.params)
    assert wh == (wx[1], wx[1])
    assert b == wx[1:]
    assert wx[0] != wx[1]


def test_a_stride_and_a_padding_that_hide_nothing(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        class Pool:
            def __init__(self, pool_h, pool_w, stride=1, pad=0):
                self.size, self.stride, self.pad = (pool_h, pool_w), stride, pad
            def forward(self, x):
                p, s, (h, w) = self.pad, self.stride, self.size
                N, C, H, W = x.shape
                self.shape, x = x.shape, np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
                rows, columns = (H + 2 * p - h) // s + 1, (W + 2 * p - w) // s + 1
                out = np.zeros((N, C, rows, columns))
                for i in range(rows):
                    for j in range(columns):
                        out[:, :, i, j] = x[:, :, i*s:i*s+h, j*s:j*s+w].mean(axis=(2, 3))
                return out
            def backward(self, dy):
                p, s, (h, w) = self.pad, self.stride, self.size
                N, C, H, W = self.shape
                dx = np.zeros((N, C, H + 2 * p, W + 2 * p))
                for i in range(dy.shape[2]):
                    for j in range(dy.shape[3]):
                        dx[:, :, i*s:i*s+h, j*s:j*s+w] += dy[:, :, i:i+1, j:j+1] / (h * w)
                return dx[:, :, p:p+H, p:p+W]
    '''), "Pool")  # fmt: skip
    assert (found.subject.stride, found.subject.pad) == (2, 1)
    assert "stride=2" in found.assumed[0]


# ---------------------------------------------------------------- what is not finished


def test_a_backward_that_is_not_written_yet_is_a_subject(tmp_path: Path) -> None:
    discovered = opened(tmp_path, DENSE.replace("return dy @ self.W.T", "raise NotImplementedError"))
    assert only(discovered, "Dense").kind == "class"


def test_forward_alone_is_named_as_unfinished(tmp_path: Path) -> None:
    discovered = opened(tmp_path, DENSE.partition("        def backward")[0])
    assert [(n.name, n.kind) for n in discovered.not_started] == [("Dense", "forward")]
    assert "no backward yet" in discovered.not_started[0].why[0]


def test_bases_that_are_only_promises_are_left_out(tmp_path: Path) -> None:
    discovered = opened(tmp_path, '''
        class Layer:
            def forward(self, x):
                raise NotImplementedError
            def backward(self, dy):
                raise NotImplementedError
    ''', TANH.replace("class Tanh", "class Tanh(Layer)"))  # fmt: skip
    assert [f.name for f in discovered] == ["Tanh"]
    assert not discovered.not_started


def test_what_cannot_be_started_says_why_and_what_to_add(tmp_path: Path) -> None:
    discovered = opened(tmp_path, '''
        class Reader:
            def __init__(self, connection):
                self.rows = connection.execute("select")
            def forward(self, x):
                return x
            def backward(self, dy):
                return dy
    ''')  # fmt: skip
    (missing,) = discovered.not_started
    assert any("AttributeError" in why and "line 5" in why for why in missing.why)
    assert missing.add.startswith("def check_Reader():\n    return Reader(")
    compile(missing.add, "added", "exec")


# ---------------------------------------------------------------- what the file says itself


@pytest.mark.parametrize(
    "returned",
    ["Dense(4, 3, rng), x", "{'subject': Dense(4, 3, rng), 'inputs': (x,), 'intent': {'causal'}}"],
)
def test_check_functions_are_taken_at_their_word(tmp_path: Path, returned: str) -> None:
    found = only(opened(tmp_path, DENSE, f'''
        def check_Dense():
            rng = np.random.default_rng(0)
            x = rng.normal(size=(7, 4))
            return {returned}
    '''), "Dense")  # fmt: skip
    assert (found.kind, shapes(found), found.subject.W.shape) == ("check", [(7, 4)], (4, 3))
    assert not found.assumed
    assert found.kwargs in ({}, {"intent": {"causal"}})


def test_a_check_function_may_return_a_pair(tmp_path: Path) -> None:
    found = only(opened(tmp_path, '''
        def f(x):
            return x**2, x
        def g(dy, x):
            return 2 * dy * x
        def check_square():
            return (f, g), np.ones((2, 3))
    '''), "square")  # fmt: skip
    assert [part.__name__ for part in found.subject] == ["f", "g"]


def test_instances_of_the_module_are_checked_as_they_are(tmp_path: Path) -> None:
    found = only(opened(tmp_path, DENSE, "net = Dense(9, 7, np.random.default_rng(0))"), "net")
    assert shapes(found) == [(2, 9)]


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    opened(tmp_path, DENSE, TANH)
    assert [f.name for f in discover(tmp_path / "mine.py", ["Tanh"])] == ["Tanh"]
