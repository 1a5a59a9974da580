"""30 epochs of 10 color images, a network of 56,549 parameters: one image at a time, and all 10 at once.

A published implementation in pure Python, with loops over every pixel, took 671 s (on another machine).
"""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np
from common import Report, Table, alternate, main, quartiles, same_threads, timed

from chainrule import manual_seed, models
from chainrule.functions.arrays import Array
from chainrule.layers import CrossEntropyLoss
from chainrule.training import Adam, train_step

PUBLISHED = 671.0
IMAGES, EPOCHS, CLASSES = 10, 30, 5
BATCHES = (1, IMAGES)


def images() -> tuple[Array, Array]:
    """10 images of 32 x 32 x 3 in 5 classes: each class has a color of its own, under noise."""
    generator = np.random.default_rng(0)
    target = np.arange(IMAGES) % CLASSES
    colors = generator.normal(size=(CLASSES, 3, 1, 1))
    x = colors[target] + generator.normal(scale=0.5, size=(IMAGES, 3, 32, 32))
    return x.astype(np.float32), target


def train(batch: int) -> float:
    """All epochs, beginning with a new network; returns the share of images recognized in the last one."""
    manual_seed(0)
    x, target = images()
    model, loss = models.build("color"), CrossEntropyLoss()
    optimizer = Adam(model.parameters())
    for _ in range(EPOCHS):
        right = 0
        for i in range(0, IMAGES, batch):
            part = slice(i, i + batch)
            result = train_step(model, loss, optimizer, x[part], target[part])
            right += result.right
    return right / IMAGES


def measure(arguments: argparse.Namespace) -> Report:
    table = Table(
        f"{EPOCHS} epochs of {IMAGES} images",
        ["images per step", "steps", "seconds", "quartiles, ms", "published / ours", "accuracy at the end"],
        note=f"published: {PUBLISHED:.0f} s, loops in pure Python, on another machine.",
    )
    figures = {}
    with same_threads(arguments.threads):
        sides = {str(batch): timed(partial(train, batch)) for batch in BATCHES}
        times = alternate(sides, rounds=arguments.repeats)
        for batch in BATCHES:
            spread = times[str(batch)]["all"]
            ratio = PUBLISHED / spread.median
            figures[str(batch)] = {"seconds": vars(spread), "ratio": ratio}
            steps = EPOCHS * IMAGES // batch
            cells = f"{spread.median:.3f}", quartiles(spread), f"{ratio:,.0f}", f"{train(batch):.0%}"
            table.add(batch, steps, *cells)
    return Report([table], figures)


if __name__ == "__main__":
    main(__doc__, measure, 7)
