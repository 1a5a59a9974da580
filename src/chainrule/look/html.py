"""A trace in a notebook."""

from __future__ import annotations

from html import escape

from .lines import Line, Trace
from .show import HEADINGS, cells, messages, title

_LEFT = (0, 1, 2, 5, 9)


def table(trace: Trace) -> str:
    """An HTML table, with the styles inside so that it stays what it is wherever it is copied to."""
    head = "".join(f"<th style='text-align:{_align(i)}'>{text}</th>" for i, text in enumerate(HEADINGS))
    body = "".join(_row(line) for line in trace.lines)
    below = "".join(f"<div>{escape(text)}</div>" for text, _ in messages(trace))
    return (
        f"<div><div><b>{escape(title(trace))}</b></div>"
        f"<table style='font-variant-numeric:tabular-nums'><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{below}</div>"
    )


def _row(line: Line) -> str:
    arrow, *rest = cells(line)
    indent = f"padding-left:{line.depth}em"
    name = f"{escape(line.path)} <span style='opacity:.6'>{escape(line.kind)}</span>"
    texts = [
        f"<td style='text-align:{_align(i)};white-space:pre'>{escape(text)}</td>"
        for i, text in enumerate(rest, start=2)
    ]
    color = "" if line.is_finite and not line.error else " style='color:#c00'"
    return (
        f"<tr{color}><td title='{line.phase}'>{arrow}</td>"
        f"<td style='text-align:left;{indent}'>{name}</td>{''.join(texts)}</tr>"
    )


def _align(column: int) -> str:
    return "left" if column in _LEFT else "right"
