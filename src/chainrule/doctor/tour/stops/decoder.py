"""Stop 6: a decoder that hands the gradient of its output to every layer."""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import numpy as np

from chainrule.functions.arrays import Array

from ...check import check
from ...report import Report
from ..stop import Figures, Proof, Stop, Symptom
from .common import Linear, Rng, cross_entropy, fit, softmax, softmax_backward

WIDTH, KEYS, LAYERS = 16, 4, 3

# ------------------------------------------------------------ the code


class DecoderLayer:
    """What the decoder has, and what it finds in the encoder's memory."""

    def __init__(self, width: int, rng: Rng) -> None:
        self.query, self.own, self.found = (Linear(width, width, rng) for _ in range(3))

    def forward(self, x: Array, memory: Array) -> Array:
        self.memory, self.q = memory, self.query.forward(x)
        self.p = softmax(self.q @ memory.transpose(0, 2, 1))
        context = self.found.forward(self.p @ memory)
        self.y = np.tanh(self.own.forward(x) + context)
        return self.y

    def backward(self, dy: Array) -> tuple[Array, Array]:
        dz = dy * (1 - self.y**2)
        dcontext = self.found.backward(dz)
        dmemory = self.p.transpose(0, 2, 1) @ dcontext
        dscores = softmax_backward(dcontext @ self.memory.transpose(0, 2, 1), self.p)
        dmemory += dscores.transpose(0, 2, 1) @ self.q
        dx = self.own.backward(dz) + self.query.backward(dscores @ self.memory)
        return dx, dmemory


class UnchainedDecoder:
    """A stack of layers that all look at the same memory."""

    def __init__(self, width: int, layers: int, rng: Rng) -> None:
        self.layers = [DecoderLayer(width, rng) for _ in range(layers)]

    def forward(self, x: Array, memory: Array) -> Array:
        for layer in self.layers:
            x = layer.forward(x, memory)
        return x

    def backward(self, dy: Array) -> tuple[Array, Array]:
        dmemory = np.zeros_like(self.layers[0].memory)
        for layer in reversed(self.layers):
            dx, more = layer.backward(dy)
            dmemory += more
        return dx, dmemory


class Decoder:
    """A stack of layers that all look at the same memory."""

    def __init__(self, width: int, layers: int, rng: Rng) -> None:
        self.layers = [DecoderLayer(width, rng) for _ in range(layers)]

    def forward(self, x: Array, memory: Array) -> Array:
        for layer in self.layers:
            x = layer.forward(x, memory)
        return x

    def backward(self, dy: Array) -> tuple[Array, Array]:
        dmemory = np.zeros_like(self.layers[0].memory)
        for layer in reversed(self.layers):
            dy, more = layer.backward(dy)
            dmemory += more
        return dy, dmemory


# ------------------------------------------------------------ its training


class Network:
    """An embedding for the question, one for the memory, the decoder, a linear layer."""

    def __init__(self, decoder: UnchainedDecoder | Decoder, rng: Rng) -> None:
        self.decoder = decoder
        self.question, self.memory = Linear(KEYS, WIDTH, rng), Linear(2 * KEYS, WIDTH, rng)
        self.head = Linear(WIDTH, KEYS, rng)

    def predict(self, x: Array) -> Array:
        asked = self.question.forward(x[:, :1, :KEYS])
        return self.head.forward(self.decoder.forward(asked, self.memory.forward(x[:, 1:]))[:, 0])

    def step(self, x: Array, labels: Array, lr: float) -> float:
        loss, dlogits = cross_entropy(self.predict(x), labels)
        dquestion, dmemory = self.decoder.backward(self.head.backward(dlogits)[:, None])
        self.question.backward(dquestion)
        self.memory.backward(dmemory)
        inside = [x for layer in self.decoder.layers for x in (layer.query, layer.own, layer.found)]
        for linear in (*inside, self.question, self.memory, self.head):
            linear.update(lr)
        return loss


def signposts(count: int, seed: int) -> tuple[Array, Array]:
    """A place, then four signposts (here, next place) in any order; the answer: what comes after the next."""
    rng = np.random.default_rng(seed)
    here = rng.permuted(np.tile(np.arange(KEYS), (count, 1)), axis=1)
    leads = rng.integers(KEYS, size=(count, KEYS))
    asked, rows = rng.integers(KEYS, size=count), np.arange(count)
    x = np.zeros((count, 1 + KEYS, 2 * KEYS))
    x[:, 0, :KEYS] = np.eye(KEYS)[asked]
    x[:, 1:, :KEYS], x[:, 1:, KEYS:] = (
        np.eye(KEYS)[here],
        np.eye(KEYS)[np.take_along_axis(leads, here, axis=1)],
    )
    return x, leads[rows, leads[rows, asked]]


def make(faulty: bool) -> UnchainedDecoder | Decoder:
    return (UnchainedDecoder if faulty else Decoder)(WIDTH, LAYERS, np.random.default_rng(6))


def train() -> Symptom:
    data, test = signposts(4000, seed=0), signposts(400, seed=1)
    networks = [Network(make(faulty), np.random.default_rng(7)) for faulty in (True, False)]
    faulty, repaired = (fit(n, data, test, steps=1000, lr=0.2, batch=40) for n in networks)
    words = (
        "It learns, slowly, and less than it should, like a network that is too small. The last layer is "
        "trained well and carries the others, which are trained on a gradient that is not theirs."
    )
    return Symptom(faulty, repaired, words)


# ------------------------------------------------------------ the verdict


def examine(faulty: bool) -> Report:
    rng = np.random.default_rng(8)
    return check(make(faulty), rng.normal(size=(2, 3, WIDTH)), rng.normal(size=(2, 4, WIDTH)))


def prove() -> Proof:
    """What every layer is handed, against the numerical gradient with respect to its output."""
    rng = np.random.default_rng(8)
    x, memory, dy = (rng.normal(size=(2, n, WIDTH)) for n in (3, 4, 3))
    errors = []
    for faulty in (True, False):
        decoder = make(faulty)
        decoder.forward(x, memory)
        outputs = [layer.y for layer in decoder.layers]
        handed = received(decoder, dy)
        errors.append(
            [mismatch(decoder, k, outputs[k], memory, dy, handed[k]) for k in reversed(range(LAYERS))]
        )
    words = (
        "Each layer taken alone is right. So look at what it is handed: it must be the gradient with "
        "respect to its own output. The last layer gets that. The others get bitwise the same array, and "
        "it is not theirs."
    )
    names = [f"layer {k}" for k in reversed(range(1, LAYERS + 1))]
    return Proof(words, Figures("error of the gradient handed to each layer, relative", names, errors))


def received(decoder: UnchainedDecoder | Decoder, dy: Array) -> list[Array]:
    """The gradients that the layers are handed, the first layer's first."""
    handed: list[Array] = []
    for layer in decoder.layers:

        def watched(dy: Array, layer: DecoderLayer = layer) -> tuple[Array, Array]:
            handed.append(dy)
            return DecoderLayer.backward(layer, dy)

        layer.backward = watched  # type: ignore[method-assign]
    decoder.backward(dy)
    return handed[::-1]


def mismatch(
    decoder: UnchainedDecoder | Decoder, k: int, y: Array, memory: Array, dy: Array, handed: Array
) -> float:
    """Along a random direction, against central differences of everything above layer k."""
    direction = np.random.default_rng(9).normal(size=y.shape)

    def above(y: Array) -> float:
        for layer in decoder.layers[k + 1 :]:
            y = layer.forward(y, memory)
        return float(np.vdot(y, dy))

    slope = (above(y + 1e-5 * direction) - above(y - 1e-5 * direction)) / 2e-5
    return abs(float(np.vdot(handed, direction)) - slope) / abs(slope)


STOP = Stop(
    number=6,
    name="decoder",
    title="A decoder without a chain",
    codes=("unchained-upstream",),
    story=(
        "The decoder's backward runs over its layers, last one first, as it should. But each is handed "
        "the gradient of the decoder's output, and what it returns is dropped. Every layer passes its own "
        "test, and with a single layer even the decoder is right."
    ),
    task="a place and four signposts (here, next) in any order: what comes after the next?",
    shown=((UnchainedDecoder, Decoder),),
    train=train,
    call="chainrule.check(UnchainedDecoder(16, 3, rng), x, memory)",
    examine=examine,
    prove=prove,
    repair="What a layer returns goes to the layer before it.",
)
