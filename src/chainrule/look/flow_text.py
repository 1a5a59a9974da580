"""A gradient flow in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from .flow import GradientFlow, TimeFlow
from .show import number

_OF = {"state": "∂L/∂h[t]", "input": "∂L/∂x[t]", "output": "∂L/∂y[t]"}


def text(flow: GradientFlow) -> str:
    """Sentences first, then a table over depth, one over time, and the spectral radii."""
    loss = "" if flow.loss is None else f": loss {flow.loss:.4f}"
    parts = [f"gradient flow of {flow.name}{loss}", *_sentences(flow), "", *_depth(flow)]
    if flow.times:
        parts += ["", *_time(flow)]
    if flow.recurrent:
        rows = [[f"{m.name} {m.gate}".strip(), number(m.radius), number(m.norm)] for m in flow.recurrent]
        parts += ["", *_table(["recurrent weights", "spectral radius", "largest singular value"], rows)]
    return "\n".join([*parts, *flow.notes])


def _sentences(flow: GradientFlow) -> list[str]:
    said = [flow.sentence] if flow.time is None else [f"{flow.sentence} ({_place(flow.time)})"]
    if flow.depth_sentence and flow.depth_sentence != flow.sentence:
        said.append(flow.depth_sentence)
    return said


def _place(flow: TimeFlow) -> str:
    return f"{_OF[flow.of]} of {flow.path or flow.kind}"


def _depth(flow: GradientFlow) -> list[str]:
    rows = [
        [_name(layer.path, layer.kind), *map(_number, (layer.arriving, layer.leaving, layer.weights))]
        for layer in flow.layers
    ]
    return _table(["over depth", "‖∂L/∂y‖", "‖∂L/∂x‖", "‖∂L/∂w‖"], rows)


def _time(flow: GradientFlow) -> list[str]:
    rows = []
    for row in flow.times:
        rate = "" if row.growth is None else number(row.growth.rate)
        middle = row.norms[len(row.norms) // 2]
        ends = map(number, (row.norms[0], middle, row.norms[-1]))
        rows.append([_name(row.path, row.kind), _OF[row.of], *ends, rate])
    return _table(["over time", "norm of", "first step", "middle", "last step", "× per step back"], rows)


def _name(path: str, kind: str) -> str:
    return f"{path} {kind}".strip()


def _number(value: float | None) -> str:
    return "" if value is None else number(value)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in (headings, *rows)
    ]
