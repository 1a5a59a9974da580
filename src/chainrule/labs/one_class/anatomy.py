"""A network, measured layer by layer: how much of the images arrives, and how much gradient; and theory."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers import Conv2d, CrossEntropyLoss, Layer, Linear, Sequential, init

LOST = 1e-3  # a layer has lost the images if its spread is less than this part of the pixels'


@dataclass(frozen=True)
class Anatomy:
    """A network, layer by layer: the pixels, each convolution with its activation function, the logits."""

    spread: list[float]  # the images' standard deviation, root mean square over the units
    predicted_spread: list[float]  # as theory has it, from the pixels' spread on
    gradient: list[float]  # d loss / d unit for one image, root mean square
    predicted_gradient: list[float]  # as theory has it, from the gradient of the logits on back

    @property
    def lost_at(self) -> int | None:
        """The first layer that has lost the images, None if there is none."""
        return next((i for i, spread in enumerate(self.spread) if spread < LOST * self.spread[0]), None)


def dissect(model: Sequential, slope: float, images: Array, labels: Array) -> Anatomy:
    """Runs the network once, forward and backward, and measures on the way."""
    layers, side = list(model), images.shape[-1]
    weighty = [i for i, layer in enumerate(layers) if isinstance(layer, Conv2d | Linear)]
    # a stage ends where the next layer with weights begins; flattening changes no number
    ends = [*(i - 1 for i in weighty[1:]), len(layers) - 1]

    x, caches, spread = images, [], [spread_over_images(images)]
    for i, layer in enumerate(layers):
        x, cache = layer.forward(x)
        caches.append(cache)
        if i in ends:
            spread.append(spread_over_images(x))
    _, _, loss_cache = CrossEntropyLoss().forward(x, labels)
    # the loss summed over the images: what arrives at a unit is then the gradient of its own image's loss
    dx, *_ = CrossEntropyLoss().backward(np.ones((), x.dtype), loss_cache)
    gradient = []
    for i in reversed(range(len(layers))):
        if i in ends:
            gradient.append(rms(dx))
        dx = layers[i].backward(dx, caches[i])
    gradient.reverse()
    model.zero_grad()

    factors = [growth(layers[i], slope, side) for i in weighty]
    slopes = [slope] * (len(weighty) - 1) + [1.0]  # the logits are what the last weights return
    forward, backward = spread[:1], gradient[-1:]
    for (grows, _), passes in zip(factors, slopes, strict=True):
        forward.append(forward[-1] * grows * passes)
    for (_, grows), passes in zip(reversed(factors[1:]), reversed(slopes[1:]), strict=True):
        backward.append(backward[-1] * grows * passes)
    return Anatomy(spread, forward, gradient, backward[::-1])


def growth(layer: Layer, slope: float, side: int) -> tuple[float, float]:
    """std(W) · √fan_in and std(W) · √fan_out, the border of the image taken into account.

    A padded 3 x 3 kernel sees, over all positions of an 8 x 8 image, 7.56 pixels on average; the others are
    padding.
    """
    weight = layer.weight.data.astype(np.float64)  # type: ignore[attr-defined]
    fan_in, fan_out = init.fan_in_and_fan_out(weight.shape)
    seen = ((3 * side - 2) / (3 * side)) ** 2 if isinstance(layer, Conv2d) else 1.0
    std = float(weight.std())
    return std * math.sqrt(fan_in * seen), std * math.sqrt(fan_out * seen)


def spread_over_images(x: Array) -> float:
    """By how much a unit differs from image to image: its standard deviation, root mean square over units."""
    return rms(x.astype(np.float64) - x.mean(0, dtype=np.float64))


def rms(x: Array) -> float:
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))


def per_layer(spread: list[float]) -> float:
    """By what a convolution multiplies the spread, on average (but for the first, of 1 channel)."""
    first, last = spread[min(1, len(spread) - 3)], spread[-2]
    return math.exp(math.log(last / first) / max(len(spread) - 3, 1)) if last > 0 else 0.0
