"""A report as HTML, for notebooks.

All styles stand inside, so that it stays what it is wherever it is copied to. Text has the color of the page,
and backgrounds are half transparent, so that it suits light themes and dark ones.
"""

from __future__ import annotations

from html import escape

from .excerpt import Excerpt, SourceLine
from .report import Report, short_path
from .telling import Told, is_diff, not_tested, summary, tell

RED, AMBER, GREEN = "#e5484d", "#c98a00", "#2f9e5b"  # legible on white and on black
MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em"
BOX = (
    f"{MONO};color:inherit;background:rgba(128,128,128,.12);border-radius:4px;padding:.5em .8em;"
    "margin:.3em 0;overflow-x:auto"
)
GRAY = "opacity:.65"
MARKS = {"wrong": ("❯", RED), "right": ("✓", GREEN), "gap": ("", "")}


def as_html(report: Report) -> str:
    """The report as one <div>."""
    findings = "".join(_finding(told) for told in tell(report))
    color = f"color:{GREEN};font-weight:600" if report.ok else GRAY
    sign = "✓ " if report.ok else ""
    last = _div(sign + escape(summary(report)), color)
    untested = "".join(f"<li>{escape(what)}</li>" for what in not_tested(report))
    if untested:
        last += _div(f"not tested:<ul style='margin:.1em 0;padding-left:1.5em'>{untested}</ul>", GRAY)
    return _div(findings + last, "line-height:1.45;max-width:60em")


def _finding(told: Told) -> str:
    color = RED if told.proved else AMBER
    sign = "✗" if told.proved else "?"
    number = f"{told.number} " if told.number else ""
    doubt = "" if told.proved or "proved" in told.cause else " (not proved)"
    place = f": {escape(told.place)}" if told.place else ""
    cause = f"<b style='color:{color}'>{sign} {number}{escape(told.cause)}</b>{doubt}{place}"
    parts = [_div(cause, "font-size:1.05em")]
    if told.detail:
        proof = "proved" if told.proved else "not proved"
        parts.append(
            _div(f"<span style='color:{color}'>{proof}:</span> {escape(told.detail)}", "margin:.4em 0 0")
        )
    if told.evidence:
        figures = " · ".join(f"{escape(name)} <b>{escape(value)}</b>" for name, value in told.evidence)
        parts.append(_div(figures, "font-variant-numeric:tabular-nums"))
    if told.candidates:
        rows = "".join(f"<li>{escape(candidate)}</li>" for candidate in told.candidates)
        parts.append(
            _div(f"candidates, the likeliest first<ol style='margin:.1em 0'>{rows}</ol>", "margin:.4em 0 0")
        )
    if told.source is not None:
        parts.append(_source(told.source))
    if told.trail:
        parts.append(_div("; ".join(_code(said) for said in told.trail)))
    if told.fix:
        sure = "repair" if told.proved else "repair, if this is the cause"
        diff = is_diff(told.fix)
        lines = "\n".join(_fixed(line, diff) for line in told.fix)
        parts.append(f"{_div(sure, 'margin:.6em 0 0;font-weight:600')}<pre style='{BOX}'>{lines}</pre>")
    if told.hint:
        parts.append(_div(escape(told.hint), GRAY))
    return _div("".join(parts), f"border-left:3px solid {color};padding:.1em 0 .1em .8em;margin:.2em 0 1em")


def _source(source: Excerpt) -> str:
    inside = f", in {source.function}" if source.function else ""
    line = f", line {source.line}{inside}" if source.line else ""
    title = _div(f"{escape(short_path(source.file))}{escape(line)}", "margin:.6em 0 0;font-weight:600")
    if not source.lines:
        return title
    return f"{title}<pre style='{BOX}'>{chr(10).join(_source_line(line) for line in source.lines)}</pre>"


def _source_line(line: SourceLine) -> str:
    mark, color = MARKS.get(line.mark, ("", ""))
    if line.mark == "gap":
        return f"<span style='{GRAY}'>       ⋮</span>"
    begin, end = line.carets
    text = escape(line.text)
    if begin < end:
        wrong = f"<u style='text-decoration:underline wavy {RED}'>{escape(line.text[begin:end])}</u>"
        text = escape(line.text[:begin]) + wrong + escape(line.text[end:])
    code = f"<b>{text}</b>" if line.mark == "wrong" else text
    style = f" style='color:{color}'" if color else f" style='{GRAY}'"
    return f"<span{style}>{mark or ' '} {line.number:>5}</span>  {code}"


def _fixed(line: str, diff: bool) -> str:
    color = {"+": GREEN, "-": RED}.get(line[:1], "") if diff else ""
    return f"<span style='color:{color}'>{escape(line)}</span>" if color else escape(line)


def _code(text: str) -> str:
    """What stands between backticks as code."""
    parts = text.split("`")
    return "".join(
        f"<code>{escape(part)}</code>" if i % 2 and i < len(parts) - 1 else escape(part)
        for i, part in enumerate(parts)
    )


def _div(content: str, style: str = "") -> str:
    return f"<div style='{style}'>{content}</div>" if style else f"<div>{content}</div>"
