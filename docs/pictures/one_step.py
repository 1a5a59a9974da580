"""Draws docs/pictures/one_step.png: one step of a trained network, forward and backward, every number of it.

python docs/pictures/one_step.py RUN           RUN: a run of `chainrule train cnn --data mnist`
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from chainrule.functions import cross_entropy, cross_entropy_backward, softmax
from chainrule.recipes.cnn import CNNConfig, prepare
from chainrule.recipes.trained import load_trained
from chainrule.training import Run

run = Run.open(sys.argv[1])
model = load_trained(run).model
experiment = prepare(CNNConfig(**run.config))
x, labels = experiment.test.inputs, experiment.test.labels
# the test image that the network is least sure of, and still gets right
logits = np.concatenate([model(part) for part, _ in experiment.test])
probabilities, _ = softmax(logits)
sure = probabilities[np.arange(len(labels)), labels]
chosen = int(np.argmin(np.where(logits.argmax(-1) == labels, sure, 1)))
image, label = x[chosen : chosen + 1], labels[chosen : chosen + 1]

# forward, layer by layer
outputs, caches = [image], []
for layer in model:
    y, cache = layer.forward(outputs[-1])
    outputs.append(y)
    caches.append(cache)
loss, _, loss_cache = cross_entropy(outputs[-1], label)
# backward, the same way back
dy, *_ = cross_entropy_backward(np.float32(1), loss_cache)
gradients = [dy]
for layer, cache in zip(reversed(list(model)), reversed(caches), strict=True):
    gradients.append(layer.backward(gradients[-1], cache))
gradients.reverse()

names = ("image", "conv 32", "relu, pool", "conv 64", "relu, pool", "logits")
stages = list(zip(names, (0, 1, 3, 4, 6, len(outputs) - 1), strict=True))
figure = Figure(figsize=(12, 4.6), dpi=120, layout="constrained")
grid = figure.subplots(2, len(stages), width_ratios=[1.1, 1.35, 1.35, 1.35, 1.35, 1.0])


def mosaic(maps: np.ndarray, columns: int) -> np.ndarray:
    """The first columns x columns maps, side by side with a line between them."""
    count, height, width = maps.shape
    rows = -(-min(count, columns * columns) // columns)
    canvas = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for i, one in enumerate(maps[: rows * columns]):
        r, c = divmod(i, columns)
        canvas[r * (height + 1) : r * (height + 1) + height, c * (width + 1) : c * (width + 1) + width] = one
    return canvas


ways = ((outputs, "forward →", "magma"), (gradients, "← backward", "RdBu"))
for row, (arrays, title, colors) in enumerate(ways):
    for axes, (name, index) in zip(grid[row], stages, strict=True):
        values = arrays[index][0]
        if values.ndim == 1:
            shade = ["tab:green" if i == label[0] else "tab:gray" for i in range(10)]
            axes.barh(range(10), values, color=shade)
            axes.set_yticks(range(10))
            axes.invert_yaxis()
            axes.set_xticks([])
        else:
            axes.axis("off")
            canvas = mosaic(values, 1 if len(values) == 1 else 4)
            limit = np.nanmax(np.abs(canvas))
            low = -limit if row else np.nanmin(canvas)
            shown_in = "gray_r" if len(values) == 1 and not row else colors
            axes.imshow(canvas, cmap=shown_in, vmin=low, vmax=limit)
        shape = " x ".join(map(str, arrays[index].shape[1:]))
        axes.set_title(f"{name}\n{shape}" if row == 0 else f"∂L/∂ {name}", fontsize=9)
    first = grid[row][0]
    place = {"transform": first.transAxes, "va": "center", "ha": "right"}
    first.text(-0.08, 0.5, title, rotation=90, fontsize=12, **place)
figure.suptitle(
    f"One training step, and every number in it: a {label[0]} that is nearly taken for a "
    f"{int(np.argsort(outputs[-1][0])[-2])}  (loss {float(loss):.3f})",
    fontsize=11,
)
figure.savefig(Path(__file__).with_suffix(".png"))
