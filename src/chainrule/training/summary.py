"""summary(model, input): what a model is made of, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers.conv2d import Conv2d
from chainrule.layers.layer import Layer
from chainrule.layers.linear import Linear
from chainrule.layers.multihead_attention import MultiheadAttention
from chainrule.layers.randomness import randomness
from chainrule.layers.recurrent import Recurrent

from .wrapping import wrapped_forwards


@dataclass(frozen=True)
class Row:
    """One call of one layer."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int  # counted at the first layer that holds them
    multiply_adds: int  # of one forward of this batch; counted for linear, convolution and recurrent layers
    cache_bytes: int  # what forward keeps for backward


@dataclass(frozen=True)
class Summary:
    """`print(summary(model, x))` shows a table; `rows` and the totals are for programs."""

    rows: tuple[Row, ...]
    parameters: int
    trainable: int
    input_shape: tuple[int, ...]

    @property
    def multiply_adds(self) -> int:
        return sum(row.multiply_adds for row in self.rows)

    @property
    def cache_bytes(self) -> int:
        return sum(row.cache_bytes for row in self.rows)

    def __str__(self) -> str:
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, header_style="bold", pad_edge=False)
        for column in ("layer", "kind", "output shape", "parameters", "multiply-adds", "kept for backward"):
            table.add_column(column, justify="left" if column in ("layer", "kind") else "right")
        for row in self.rows:
            counts = (f"{row.parameters:,}", f"{row.multiply_adds:,}")
            cells = (c if c != "0" else "" for c in counts)
            shape = " x ".join(map(str, row.output_shape))
            table.add_row(
                row.name, row.kind, shape, *cells, _bytes(row.cache_bytes) if row.cache_bytes else ""
            )
        console = Console(width=140, color_system=None)  # paths of layers are long
        with console.capture() as capture:
            console.print(table)
        frozen = (
            f" ({self.parameters - self.trainable:,} of them frozen)"
            if self.trainable < self.parameters
            else ""
        )
        return (
            f"{capture.get().rstrip()}\n\n"
            f"input {' x '.join(map(str, self.input_shape))}; {self.parameters:,} parameters{frozen}, "
            f"{_bytes(4 * self.parameters)} in float32; {self.multiply_adds:,} multiply-adds forward; "
            f"{_bytes(self.cache_bytes)} kept for backward"
        )


def summary(model: Layer, x: Any) -> Summary:
    """Runs one forward of the batch x and writes down every layer that has no layers inside, or parameters of
    its own: shape, parameters, cost, memory.

    x: an array, or a tuple of all that forward takes. Of several outputs the first one's shape is shown: of a
    recurrent layer, that of its output and not of its state. An array that two caches hold is counted once.
    The model is left as it was.
    """
    rows: list[Row | None] = []  # in the order in which the layers were called
    seen_parameters: set[int] = set()
    seen_arrays: dict[int, Array] = {
        id(p.data): p.data for p in model.parameters()
    }  # weights are no extra memory

    def look(path: str, layer: Layer, forward: Any, *args: Any, **kwargs: Any) -> Any:
        inside = [child for _, child in layer.named_children()]
        of_children = {id(p) for child in inside for p in child.parameters()}
        own = [p for p in layer.parameters() if id(p) not in of_children]
        if inside and not own:
            return forward(*args, **kwargs)
        place = len(rows)
        rows.append(None)
        y, cache = forward(*args, **kwargs)
        output = y[0] if isinstance(y, tuple) else y
        new = [p for p in own if id(p) not in seen_parameters]
        seen_parameters.update(map(id, new))
        rows[place] = Row(
            path,
            type(layer).__name__,
            tuple(output.shape),
            sum(p.size for p in new),
            _multiply_adds(layer, output, cache),
            _new_bytes(cache, seen_arrays),
        )
        return y, cache

    inputs = x if isinstance(x, tuple) else (x,)
    with wrapped_forwards(model, look), randomness(seed=0):  # no draw is taken from the model's own
        model.forward(*inputs)
    parameters = list(model.parameters())
    trainable = sum(p.size for p in parameters if p.requires_grad)
    found = tuple(row for row in rows if row is not None)
    return Summary(found, sum(p.size for p in parameters), trainable, tuple(inputs[0].shape))


def _multiply_adds(layer: Layer, y: Array, cache: Any) -> int:
    """Every output of a linear or convolution layer is a sum of as many products as one row of its weight is
    long. A recurrent layer multiplies by all of its matrices at each step of each sample. Attention projects
    what it is given, compares every query with every key, and takes a mean of all values for each query; its
    last projection is a layer of its own.
    """
    if isinstance(layer, MultiheadAttention):
        keys, values = cache.past
        queries, source = y.size // y.shape[-1], keys.shape[-2]
        projected = queries * layer.embed_dim * layer.num_heads * layer.d_k
        projected += keys.size * layer.kdim + values.size * layer.vdim
        return int(projected + queries * source * layer.num_heads * (layer.d_k + layer.d_v))
    if isinstance(layer, Linear | Conv2d):
        return int(y.size) * layer.weight.size // layer.weight.shape[0]
    if isinstance(layer, Recurrent):
        matrices = sum(p.size for p in layer.parameters() if len(p.shape) == 2)
        return int(y.size) // int(y.shape[-1]) * matrices
    return 0


def _new_bytes(cache: Any, seen: dict[int, Array]) -> int:
    """Bytes of the arrays in a cache, at any depth; a view counts as the array that owns its memory, and only
    once.
    """
    if isinstance(cache, np.ndarray):
        while isinstance(cache.base, np.ndarray):
            cache = cache.base
        if id(cache) in seen:
            return 0
        seen[id(cache)] = cache  # kept alive, so that no other array gets its id
        return int(cache.nbytes)
    if isinstance(cache, dict):
        cache = tuple(cache.values())
    return sum(_new_bytes(item, seen) for item in cache) if isinstance(cache, tuple | list) else 0


def _bytes(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
