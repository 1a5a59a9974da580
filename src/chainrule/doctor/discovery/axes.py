"""Which axis is meant: the names that people give to axes, as the letters of `dims`."""

from __future__ import annotations

import re

Template = tuple[str, ...]

_BATCH = re.compile(r"^(n|b|m|bs|batch\w*|(n|num)_?(samples|examples|batch)|samples|examples|images|rows)$")
_TIME = re.compile(
    r"^(t|s|l|time\w*|seq\w*|len\w*|(n_?)?steps|tq|tgt\w*|tokens|t_x|positions?|words|frames)$"
)
_SOURCE = re.compile(r"^(tk|src\w*|source\w*|memory\w*|t_?k|keys)$")
_SIDE = re.compile(r"^(h|w|hh|ww|height|width|n_h\w*|n_w\w*|h_\w+|w_\w+|hi|wi|rows|cols|columns|y|x)$")
# what does not depend on the neighbors
_PLAIN = (
    ("A", re.compile(r"^(heads?|n_?heads?|num_?heads|a|nh)$")),
    ("h", re.compile(r"^(h|hidden\w*|hid|units|n_h|hs|n_?hidden|hidden_?size)$")),
    ("V", re.compile(r"^(v|vocab\w*|n_?words)$")),
    ("o", re.compile(r"^(o|out\w*|n_?out\w*)$")),
    ("k", re.compile(r"^(kh|kw|hh|ww|kernel\w*|k_?[hw12]|f_?h|f_?w)$")),
    ("K", re.compile(r"^(n_?classes|num_?classes|classes)$")),
)


def letters_of(symbols: tuple[str, ...], hints: set[str]) -> Template | None:
    """The letters for a shape that somebody wrote: ("N", "T", "2H") is B T 2h; None where it says nothing."""
    lower = [s.lower().strip("_ ") for s in symbols]
    if "..." in lower[1:-1]:  # (N, d_1, ..., d_k)
        lower = [lower[0], lower[-1]]
    if len(lower) == 4 and lower[0] == lower[1]:
        lower[:2] = ["k", "k"]
    is_image = len(lower) > 2 and any(re.match(r"^(w|width|ww|n_w\w*)$", s) for s in lower)
    letters: list[str] = []
    for place, symbol in enumerate(lower):
        if "..." in symbol or symbol in ("…", "*"):
            letters += ["B", "T"] if len(lower) == 2 else ["B"]
        elif (
            symbol in ("m", "n")
            and place == 1 == len(lower) - 1
            and re.match(r"^([nd]_|features?$|d$)", lower[0])
        ):
            letters.append("B")  # (n_x, m)
        elif symbol.isdigit():
            letters.append(symbol)
        elif re.search(r"[+*]|^\d\w", symbol):
            letters.append(_expression(symbol, hints))
        else:
            letters.append(_letter(symbol, place, len(lower), letters, is_image, hints))
    return tuple(letters) if letters and len(letters) <= 5 else None


def _expression(symbol: str, hints: set[str]) -> str:
    """`4*H`, `2H`, `F + H`: an expression of letters."""
    symbol = re.sub(r"^(\d)\s*(?=[a-z])", r"\1*", symbol.replace(" ", ""))
    parts = re.split(r"([+*])", symbol)
    return "".join(p if p in "+*" or p.isdigit() else _letter(p, 1, 2, [], False, hints) for p in parts if p)


def _letter(symbol: str, place: int, rank: int, before: list[str], is_image: bool, hints: set[str]) -> str:
    last = place == rank - 1
    if not symbol and rank == 4 and place >= 2:
        return "k" if "k" in before else "f"
    if is_image and _SIDE.match(symbol):
        return "W" if re.match(r"^(w|ww|n_w|c)", symbol) else "H"
    if _BATCH.match(symbol) and "B" not in before and not (symbol in ("n", "m") and last and place):
        return "B"
    if "C" in before and re.match(r"^n_c", symbol):
        return "F"
    if re.match(r"^(c|c_?in|cin|ch|chans?|n?_?channels?|in_?channels|n_c\w*|d?epth)$", symbol) and rank > 2:
        return "C"
    if "image" in hints and re.match(r"^(f|fn|filters|out_?channels|c_?out|cout|n_?filters|o|oc)$", symbol):
        return "F"
    if re.match(r"^(k|ks)$", symbol):
        return "k" if rank > 2 or "image" in hints else "K"
    if _SOURCE.match(symbol) or (symbol == "s" and "T" in before):
        return "S"
    if _TIME.match(symbol):
        return "L" if symbol.startswith("l") and "C" in before else "T" if "T" not in before else "S"
    return next((letter for letter, pattern in _PLAIN if pattern.match(symbol)), "f")
