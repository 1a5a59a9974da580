"""LeNet-5 (LeCun, Bottou, Bengio and Haffner 1998, figure 2), as it is built today: 61,706 parameters.

    28 x 28 -> conv 6 @ 5x5, padding 2 -> pool -> conv 16 @ 5x5 -> pool -> 120 -> 84 -> 10

What differs from the paper: images of 28 x 28, padded to 32 x 32 by the first layer; all 16 maps of the
second convolution see all 6 maps below (the paper's table I leaves some out); pooling has no weights; a
linear layer with logits stands where the paper has radial basis functions.
"""

from __future__ import annotations

from chainrule.layers import AvgPool2d, Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU, Sequential, Tanh

SIZE = 28


def lenet5(
    in_channels: int = 1, size: int = 28, classes: int = 10, activation: str = "relu", pool: str = "max"
) -> Sequential:
    """Logits (batch, classes) for images (batch, in_channels, 28, 28).

    activation "relu" or "tanh" (the paper), pool "max" or "avg".
    """
    if size != SIZE:
        raise ValueError(f"LeNet-5 takes images of {SIZE} x {SIZE}, got {size} x {size}: try another model")
    act: type[Layer] = {"relu": ReLU, "tanh": Tanh}[activation]
    Pool = {"max": MaxPool2d, "avg": AvgPool2d}[pool]
    return Sequential(
        Conv2d(in_channels, 6, 5, padding=2), act(), Pool(2),         # (batch,  6, 14, 14)
        Conv2d(6, 16, 5), act(), Pool(2),                             # (batch, 16,  5,  5)
        Flatten(),                                                    # (batch, 400)
        Linear(400, 120), act(),
        Linear(120, 84), act(),
        Linear(84, classes),
    )  # fmt: skip
