"""Small convolutional networks of well-known examples, and our own. Each returns logits (batch, classes)."""

from __future__ import annotations

from chainrule.layers import BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Sequential

from .initial import glorot


def keras_convnet(
    in_channels: int = 1, size: int = 28, classes: int = 10, dropout: float = 0.5
) -> Sequential:
    """The MNIST example of Keras ("Simple MNIST convnet"): 34,826 parameters for 28 x 28 grayscale images.

    Weights begin as Glorot uniform and biases as 0, as they do there.
    """
    side = _side(((size - 2) // 2 - 2) // 2, size)
    model = Sequential(
        Conv2d(in_channels, 32, 3), ReLU(), MaxPool2d(2),             # (batch, 32, 13, 13)
        Conv2d(32, 64, 3), ReLU(), MaxPool2d(2),                      # (batch, 64,  5,  5)
        Flatten(),                                                    # (batch, 1600)
        Dropout(dropout),
        Linear(64 * side * side, classes),
    )  # fmt: skip
    return glorot(model)


def pytorch_convnet(in_channels: int = 1, size: int = 28, classes: int = 10) -> Sequential:
    """The MNIST example of PyTorch (pytorch/examples): 1,199,882 parameters for 28 x 28 grayscale images."""
    side = _side((size - 4) // 2, size)
    return Sequential(
        Conv2d(in_channels, 32, 3), ReLU(),                           # (batch, 32, 26, 26)
        Conv2d(32, 64, 3), ReLU(), MaxPool2d(2), Dropout(0.25),       # (batch, 64, 12, 12)
        Flatten(),                                                    # (batch, 9216)
        Linear(64 * side * side, 128), ReLU(), Dropout(0.5),
        Linear(128, classes),
    )  # fmt: skip


def small_convnet(
    in_channels: int = 1, size: int = 8, classes: int = 10, width: int = 32, dropout: float = 0.25
) -> Sequential:
    """Ours, for images as small as 8 x 8: two padded convolutions before the first pooling, one after it."""
    side = _side(size // 2 // 2, size)
    return glorot(Sequential(
        Conv2d(in_channels, width, 3, padding="same"), ReLU(),        # (batch, width, size, size)
        Conv2d(width, width, 3, padding="same"), ReLU(), MaxPool2d(2),
        Conv2d(width, 2 * width, 3, padding="same"), ReLU(), MaxPool2d(2),
        Flatten(),
        Dropout(dropout),
        Linear(2 * width * side * side, classes),
    ))  # fmt: skip


def fashion_convnet(
    in_channels: int = 1, size: int = 28, classes: int = 10, dropout: float = 0.3
) -> Sequential:
    """Ours, for clothes: batch norm after every convolution; 83,050 parameters for 28 x 28 gray images."""
    side = _side(size // 2 // 2 // 2, size)
    return glorot(Sequential(
        Conv2d(in_channels, 32, 3, padding="same", bias=False), BatchNorm2d(32), ReLU(), MaxPool2d(2),
        Conv2d(32, 64, 3, padding="same", bias=False), BatchNorm2d(64), ReLU(), MaxPool2d(2),
        Conv2d(64, 96, 3, padding="same", bias=False), BatchNorm2d(96), ReLU(), MaxPool2d(2),
        Flatten(),                                                    # (batch, 864)
        Dropout(dropout),
        Linear(96 * side * side, classes),
    ))  # fmt: skip


def color_convnet(in_channels: int = 3, size: int = 32, classes: int = 5) -> Sequential:
    """Three convolutions and two dense layers: 56,549 parameters for color images of 32 x 32, 5 classes."""
    side = _side(((size - 2) // 2 - 2) // 2 - 2, size)
    return glorot(Sequential(
        Conv2d(in_channels, 16, 3), ReLU(), MaxPool2d(2),             # (batch, 16, 15, 15)
        Conv2d(16, 32, 3), ReLU(), MaxPool2d(2),                      # (batch, 32,  6,  6)
        Conv2d(32, 64, 3), ReLU(),                                    # (batch, 64,  4,  4)
        Flatten(),                                                    # (batch, 1024)
        Linear(64 * side * side, 32), ReLU(),
        Linear(32, classes),
    ))  # fmt: skip


def _side(side: int, size: int) -> int:
    """How high and wide the last maps are. Raises ValueError if nothing is left of the images by then."""
    if side < 1:
        raise ValueError(f"images of {size} x {size} are too small for this model: try another one")
    return side
