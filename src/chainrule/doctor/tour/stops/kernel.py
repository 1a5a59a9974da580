"""Stop 1: one kernel for all input channels."""

# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from chainrule.functions.arrays import Array

from ...check import check
from ...report import Report
from ..stop import Figures, Proof, Stop, Symptom
from .common import Linear, Rng, cross_entropy, fit

# ------------------------------------------------------------ the code


class SharedKernelConv:
    """Maps (batch, channels, height, width) to (batch, maps, ...)."""

    def __init__(self, channels: int, maps: int, size: int, rng: Rng) -> None:
        scale = np.sqrt(2 / (channels * size * size))
        self.W = scale * rng.normal(size=(maps, size, size))
        self.b = np.zeros(maps)

    def forward(self, x: Array) -> Array:
        self.x, size = x, self.W.shape[-2:]
        self.patches = sliding_window_view(x, size, axis=(2, 3))
        y = np.einsum("nchwij,mij->nmhw", self.patches, self.W)
        return y + self.b[:, None, None]

    def backward(self, dy: Array) -> Array:
        self.dW = np.einsum("nchwij,nmhw->mij", self.patches, dy)
        self.db = dy.sum(axis=(0, 2, 3))
        dx = np.zeros_like(self.x)
        height, width = dy.shape[2:]
        for i, j in np.ndindex(self.W.shape[-2:]):
            part = np.einsum("nmhw,m->nhw", dy, self.W[:, i, j])
            dx[:, :, i : i + height, j : j + width] += part[:, None]
        return dx


class Conv:
    """Maps (batch, channels, height, width) to (batch, maps, ...)."""

    def __init__(self, channels: int, maps: int, size: int, rng: Rng) -> None:
        scale = np.sqrt(2 / (channels * size * size))
        self.W = scale * rng.normal(size=(maps, channels, size, size))
        self.b = np.zeros(maps)

    def forward(self, x: Array) -> Array:
        self.x, size = x, self.W.shape[-2:]
        self.patches = sliding_window_view(x, size, axis=(2, 3))
        y = np.einsum("nchwij,mcij->nmhw", self.patches, self.W)
        return y + self.b[:, None, None]

    def backward(self, dy: Array) -> Array:
        self.dW = np.einsum("nchwij,nmhw->mcij", self.patches, dy)
        self.db = dy.sum(axis=(0, 2, 3))
        dx = np.zeros_like(self.x)
        height, width = dy.shape[2:]
        for i, j in np.ndindex(self.W.shape[-2:]):
            part = np.einsum("nmhw,mc->nchw", dy, self.W[:, :, i, j])
            dx[:, :, i : i + height, j : j + width] += part
        return dx


# ------------------------------------------------------------ its training


class Network:
    """Convolution, ReLU, the mean of every map, a linear layer."""

    def __init__(self, conv: SharedKernelConv | Conv, rng: Rng) -> None:
        self.conv, self.head = conv, Linear(len(conv.W), 4, rng)

    def predict(self, x: Array) -> Array:
        self.maps = self.conv.forward(x)
        return self.head.forward(np.maximum(self.maps, 0).mean(axis=(2, 3)))

    def step(self, x: Array, labels: Array, lr: float) -> float:
        loss, dlogits = cross_entropy(self.predict(x), labels)
        dmeans = self.head.backward(dlogits)
        height, width = self.maps.shape[2:]
        self.conv.backward((self.maps > 0) * dmeans[:, :, None, None] / (height * width))
        self.head.update(lr)
        self.conv.W -= lr * self.conv.dW
        self.conv.b -= lr * self.conv.db
        return loss


def bars(count: int, seed: int) -> tuple[Array, Array]:
    """Color images, 8 x 8, with one bar: lying or standing, red or blue."""
    rng = np.random.default_rng(seed)
    x, labels = 0.1 * rng.normal(size=(count, 3, 8, 8)), rng.integers(4, size=count)
    for image, label in zip(x, labels, strict=True):
        place, start = rng.integers(1, 7), rng.integers(0, 3)
        channel = image[0] if label // 2 == 0 else image[2]
        (channel if label % 2 == 0 else channel.T)[place, start : start + 6] += 1
    return x, labels


def train() -> Symptom:
    data, test = bars(160, seed=0), bars(200, seed=1)
    networks = [
        Network(make(3, 8, 3, np.random.default_rng(2)), np.random.default_rng(3))
        for make in (SharedKernelConv, Conv)
    ]
    faulty, repaired = (fit(n, data, test, steps=160, lr=1.0, batch=40) for n in networks)
    x, labels = test
    said = [network.predict(x).argmax(axis=1) for network in networks]
    parts = [[f"{np.mean(s % 2 == labels % 2):.0%}", f"{np.mean(s // 2 == labels // 2):.0%}"] for s in said]
    words = "It learns, so one looks elsewhere: data, learning rate, more epochs. In truth it is color-blind."
    return Symptom(
        faulty,
        repaired,
        words,
        (Figures("right answers, taken apart", ("lying or standing", "red or blue"), parts),),
    )


# ------------------------------------------------------------ the verdict


def examine(faulty: bool) -> Report:
    make = SharedKernelConv if faulty else Conv
    return check(make(3, 8, 3, np.random.default_rng(2)), bars(4, seed=0)[0])


def prove() -> Proof:
    x = bars(4, seed=0)[0]
    changes = []
    for make in (SharedKernelConv, Conv):
        conv = make(3, 8, 3, np.random.default_rng(2))
        changes.append(float(np.abs(conv.forward(x) - conv.forward(x[:, ::-1])).max()))
    words = (
        "Exchange red and blue: an image that looks different must give different maps. These do not "
        "change, at any weights. The gradients are right all the same, because backward agrees with "
        "forward: a gradient check finds nothing."
    )
    return Proof(
        words,
        Figures("largest change of a map when red and blue are exchanged", [""], [[c] for c in changes]),
    )


STOP = Stop(
    number=1,
    name="kernel",
    title="One kernel for all channels",
    codes=("kernel-shared-across-channels",),
    story=(
        "A weight of shape (out, kh, kw) is right for gray images. Kept for several input channels, it is "
        "one kernel that slides over all of them, and the results are added up. Nothing fails, no shape "
        "complains, and the network even learns."
    ),
    task="color images of 8 x 8 pixels with one bar: lying or standing, red or blue",
    shown=((SharedKernelConv, Conv),),
    train=train,
    call="chainrule.check(SharedKernelConv(3, 8, 3, rng), images)",
    examine=examine,
    prove=prove,
    repair="A kernel of its own for every pair of output and input channel: the weight has four axes.",
)
