"""Stop 2: a dense layer with one weight per neuron."""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import numpy as np

from chainrule.functions.arrays import Array

from ...check import check
from ...report import Report
from ..stop import Figures, Proof, Stop, Symptom, Variant
from .common import Rng, cross_entropy, fit

INPUTS, NEURONS, CLASSES = 8, 6, 4

# ------------------------------------------------------------ the code


class OneWeightDense:
    """Maps (batch, inputs) to (batch, neurons)."""

    def __init__(self, inputs: int, neurons: int, rng: Rng) -> None:
        self.W = rng.normal(size=neurons) / np.sqrt(inputs)
        self.b = np.zeros(neurons)

    def forward(self, x: Array) -> Array:
        self.x = x
        y = np.zeros((len(x), len(self.W))) + self.b
        for j in range(len(self.W)):
            for i in range(x.shape[1]):
                y[:, j] += x[:, i] * self.W[j]
        return y

    def backward(self, dy: Array) -> Array:
        self.dW = np.zeros_like(self.W)
        self.db = dy.sum(axis=0)
        dx = np.zeros_like(self.x)
        for j in range(len(self.W)):
            for i in range(self.x.shape[1]):
                self.dW[j] += dy[:, j] @ self.x[:, i]
                dx[:, i] += dy[:, j] * self.W[j]
        return dx


class Dense:
    """Maps (batch, inputs) to (batch, neurons)."""

    def __init__(self, inputs: int, neurons: int, rng: Rng) -> None:
        self.W = rng.normal(size=(neurons, inputs)) / np.sqrt(inputs)
        self.b = np.zeros(neurons)

    def forward(self, x: Array) -> Array:
        self.x = x
        y = np.zeros((len(x), len(self.W))) + self.b
        for j in range(len(self.W)):
            for i in range(x.shape[1]):
                y[:, j] += x[:, i] * self.W[j, i]
        return y

    def backward(self, dy: Array) -> Array:
        self.dW = np.zeros_like(self.W)
        self.db = dy.sum(axis=0)
        dx = np.zeros_like(self.x)
        for j in range(len(self.W)):
            for i in range(self.x.shape[1]):
                self.dW[j, i] += dy[:, j] @ self.x[:, i]
                dx[:, i] += dy[:, j] * self.W[j, i]
        return dx


class PerInputDense(OneWeightDense):
    """The gradient has one number per input, the weight one per neuron."""

    def backward(self, dy: Array) -> Array:
        self.dW = np.zeros(self.x.shape[1])
        self.db = dy.sum(axis=0)
        dx = np.zeros_like(self.x)
        for j in range(len(self.W)):
            for i in range(self.x.shape[1]):
                self.dW[i] += dy[:, j] @ self.x[:, i]
                dx[:, i] += dy[:, j] * self.W[j]
        return dx


class OutOfBoundsDense(OneWeightDense):
    """As many numbers as neurons, counted along the inputs."""

    def backward(self, dy: Array) -> Array:
        self.dW = np.zeros_like(self.W)
        self.db = dy.sum(axis=0)
        dx = np.zeros_like(self.x)
        for j in range(len(self.W)):
            for i in range(self.x.shape[1]):
                self.dW[i] += dy[:, j] @ self.x[:, i]
                dx[:, i] += dy[:, j] * self.W[j]
        return dx


# ------------------------------------------------------------ its training

Layer = type[OneWeightDense] | type[Dense]


class Network:
    """Dense, ReLU, dense."""

    def __init__(self, make: Layer, rng: Rng) -> None:
        self.hidden, self.head = make(INPUTS, NEURONS, rng), make(NEURONS, CLASSES, rng)

    def predict(self, x: Array) -> Array:
        self.z = self.hidden.forward(x)
        return self.head.forward(np.maximum(self.z, 0))

    def step(self, x: Array, labels: Array, lr: float) -> float:
        loss, dlogits = cross_entropy(self.predict(x), labels)
        self.hidden.backward((self.z > 0) * self.head.backward(dlogits))
        for layer in (self.hidden, self.head):
            layer.W -= lr * layer.dW
            layer.b -= lr * layer.db
        return loss


def clouds(count: int, seed: int) -> tuple[Array, Array]:
    """Points in eight dimensions, around one center per class."""
    centers = np.random.default_rng(20).normal(size=(CLASSES, INPUTS))
    rng = np.random.default_rng(seed)
    labels = rng.integers(CLASSES, size=count)
    return centers[labels] + 0.6 * rng.normal(size=(count, INPUTS)), labels


def train() -> Symptom:
    data, test = clouds(160, seed=0), clouds(400, seed=1)
    networks = [Network(make, np.random.default_rng(2)) for make in (OneWeightDense, Dense)]
    faulty, repaired = (fit(n, data, test, steps=200, lr=0.1, batch=32) for n in networks)
    counts = [[n.hidden.W.size, n.head.W.size] for n in networks]
    words = (
        "The loss falls a little and stays there. More neurons, more steps, another learning rate: "
        "nothing helps. The network is given eight numbers and sees one, their sum."
    )
    return Symptom(faulty, repaired, words, (Figures("weights", ("first layer", "second layer"), counts),))


# ------------------------------------------------------------ the verdict


def examine(faulty: bool) -> Report:
    make: Layer = OneWeightDense if faulty else Dense
    return examine_one(make)


def examine_one(make: Layer) -> Report:
    return check(make(INPUTS, NEURONS, np.random.default_rng(2)), clouds(5, seed=0)[0])


def prove() -> Proof:
    x = clouds(5, seed=0)[0]
    layers = [make(INPUTS, NEURONS, np.random.default_rng(2)) for make in (OneWeightDense, Dense)]
    changes = [float(np.abs(layer.forward(x) - layer.forward(x[:, ::-1])).max()) for layer in layers]
    words = (
        "Hand over the eight features in reverse order: a layer that weighs each of them must answer "
        "something else. This one gives the same numbers. Again its gradients are right: of the wrong "
        "function."
    )
    return Proof(
        words,
        Figures("largest change of the output when the features are reversed", [""], [[c] for c in changes]),
    )


STOP = Stop(
    number=2,
    name="dense",
    title="One weight per neuron",
    codes=("weight-shared-across-inputs",),
    story=(
        "A neuron has a weight for each of its inputs. Here it was given one weight in all, and the loops "
        "hide it: W[j] is a legal expression. Written as below the layer runs. With the gradient counted "
        "along the inputs it has a wrong shape, or raises, depending on which of the two sizes is larger."
    ),
    task="points in eight dimensions, in four clouds",
    shown=((OneWeightDense, Dense),),
    train=train,
    call="chainrule.check(OneWeightDense(8, 6, rng), points)",
    examine=examine,
    prove=prove,
    repair="The weight is a matrix: W[j, i] leads from input i to neuron j, in both passes.",
    variants=(
        Variant("dW has one number per input", PerInputDense.backward, lambda: examine_one(PerInputDense)),
        Variant(
            "dW has one number per neuron, counted along the inputs",
            OutOfBoundsDense.backward,
            lambda: examine_one(OutOfBoundsDense),
        ),
    ),
)
