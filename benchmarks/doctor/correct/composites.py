"""Correct composites: layers in attributes, lists and dicts, residual and branching networks, layers
used twice.
"""

import numpy as np


class Dense:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out)) * np.sqrt(2 / (n_in + n_out))
        self.b = rng.normal(size=n_out) * 0.1
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dy):
        self.dW = self.x.T @ dy
        self.db = dy.sum(axis=0)
        return dy @ self.W.T


class Relu:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy):
        return dy * (1 - self.y**2)


class Sigmoid:
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x))
        return self.y

    def backward(self, dy):
        return dy * self.y * (1 - self.y)


class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, g):
        for layer in reversed(self.layers):
            g = layer.backward(g)
        return g


def case_sequential_list():
    rng = np.random.default_rng(0)
    return {
        "subject": Sequential(Dense(4, 6, rng), Relu(), Dense(6, 5, rng), Tanh(), Dense(5, 3, rng)),
        "inputs": (rng.normal(size=(7, 4)),),
    }


class DictNetwork:
    """Layers in a dict, in the order of insertion; a history of gradients that nobody needs is kept as
    well.
    """

    def __init__(self, rng):
        self.gradient_clip = 1.0  # for the trainer; backward does not clip
        self.dW_history = []
        self.layers = {"hidden": Dense(3, 5, rng), "squash": Sigmoid(), "output": Dense(5, 2, rng)}

    def forward(self, x):
        for name in self.layers:
            x = self.layers[name].forward(x)
        return x

    def backward(self, g):
        for name in reversed(list(self.layers)):
            g = self.layers[name].backward(g)
        self.dW_history.append(float(np.linalg.norm(self.layers["hidden"].dW)))
        return g


def case_dict_of_layers_names_collide():
    rng = np.random.default_rng(1)
    return {"subject": DictNetwork(rng), "inputs": (rng.normal(size=(4, 3)) * 3,)}


class Residual:
    def __init__(self, inner):
        self.inner = inner

    def forward(self, x):
        return x + self.inner.forward(x)

    def backward(self, g):
        return g + self.inner.backward(g)


class DeeplyNested:
    """Attributes, dicts, tuples and lists within each other."""

    def __init__(self, rng):
        self.stem = Dense(3, 4, rng)
        self.stages = [
            {
                "blocks": (
                    Residual(Sequential(Dense(4, 6, rng), Tanh(), Dense(6, 4, rng))),
                    Residual(Sequential(Residual(Dense(4, 4, rng)), Sigmoid())),
                ),
                "exit": Tanh(),
            },
            {"blocks": (Residual(Sequential(Dense(4, 4, rng))),), "exit": Dense(4, 2, rng)},
        ]

    def forward(self, x):
        x = self.stem.forward(x)
        for stage in self.stages:
            for block in stage["blocks"]:
                x = block.forward(x)
            x = stage["exit"].forward(x)
        return x

    def backward(self, g):
        for stage in self.stages[::-1]:
            g = stage["exit"].backward(g)
            for block in stage["blocks"][::-1]:
                g = block.backward(g)
        return self.stem.backward(g)


def case_deep_nesting():
    rng = np.random.default_rng(2)
    return {"subject": DeeplyNested(rng), "inputs": (rng.normal(size=(5, 3)),)}


# --- convolutional --------------------------------------------------------------------------------


class Conv:
    """(B, C, H, W), loops over the kernel's positions; padding keeps the size when stride is one."""

    def __init__(self, c_in, c_out, k, rng, stride=1, pad=None):
        self.weight = rng.normal(size=(c_out, c_in, k, k)) / np.sqrt(c_in * k * k)
        self.bias = rng.normal(size=c_out) * 0.1
        self.k, self.stride, self.pad = k, stride, k // 2 if pad is None else pad

    def forward(self, x):
        p, s, k = self.pad, self.stride, self.k
        self.padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        self.oh, self.ow = (x.shape[2] + 2 * p - k) // s + 1, (x.shape[3] + 2 * p - k) // s + 1
        out = np.zeros((len(x), len(self.weight), self.oh, self.ow)) + self.bias[:, None, None]
        for i in range(k):
            for j in range(k):
                window = self.padded[:, :, i : i + s * self.oh : s, j : j + s * self.ow : s]
                out += np.einsum("bchw,oc->bohw", window, self.weight[:, :, i, j])
        return out

    def backward(self, g):
        p, s, k = self.pad, self.stride, self.k
        self.grad_weight, self.grad_bias = np.zeros_like(self.weight), g.sum(axis=(0, 2, 3))
        dpad = np.zeros_like(self.padded)
        for i in range(k):
            for j in range(k):
                here = (slice(None), slice(None), slice(i, i + s * self.oh, s), slice(j, j + s * self.ow, s))
                self.grad_weight[:, :, i, j] = np.einsum("bohw,bchw->oc", g, self.padded[here])
                dpad[here] += np.einsum("bohw,oc->bchw", g, self.weight[:, :, i, j])
        return dpad[:, :, p : dpad.shape[2] - p, p : dpad.shape[3] - p]


class BatchNorm2d:
    def __init__(self, channels, rng, momentum=0.9):
        self.gamma, self.beta = rng.uniform(0.5, 1.5, channels), rng.normal(size=channels) * 0.2
        self.running_mean, self.running_var = np.zeros(channels), np.ones(channels)
        self.momentum, self.training = momentum, True

    def forward(self, x):
        if self.training:
            mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        else:
            mean, var = self.running_mean, self.running_var
        self.inv = 1 / np.sqrt(var + 1e-5)[:, None, None]
        self.xhat = (x - mean[:, None, None]) * self.inv
        self.used_batch = self.training
        return self.gamma[:, None, None] * self.xhat + self.beta[:, None, None]

    def backward(self, g):
        axes = (0, 2, 3)
        self.dgamma, self.dbeta = (g * self.xhat).sum(axis=axes), g.sum(axis=axes)
        d = g * self.gamma[:, None, None]
        if self.used_batch:
            d = (
                d
                - d.mean(axis=axes, keepdims=True)
                - self.xhat * (d * self.xhat).mean(axis=axes, keepdims=True)
            )
        return d * self.inv


class ResidualBlock:
    """conv, norm, relu, conv, norm; a 1x1 convolution on the shortcut when the shape changes; relu after
    the sum.
    """

    def __init__(self, c_in, c_out, stride, rng):
        self.conv1, self.bn1 = Conv(c_in, c_out, 3, rng, stride), BatchNorm2d(c_out, rng)
        self.conv2, self.bn2 = Conv(c_out, c_out, 3, rng), BatchNorm2d(c_out, rng)
        self.relu1, self.relu2 = Relu(), Relu()
        self.shortcut = Conv(c_in, c_out, 1, rng, stride) if stride != 1 or c_in != c_out else None

    def forward(self, x):
        y = self.relu1.forward(self.bn1.forward(self.conv1.forward(x)))
        y = self.bn2.forward(self.conv2.forward(y))
        return self.relu2.forward(y + (x if self.shortcut is None else self.shortcut.forward(x)))

    def backward(self, g):
        g = self.relu2.backward(g)
        dx = self.conv1.backward(
            self.bn1.backward(self.relu1.backward(self.conv2.backward(self.bn2.backward(g))))
        )
        return dx + (g if self.shortcut is None else self.shortcut.backward(g))


class SmallResNet:
    def __init__(self, rng):
        self.stem = Conv(2, 3, 3, rng)
        self.blocks = [ResidualBlock(3, 3, 1, rng), ResidualBlock(3, 4, 2, rng)]
        self.head = Dense(4, 5, rng)

    def forward(self, x):
        x = self.stem.forward(x)
        for block in self.blocks:
            x = block.forward(x)
        self.shape = x.shape
        return self.head.forward(x.mean(axis=(2, 3)))

    def backward(self, g):
        g = self.head.backward(g)[:, :, None, None] / (self.shape[2] * self.shape[3])
        g = np.broadcast_to(g, self.shape)
        for block in reversed(self.blocks):
            g = block.backward(g)
        return self.stem.backward(g)


def case_residual_cnn_batch_norm():
    rng = np.random.default_rng(3)
    return {"subject": SmallResNet(rng), "inputs": (rng.normal(size=(3, 2, 5, 6)),)}


def case_residual_block_identity_shortcut():
    rng = np.random.default_rng(4)
    return {"subject": ResidualBlock(3, 3, 1, rng), "inputs": (rng.normal(size=(2, 3, 4, 5)),)}


class SqueezeExcite:
    """Channel gates from the global average, wrapped around a convolution."""

    def __init__(self, channels, squeezed, rng):
        self.conv = Conv(channels, channels, 3, rng)
        self.gate = Sequential(
            Dense(channels, squeezed, rng), Relu(), Dense(squeezed, channels, rng), Sigmoid()
        )

    def forward(self, x):
        self.features = self.conv.forward(x)
        self.scale = self.gate.forward(self.features.mean(axis=(2, 3)))[:, :, None, None]
        return self.features * self.scale

    def backward(self, g):
        dscale = (g * self.features).sum(axis=(2, 3))
        dmean = self.gate.backward(dscale) / (g.shape[2] * g.shape[3])
        return self.conv.backward(g * self.scale + dmean[:, :, None, None])


def case_squeeze_excite():
    rng = np.random.default_rng(5)
    return {"subject": SqueezeExcite(4, 3, rng), "inputs": (rng.normal(size=(2, 4, 3, 5)),)}


class MiniUNet:
    """Down by averaging, up by repetition, and the encoder's features concatenated to the decoder's."""

    def __init__(self, c, rng):
        self.enter, self.bottom = Conv(c, 3, 3, rng), Conv(3, 4, 3, rng)
        self.leave = Conv(3 + 4, c, 3, rng)
        self.act = {"enter": Tanh(), "bottom": Tanh()}

    def forward(self, x):
        skip = self.act["enter"].forward(self.enter.forward(x))
        b, c, h, w = skip.shape
        small = skip.reshape(b, c, h // 2, 2, w // 2, 2).mean(axis=(3, 5))
        deep = self.act["bottom"].forward(self.bottom.forward(small))
        return self.leave.forward(np.concatenate([skip, deep.repeat(2, axis=2).repeat(2, axis=3)], axis=1))

    def backward(self, g):
        g = self.leave.backward(g)
        dskip, dup = g[:, :3], g[:, 3:]
        b, c, h, w = dup.shape
        ddeep = dup.reshape(b, c, h // 2, 2, w // 2, 2).sum(axis=(3, 5))
        dsmall = self.bottom.backward(self.act["bottom"].backward(ddeep))
        dskip = dskip + dsmall.repeat(2, axis=2).repeat(2, axis=3) / 4
        return self.enter.backward(self.act["enter"].backward(dskip))


def case_unet_skip_concatenation():
    rng = np.random.default_rng(6)
    return {"subject": MiniUNet(2, rng), "inputs": (rng.normal(size=(2, 2, 4, 6)),)}


class InceptionModule:
    def __init__(self, c_in, widths, rng):
        self.branches = {f"{k}x{k}": Sequential(Conv(c_in, w, k, rng), Relu()) for k, w in widths.items()}

    def forward(self, x):
        outputs = [branch.forward(x) for branch in self.branches.values()]
        self.cuts = np.cumsum([o.shape[1] for o in outputs])[:-1]
        return np.concatenate(outputs, axis=1)

    def backward(self, g):
        return sum(
            b.backward(part) for b, part in zip(self.branches.values(), np.split(g, self.cuts, axis=1))
        )


def case_inception_branches():
    rng = np.random.default_rng(7)
    return {"subject": InceptionModule(2, {1: 3, 3: 2}, rng), "inputs": (rng.normal(size=(2, 2, 4, 5)),)}


class DenseConnections:
    """DenseNet on vectors: each layer sees everything before it."""

    def __init__(self, n, growth, depth, rng):
        self.layers = [Dense(n + i * growth, growth, rng) for i in range(depth)]
        self.acts = [Tanh() for _ in range(depth)]

    def forward(self, x):
        self.n = x.shape[1]
        for layer, act in zip(self.layers, self.acts):
            x = np.hstack([x, act.forward(layer.forward(x))])
        return x

    def backward(self, g):
        for layer, act in zip(self.layers[::-1], self.acts[::-1]):
            width = layer.W.shape[0]
            g = g[:, :width] + layer.backward(act.backward(g[:, width:]))
        return g


def case_dense_connections():
    rng = np.random.default_rng(8)
    return {"subject": DenseConnections(3, 2, 3, rng), "inputs": (rng.normal(size=(4, 3)),)}


# --- autoencoders, siamese networks, layers used twice --------------------------------------------


class TiedAutoencoder:
    """The decoder is the encoder transposed; the shared matrix gets both contributions."""

    def __init__(self, n, code, rng):
        self.W = rng.normal(size=(n, code)) * 0.5
        self.b_code, self.b_out = rng.normal(size=code) * 0.1, rng.normal(size=n) * 0.1

    def forward(self, x):
        self.x = x
        self.code = np.tanh(x @ self.W + self.b_code)
        return self.code @ self.W.T + self.b_out

    def backward(self, g):
        dz = (g @ self.W) * (1 - self.code**2)
        self.dW = self.x.T @ dz + g.T @ self.code
        self.db_code, self.db_out = dz.sum(axis=0), g.sum(axis=0)
        return dz @ self.W.T


def case_autoencoder_tied():
    rng = np.random.default_rng(9)
    return {"subject": TiedAutoencoder(6, 3, rng), "inputs": (rng.normal(size=(4, 6)),)}


class DeepAutoencoder:
    def __init__(self, sizes, rng):
        self.encoder = Sequential(*(l for a, b in zip(sizes, sizes[1:]) for l in (Dense(a, b, rng), Tanh())))
        back = sizes[::-1]
        self.decoder = Sequential(*(l for a, b in zip(back, back[1:]) for l in (Dense(a, b, rng), Sigmoid())))

    def encode(self, x):
        return self.encoder.forward(x)

    def forward(self, x):
        return self.decoder.forward(self.encode(x))

    def backward(self, g):
        return self.encoder.backward(self.decoder.backward(g))


def squared_error(y, target):
    return 0.5 * np.sum((y - target) ** 2) / len(y)


def squared_error_gradient(y, target):
    return (y - target) / len(y)


def case_autoencoder_reconstruction_loss():
    rng = np.random.default_rng(10)
    x = rng.uniform(size=(5, 6))
    return {
        "subject": DeepAutoencoder([6, 4, 2], rng),
        "inputs": (x,),
        "target": x.copy(),
        "loss": (squared_error, squared_error_gradient),
    }


class VariationalAutoencoder:
    """The noise is an input; three outputs: reconstruction, mean, log variance."""

    def __init__(self, n, z, rng):
        self.trunk, self.act = Dense(n, 5, rng), Tanh()
        self.to_mean, self.to_log_var = Dense(5, z, rng), Dense(5, z, rng)
        self.out = Dense(z, n, rng)

    def forward(self, x, noise):
        h = self.act.forward(self.trunk.forward(x))
        mean, log_var = self.to_mean.forward(h), self.to_log_var.forward(h)
        self.noise, self.std = noise, np.exp(0.5 * log_var)
        return self.out.forward(mean + self.std * noise), mean, log_var

    def backward(self, grads):
        dout, dmean, dlog_var = grads
        dz = self.out.backward(dout)
        dh = self.to_mean.backward(dmean + dz) + self.to_log_var.backward(
            dlog_var + 0.5 * dz * self.noise * self.std
        )
        return self.trunk.backward(self.act.backward(dh)), dz * self.std


def case_variational_three_outputs():
    rng = np.random.default_rng(11)
    return {
        "subject": VariationalAutoencoder(4, 2, rng),
        "inputs": (rng.normal(size=(3, 4)), rng.normal(size=(3, 2))),
    }


class CachedDense:
    """Nothing is kept on self: forward returns the cache, and gradients add up until they are cleared."""

    def __init__(self, n_in, n_out, rng):
        self.params = {"W": rng.normal(size=(n_in, n_out)) * 0.6, "b": rng.normal(size=n_out) * 0.1}
        self.clear()

    def clear(self):
        self.grads = {k: np.zeros_like(v) for k, v in self.params.items()}

    def forward(self, x):
        y = np.tanh(x @ self.params["W"] + self.params["b"])
        return y, (x, y)

    def backward(self, dy, cache):
        x, y = cache
        dz = dy * (1 - y * y)
        self.grads["W"] += x.T @ dz
        self.grads["b"] += dz.sum(axis=0)
        return dz @ self.params["W"].T


class SiameseNetwork:
    """One encoder, two inputs, explicit caches; the output is the weighted absolute difference of the
    codes.
    """

    def __init__(self, n, code, rng):
        self.encoder = CachedDense(n, code, rng)
        self.importance = rng.uniform(0.5, 1.5, code)
        self.importance_grad = np.zeros(code)

    def forward(self, left, right):
        a, self.cache_left = self.encoder.forward(left)
        b, self.cache_right = self.encoder.forward(right)
        self.difference = a - b
        return np.abs(self.difference) @ self.importance

    def backward(self, dscore):
        self.encoder.clear()
        self.importance_grad = dscore @ np.abs(self.difference)
        d = dscore[:, None] * self.importance * np.sign(self.difference)
        return self.encoder.backward(d, self.cache_left), self.encoder.backward(-d, self.cache_right)


def case_siamese_explicit_caches():
    rng = np.random.default_rng(12)
    return {
        "subject": SiameseNetwork(4, 3, rng),
        "inputs": (rng.normal(size=(5, 4)), rng.normal(size=(5, 4))),
    }


class StackingDense:
    """A layer that may be used several times: forward pushes its input, backward pops it."""

    def __init__(self, n, rng):
        self.W = rng.normal(size=(n, n)) * 0.5
        self.b = rng.normal(size=n) * 0.1
        self.inputs = []
        self.zero_grad()

    def zero_grad(self):
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)

    def forward(self, x):
        self.inputs.append(x)
        return x @ self.W + self.b

    def backward(self, dy):
        x = self.inputs.pop()
        self.dW += x.T @ dy
        self.db += dy.sum(axis=0)
        return dy @ self.W.T


class TwiceThrough:
    """The same layer before and after the activation, and a skip; pops in the reverse order of the pushes."""

    def __init__(self, n, rng):
        self.layer, self.act = StackingDense(n, rng), Sigmoid()

    def forward(self, x):
        self.layer.inputs.clear()
        return x + self.layer.forward(self.act.forward(self.layer.forward(x)))

    def backward(self, g):
        self.layer.zero_grad()
        return g + self.layer.backward(self.act.backward(self.layer.backward(g)))


def case_layer_used_twice_cache_stack():
    rng = np.random.default_rng(13)
    return {"subject": TwiceThrough(4, rng), "inputs": (rng.normal(size=(3, 4)),)}


class WeightSharedDepth:
    """One weight applied five times (an unrolled fixed point); states kept in a local list."""

    def __init__(self, n, rng, steps=5):
        self.A, self.B = rng.normal(size=(n, n)) * 0.3, rng.normal(size=(n, n)) * 0.5
        self.steps = steps

    def forward(self, x):
        self.z = [np.zeros_like(x)]
        self.x = x
        for _ in range(self.steps):
            self.z.append(np.tanh(self.z[-1] @ self.A + x @ self.B))
        return self.z[-1]

    def backward(self, g):
        self.grad_A, self.grad_B, dx = np.zeros_like(self.A), np.zeros_like(self.B), np.zeros_like(self.x)
        for k in range(self.steps, 0, -1):
            g = g * (1 - self.z[k] ** 2)
            self.grad_A += self.z[k - 1].T @ g
            self.grad_B += self.x.T @ g
            dx += g @ self.B.T
            g = g @ self.A.T
        return dx


def case_weight_shared_depth():
    rng = np.random.default_rng(14)
    return {"subject": WeightSharedDepth(4, rng), "inputs": (rng.normal(size=(3, 4)),)}


class RecursiveTied:
    """Two Dense objects which are two objects, but hold the very same array; gradients are summed by the
    owner.
    """

    def __init__(self, n, rng):
        self.up, self.down = Dense(n, n, rng), Dense(n, n, rng)
        self.down.W = self.up.W
        self.act = Tanh()

    def forward(self, x):
        return self.down.forward(self.act.forward(self.up.forward(x)))

    def backward(self, g):
        g = self.up.backward(self.act.backward(self.down.backward(g)))
        self.up.dW = self.down.dW = self.up.dW + self.down.dW
        return g


def case_same_array_in_two_layers():
    rng = np.random.default_rng(15)
    return {"subject": RecursiveTied(4, rng), "inputs": (rng.normal(size=(5, 4)),)}


# --- forks, gates, several inputs and outputs -----------------------------------------------------


class TwoHeads:
    """A shared trunk and two outputs; backward takes one gradient for each."""

    def __init__(self, rng):
        self.trunk, self.act = Dense(4, 6, rng), Relu()
        self.classes, self.box = Dense(6, 3, rng), Dense(6, 2, rng)

    def forward(self, x):
        h = self.act.forward(self.trunk.forward(x))
        return self.classes.forward(h), self.box.forward(h)

    def backward(self, dclasses, dbox):
        return self.trunk.backward(
            self.act.backward(self.classes.backward(dclasses) + self.box.backward(dbox))
        )


def case_two_heads():
    rng = np.random.default_rng(16)
    return {"subject": TwoHeads(rng), "inputs": (rng.normal(size=(5, 4)),)}


class MixtureOfExperts:
    """A soft mixture: softmax gates over experts in a list."""

    def __init__(self, n_in, n_out, experts, rng):
        self.experts = [Sequential(Dense(n_in, n_out, rng), Tanh()) for _ in range(experts)]
        self.gate = Dense(n_in, experts, rng)

    def forward(self, x):
        z = self.gate.forward(x)
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.p = e / e.sum(axis=1, keepdims=True)
        self.outputs = np.stack([expert.forward(x) for expert in self.experts], axis=1)
        return np.einsum("be,beo->bo", self.p, self.outputs)

    def backward(self, g):
        dp = np.einsum("bo,beo->be", g, self.outputs)
        dx = self.gate.backward(self.p * (dp - (dp * self.p).sum(axis=1, keepdims=True)))
        for i, expert in enumerate(self.experts):
            dx += expert.backward(g * self.p[:, i : i + 1])
        return dx


def case_mixture_of_experts():
    rng = np.random.default_rng(17)
    return {"subject": MixtureOfExperts(4, 3, 3, rng), "inputs": (rng.normal(size=(5, 4)),)}


class HighwayStack:
    def __init__(self, n, depth, rng):
        self.depth = depth
        self.params, self.grads = [], []
        for _ in range(depth):
            self.params += [
                rng.normal(size=(n, n)) * 0.5,
                rng.normal(size=n) * 0.1,
                rng.normal(size=(n, n)) * 0.5,
                np.full(n, -1.0),
            ]

    def forward(self, x):
        self.caches = []
        for k in range(self.depth):
            Wh, bh, Wt, bt = self.params[4 * k : 4 * k + 4]
            h = np.maximum(x @ Wh + bh, 0)
            t = 1 / (1 + np.exp(-(x @ Wt + bt)))
            self.caches.append((x, h, t))
            x = t * h + (1 - t) * x
        return x

    def backward(self, g):
        self.grads = [None] * len(self.params)
        for k in range(self.depth - 1, -1, -1):
            Wh, _, Wt, _ = self.params[4 * k : 4 * k + 4]
            x, h, t = self.caches[k]
            dh = g * t * (h > 0)
            dt = g * (h - x) * t * (1 - t)
            self.grads[4 * k : 4 * k + 4] = [x.T @ dh, dh.sum(0), x.T @ dt, dt.sum(0)]
            g = g * (1 - t) + dh @ Wh.T + dt @ Wt.T
        return g


def case_highway_parallel_lists():
    rng = np.random.default_rng(18)
    return {"subject": HighwayStack(4, 2, rng), "inputs": (rng.normal(size=(3, 4)),)}


class WideAndDeep:
    """Categorical ids (batch, fields) and dense features; the ids get None."""

    def __init__(self, categories, width, features, rng):
        self.embedding = rng.normal(size=(categories, width)) * 0.5
        self.wide = rng.normal(size=categories) * 0.5
        self.deep = Sequential(Dense(2 * width + features, 5, rng), Relu(), Dense(5, 1, rng))

    def forward(self, ids, features):
        self.ids = ids
        joined = np.concatenate([self.embedding[ids].reshape(len(ids), -1), features], axis=1)
        return self.deep.forward(joined)[:, 0] + self.wide[ids].sum(axis=1)

    def backward(self, g):
        d = self.deep.backward(g[:, None])
        width = self.embedding.shape[1]
        self.dwide = np.bincount(self.ids.ravel(), np.repeat(g, self.ids.shape[1]), minlength=self.wide.size)
        self.dembedding = np.zeros_like(self.embedding)
        np.add.at(self.dembedding, self.ids, d[:, : 2 * width].reshape(*self.ids.shape, width))
        return None, d[:, 2 * width :]


def case_wide_and_deep():
    rng = np.random.default_rng(19)
    return {
        "subject": WideAndDeep(6, 3, 2, rng),
        "inputs": (np.array([[1, 4], [5, 1], [1, 1]]), rng.normal(size=(3, 2))),
    }


class GraphConvolution:
    """Normalised adjacency times features times weight, twice; the adjacency is a constant given at
    construction.
    """

    def __init__(self, adjacency, sizes, rng):
        a = adjacency + np.eye(len(adjacency))
        d = 1 / np.sqrt(a.sum(axis=1))
        self.adjacency = (d[:, None] * a * d).astype(float)
        self.adjacency.flags.writeable = False
        self.W0, self.W1 = (rng.normal(size=s) * 0.6 for s in zip(sizes, sizes[1:]))

    def forward(self, nodes):
        self.nodes = nodes
        self.hidden = np.maximum(self.adjacency @ nodes @ self.W0, 0)
        return self.adjacency @ self.hidden @ self.W1

    def backward(self, g):
        g = self.adjacency.T @ g
        self.dW1 = self.hidden.T @ g
        g = self.adjacency.T @ ((g @ self.W1.T) * (self.hidden > 0))
        self.dW0 = self.nodes.T @ g
        return g @ self.W0.T


def case_graph_convolution():
    rng = np.random.default_rng(20)
    links = np.array([[0, 1, 0, 0, 1], [1, 0, 1, 0, 0], [0, 1, 0, 1, 0], [0, 0, 1, 0, 0], [1, 0, 0, 0, 0]])
    net = GraphConvolution(links, (3, 4, 2), rng)
    return {"subject": net, "inputs": (rng.normal(size=(5, 3)),), "params": {"W0": net.W0, "W1": net.W1}}


class DeepSet:
    """An encoder for every element, a sum over the set, a readout."""

    def __init__(self, n, rng):
        self.phi, self.rho = (
            Sequential(Dense(n, 5, rng), Tanh()),
            Sequential(Dense(5, 4, rng), Relu(), Dense(4, 2, rng)),
        )

    def forward(self, sets):  # (B, elements, n)
        self.shape = sets.shape
        each = self.phi.forward(sets.reshape(-1, sets.shape[2]))
        return self.rho.forward(each.reshape(*sets.shape[:2], -1).sum(axis=1))

    def backward(self, g):
        g = np.repeat(self.rho.backward(g), self.shape[1], axis=0)
        return self.phi.backward(g).reshape(self.shape)


def case_deep_set():
    rng = np.random.default_rng(21)
    return {"subject": DeepSet(3, rng), "inputs": (rng.normal(size=(2, 4, 3)),)}


class FlatParameters:
    """All parameters are views into one long vector, all gradients into another."""

    def __init__(self, sizes, rng):
        shapes = [s for a, b in zip(sizes, sizes[1:]) for s in ((a, b), (b,))]
        total = sum(int(np.prod(s)) for s in shapes)
        self.theta = rng.normal(size=total) * 0.5
        self.theta_grad = np.zeros(total)
        self.views, self.grad_views, at = [], [], 0
        for s in shapes:
            n = int(np.prod(s))
            self.views.append(self.theta[at : at + n].reshape(s))
            self.grad_views.append(self.theta_grad[at : at + n].reshape(s))
            at += n

    def forward(self, x):
        self.acts = [x]
        for k in range(0, len(self.views), 2):
            x = np.tanh(x @ self.views[k] + self.views[k + 1])
            self.acts.append(x)
        return x

    def backward(self, g):
        for k in range(len(self.views) - 2, -1, -2):
            g = g * (1 - self.acts[k // 2 + 1] ** 2)
            self.grad_views[k][...] = self.acts[k // 2].T @ g
            self.grad_views[k + 1][...] = g.sum(axis=0)
            g = g @ self.views[k].T
        return g


def case_flat_parameter_vector():
    rng = np.random.default_rng(22)
    net = FlatParameters((3, 5, 2), rng)
    return {"subject": net, "inputs": (rng.normal(size=(4, 3)),), "params": {"theta": net.theta}}


class FeatureWiseModulation:
    """A hypernetwork: the second input decides scale and shift of the first one's features."""

    def __init__(self, n, condition, rng):
        self.main, self.modulator = Dense(n, 4, rng), Dense(condition, 8, rng)

    def forward(self, x, c):
        self.h = self.main.forward(x)
        self.scale, shift = np.split(self.modulator.forward(c), 2, axis=1)
        return (1 + self.scale) * self.h + shift

    def backward(self, g):
        dc = self.modulator.backward(np.concatenate([g * self.h, g], axis=1))
        return self.main.backward(g * (1 + self.scale)), dc


def case_feature_wise_modulation():
    rng = np.random.default_rng(23)
    return {
        "subject": FeatureWiseModulation(3, 2, rng),
        "inputs": (rng.normal(size=(5, 3)), rng.normal(size=(5, 2))),
    }


def block_forward(x, W1, b1, W2, b2):
    h, cache1 = affine_tanh(x, W1, b1)
    y, cache2 = affine_tanh(h, W2, b2)
    return x + y, {"first": cache1, "second": cache2}


def affine_tanh(x, W, b):
    y = np.tanh(x @ W + b)
    return y, (x, W, y)


def affine_tanh_backward(dy, cache):
    x, W, y = cache
    dz = dy * (1 - y**2)
    return dz @ W.T, x.T @ dz, dz.sum(axis=0)


def block_backward(dout, cache):
    dh, dW2, db2 = affine_tanh_backward(dout, cache["second"])
    dx, dW1, db1 = affine_tanh_backward(dh, cache["first"])
    return dx + dout, dW1, db1, dW2, db2


def case_residual_pair_nested_caches():
    r = np.random.default_rng(24)
    return {
        "subject": (block_forward, block_backward),
        "inputs": (
            r.normal(size=(4, 3)),
            r.normal(size=(3, 5)),
            r.normal(size=5),
            r.normal(size=(5, 3)),
            r.normal(size=3),
        ),
    }


class OptimiserInside:
    """The layer owns its optimiser's state; update() is separate from backward."""

    def __init__(self, n_in, n_out, rng):
        self.kernel = rng.normal(size=(n_in, n_out)).astype(np.float64, order="F")
        self.kernel_grad = np.zeros_like(self.kernel)
        self.kernel_m, self.kernel_v, self.t = np.zeros_like(self.kernel), np.zeros_like(self.kernel), 0

    def forward(self, x):
        self.x = x
        return np.tanh(x @ self.kernel)

    def backward(self, dy):
        dz = dy * (1 - np.tanh(self.x @ self.kernel) ** 2)
        np.matmul(self.x.T, dz, out=self.kernel_grad)
        return dz @ self.kernel.T

    def update(self, learning_rate=1e-3):
        self.t += 1
        self.kernel_m += 0.1 * (self.kernel_grad - self.kernel_m)
        self.kernel_v += 0.001 * (self.kernel_grad**2 - self.kernel_v)
        m, v = self.kernel_m / (1 - 0.9**self.t), self.kernel_v / (1 - 0.999**self.t)
        self.kernel -= learning_rate * m / (np.sqrt(v) + 1e-8)


def case_optimiser_state_on_layers_fortran_order():
    rng = np.random.default_rng(25)
    return {
        "subject": Sequential(OptimiserInside(4, 5, rng), OptimiserInside(5, 3, rng)),
        "inputs": (rng.normal(size=(6, 4)),),
    }


class SwitchedDropoutNet:
    """train() and eval() reach every layer; dropout draws from np.random and keeps its mask."""

    class Dropout:
        def __init__(self, p):
            self.p, self.training = p, True

        def forward(self, x):
            if not self.training or self.p == 0:
                self.mask = 1.0
                return x
            self.mask = np.random.binomial(1, 1 - self.p, size=x.shape) / (1 - self.p)
            return x * self.mask

        def backward(self, g):
            return g * self.mask

    def __init__(self, rng, p=0.4):
        self.layers = [Dense(4, 8, rng), Relu(), SwitchedDropoutNet.Dropout(p), Dense(8, 3, rng)]

    def train(self, mode=True):
        for layer in self.layers:
            if hasattr(layer, "training"):
                layer.training = mode

    def eval(self):
        self.train(False)

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, g):
        for layer in reversed(self.layers):
            g = layer.backward(g)
        return g


def case_switched_dropout_training():
    rng = np.random.default_rng(26)
    return {"subject": SwitchedDropoutNet(rng), "inputs": (rng.normal(size=(5, 4)),), "training": True}


def case_switched_dropout_evaluation():
    rng = np.random.default_rng(27)
    return {"subject": SwitchedDropoutNet(rng), "inputs": (rng.normal(size=(5, 4)),), "training": False}


def case_switched_dropout_zero():
    rng = np.random.default_rng(28)
    return {"subject": SwitchedDropoutNet(rng, p=0), "inputs": (rng.normal(size=(6, 4)),)}
