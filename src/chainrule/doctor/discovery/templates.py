"""Axes that an argument may have, in the letters of `dims`, the most plausible first."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .axes import Template, letters_of
from .facts import Facts


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


# by themselves, as images, as sequences
_FREE = _list(
    "B f, B T f, f B, B C H W, f, T f, f 1, B C L, T B f, T f 1, B f T, B L C, B H W C, C H W, B H W, "
    "H W, H W C, B A T d, C L, L, T f B"
)
_IMAGE = _list(
    "B C H W, B H W C, C H W, B H W, H W, H W C, B C L, B L C, B f, C L, L, B 1 H W, f, f B, C H W B, 1 H W"
)
_SEQUENCE = _list(
    "B T f, T B f, T f, B f, T f 1, B C L, B f T, f T B, T f B, T 1 f, f 1, f, B A T d, C L, f B, f T, "
    "L, B L, T 1, B T, T B, B T 1"
)
_BY_ROLE: dict[str, tuple[str, ...]] = {
    "state": _list("B h, h B, h 1, h, N B h, 1 h, 1 B h"),
    "cell": _list("B h, h B, h 1, h, N B h, 1 h, 1 B h"),
    "memory": _list("B S f, B S h, S B f, B f, S f, f S, f"),
    "query": _list("B T f, B A T d, T f, B f, T B f, f"),
    "key": _list("B S f, B A S d, S f, B S h, S B f"),
    "bias": _list("o, h, f, 1 o, o 1, 1 h, h 1, 1 f, f 1, K, 4h, 3h, 4h 1, 1 4h, F, F 1, 1, K, V, C"),
    "scale": _list("f, 1 f, f 1, C, 1 C 1 1, 1 1 f, C 1 1, 1, o"),
    "adjacency": _list("T T"),
    "moments": _list("f, 1 f, f 1, B 1, C"),
    "running": _list("f, 1 f, C"),
    "kernel": _list("F C k k, F k k, k k, k k C F, F C k, k C F, k, F k, k f o"),
    "table": _list("V f, V h, f V"),
    "weight": _list(
        "f o, o f, f h, h h, h o, h f, o h, f 4h, h 4h, 4h f, 4h h, f 3h, h 3h, 3h f, 3h h, f f, f d, "
        "F C k k, F C k, k C F, f, h K, K h, h V, V h, f 3f, F k k, h 1, f 1, f+h h, h f+h, f+h 4h, "
        "4h f+h, f+h 3h"
    ),
}
_WITHOUT_BATCH = ("bias", "scale", "weight", "kernel", "running", "table")


def templates_for(
    name: str,
    roles: list[str],
    facts: Facts,
    documented: list[tuple[str, ...]],
    hints: set[str],
    named: Mapping[str, int],
) -> list[tuple[Template, float]]:
    """named: numbers of the object, which may stand in documented shapes."""
    found: list[tuple[Template, float]] = []
    for i, symbols in enumerate(documented):
        template = letters_of(symbols, hints)
        if template is not None and len(template) == len(symbols):  # (B, I, p) with the object's own p
            template = tuple(str(named.get(s, t)) for s, t in zip(symbols, template, strict=True))
        if template is not None:
            found.append((template, -4.0 + 0.5 * i))
    for i, symbols in enumerate(facts.symbols):
        template = letters_of(symbols, hints)
        if template is not None:
            found.append((template, -2.0 + 0.3 * i))
    if 5 in facts.ranks:  # volumes
        found += [(("B", "C", "T", "H", "W"), -1.0), (("B", "T", "H", "W", "C"), -0.8)]
    if facts.parts > 1:  # a layer of f for each of the parts
        found += [(("B", f"{facts.parts}f"), -1.0), (("B", "T", f"{facts.parts}f"), -0.5)]
    if "one each" in hints and roles[:1] in (["prediction"], ["labels"]):  # p[:, 0] beside y
        found.append((("B", "1") if "prediction" in roles else ("B",), -1.0))
    if "numbers" in hints:
        found.append((("B",), -1.0))
    role = next((r for r in roles if r in _BY_ROLE), "")
    if role in ("memory", "key"):  # as long as it likes, not as long as what asks it
        found = [(tuple("S" if axis == "T" else axis for axis in t), cost) for t, cost in found]
    if role == "weight" and facts.least == 3:  # a matrix for each output
        found += [(("o", "f", "f"), -1.0), (("o", "f", "h"), -0.8)]
    if role == "weight":
        by_name = _weight_by_name(name, hints)
        found += [(by_name, -1.0)] if by_name else []
    if "labels" in roles[:1]:
        found += [(("o", "B") if "columns" in hints else ("B", "o"), 0.7), (("B",), 1.7)]
    if role == "bias" and "two layers" in hints and re.match(r"^b(ias)?_?[12]$", name):
        letter = "h" if name.endswith("1") else "o"
        found.append(((letter, "1") if "columns" in hints else (letter,), -1.0))
    if role in ("scale", "running") and "norm of a layer" in hints:
        found.append((("F" if "image" in hints else "o",), -0.5))
    if role == "bias" and "state" in hints:
        found.append(((_gates(hints) + "h",), -1.0))
    if "columns" in hints:
        columns = {
            "state": ("h B",),
            "cell": ("h B",),
            "bias": ("o 1", "h 1"),
            "weight": ("o f", "h f", "h h"),
        }
        found += [(tuple(t.split()), -0.9 + 0.1 * i) for i, t in enumerate(columns.get(role, ()))]
    general = _IMAGE if "image" in hints else _SEQUENCE if "sequence" in hints else _FREE
    if "image" in roles:
        general = _IMAGE
    elif "sequence" in roles:
        general = _SEQUENCE
    if "signal" in roles:
        general = ("B L", "L", "B 1 L", "B L 1", *general)
    if "one column" in hints and not roles:
        found.append((("f", "1"), -1.0))
    if "column" in roles or ("columns" in hints and roles[:1] in ([], ["scores"])):
        found.append((("f", "B"), -1.0))
        found.append((("T", "f", "B"), -0.9))
    if "windows" in hints and not roles:  # weights (out, in, kernel) want channels before the length
        found.append((("B", "C", "L"), -0.5))
    if "state" in hints and not facts.iterated:  # one step of many
        general = ("B f", "f B", *general)
    own = _BY_ROLE.get(role, ())
    if "state" in hints and role == "weight":
        own = ("h f+h", "f+h h", *own)
    if not roles:
        general = (*general[:3], "B h", "B o", "h f", "o f", "f", "h", "o", *general[3:])
    if "image" in hints and role == "weight":
        own = (*_BY_ROLE["kernel"], *own)
    if "image" in hints and role == "bias":
        own = ("F", "F 1", "1 F 1 1", "1 1 1 F", "F 1 1", *own)
    found += [(tuple(t.split()), 0.4 * i) for i, t in enumerate(own)]
    if role not in _WITHOUT_BATCH:
        start = 3.0 if own else 0.0
        general = tuple(dict.fromkeys([*general, *_FREE, "B h", "B o", "T T"]))
        found += [(tuple(t.split()), start + 0.4 * i) for i, t in enumerate(general)]
    return found


def _weight_by_name(name: str, hints: set[str]) -> Template | None:
    """Wxh is (x, h), W_hy is (h, y); beside a hidden state, Wx is (x, gates * h) and Wh is (h, gates * h); of
    W1 and W2, the first is (x, h), the second (h, y).
    """
    if "two layers" in hints and re.match(r"^(W|w|weights?)_?[12]$", name):
        sizes = ("f", "h") if name.endswith("1") else ("h", "o")
        return sizes[::-1] if "columns" in hints else sizes
    match = re.match(r"^[WwUV]_?([xhyioa])_?([xhyoa])$", name)
    letter = {"x": "f", "i": "f", "h": "h", "a": "h", "y": "o", "o": "o"}
    if match:
        return (letter[match.group(1)], letter[match.group(2)])
    if "state" in hints and re.match(r"^(W|w)(_?(x|ih|in|xh))?$", name):
        return ("f", _gates(hints) + "h")
    if "state" in hints and re.match(r"^((W|w)_?(h|hh|rec)|U|R|V)$", name):
        return ("h", _gates(hints) + "h")
    return None


def _gates(hints: set[str]) -> str:
    """How many gates stand side by side in a weight: "" for one."""
    return next((h.removeprefix("gates ") for h in hints if h.startswith("gates ")), "")
