"""The shapes that people write beside their arguments: `x: (batch, features)`, `x of shape (N, C, H, W)`,
`Float[Array, "batch time features"]`, `def forward(self, x):  # (B, T, D)`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

Symbols = tuple[str, ...]

_SHAPE = r"[(\[]\s*([\w\s,*'/+\-.…|]{1,60}?)\s*[)\]]"
_ITEM = re.compile(r"^[\w'*+\-/ .]{1,24}$")
_NO_SYMBOLS = re.compile(
    r"\b(the|of|a|is|are|and|or|default|optional|int|float|array|ndarray|tuple|list|str|bool)\b"
)

_SEVERAL = re.compile(r"(\s*(,|and|&)\s*\w+)+\s*:\s*(of )?(shape )?")  # q, k, v: (B, T, D)


def documented_shapes(name: str, function: Callable[..., Any], owner: type | None) -> list[Symbols]:
    """What docstrings, comments and annotations say of the shape of an argument, the nearest word first."""
    found: list[Symbols] = []
    annotation = _annotation(name, function)
    if annotation:
        found += _quoted(annotation)
    texts = [_doc(function), _header(function)]
    if owner is not None:
        texts += [_doc(owner), _doc(getattr(owner, "__init__", None))]
    for text in texts:
        if text:
            found += _named(name, text)
    for text in texts[:2]:
        if text and len(_arguments(function)) == 1:
            found += [s for s in _all(text)[:1] if s not in found]
    return list(dict.fromkeys(found))


def documented_symbols(owner: type) -> set[str]:
    """The names of axes in the docstrings of a class: what is called like one is a size."""
    texts = [_doc(owner), _doc(getattr(owner, "__init__", None))]
    return {symbol for text in texts if text for shape in _all(text) for symbol in shape}


def _annotation(name: str, function: Callable[..., Any]) -> str:
    value = getattr(inspect.unwrap(function), "__annotations__", {}).get(name, "")
    return value if isinstance(value, str) else str(value)


def _quoted(annotation: str) -> list[Symbols]:
    """`Float[Array, "batch channels *size"]`"""
    inside = re.findall(r"[\"']\s*([a-zA-Z_*][\w\s*.]*)[\"']", annotation)
    return [tuple(text.replace("*", "").split()) for text in inside if "Array" in annotation]


def _named(name: str, text: str) -> list[Symbols]:
    """Shapes that stand behind the name: `x: (B, T)`, `x (B, T)`, `- x: input data, of shape (N, D)`."""
    found = []
    pattern = rf"(?<![\w.]){re.escape(name)}(?!\w)(?P<between>[^()\[\]\n]{{0,60}}?){_SHAPE}"
    for match in re.finditer(pattern, text):
        between = match.group("between")
        if not _SEVERAL.fullmatch(between) and (
            "->" in between
            or ("=" in between and "shape" not in between)
            or re.search(r",\s*\w+\s*:", between)
        ):
            continue
        symbols = _symbols(match.group(2))
        if symbols:
            found.append(symbols)
    return found


def _all(text: str) -> list[Symbols]:
    return [s for inside in re.findall(_SHAPE, text) if len(s := _symbols(inside)) > 1]


def _symbols(inside: str) -> Symbols:
    items = [item.strip() for item in inside.split(",") if item.strip()]
    if not items or len(items) > 5 or not all(_ITEM.match(i) for i in items):
        return ()
    if any(_NO_SYMBOLS.search(i) for i in items) or any(i.count(" ") > 1 for i in items):
        return ()
    return tuple(i.lstrip("*") for i in items)


def _doc(thing: Any) -> str:
    doc = getattr(thing, "__doc__", None)
    return doc if isinstance(doc, str) and thing is not object else ""


def _header(function: Callable[..., Any]) -> str:
    """The lines of `def ...:` with their comments, without the names and defaults of the signature."""
    try:
        lines = inspect.getsourcelines(inspect.unwrap(function))[0]
    except (OSError, TypeError, IndentationError, SyntaxError):
        return ""
    end = next((i for i, line in enumerate(lines) if re.search(r":\s*(#.*)?$", line)), 0)
    comments = [line.partition("#")[2].strip() for line in lines[: end + 2]]
    named = []
    for line, comment in zip(lines[: end + 2], comments, strict=True):
        alone = re.match(r"^\s*(\w+)\s*(:[^=#]*)?(=[^#]*)?,?\s*#", line)  # one argument per line
        named.append(f"{alone.group(1)}: {comment}" if alone and comment else comment)
    return "\n".join(t for t in named if t)


def _arguments(function: Callable[..., Any]) -> list[str]:
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []
    return [n for n in names if n != "self"]
