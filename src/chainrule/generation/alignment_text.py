"""An alignment for the terminal: the darker, the more was looked at."""

from __future__ import annotations

from .alignment import Alignment

SHADES = " ░▒▓█"  # of a weight: below 1/8, 1/4, 1/2, 3/4, and above
LIMITS = (0.125, 0.25, 0.5, 0.75)
WIDEST = 12  # columns of the terminal that a token gets


def alignment_text(alignment: Alignment, width: int = 80) -> str:
    """Lines of at most `width` columns: source tokens across, target tokens below each other.

                 un  chien court </s>
            a    ███
            dog      ▓▓▓▓▓ ░░░░░
            runs           █████
            </s>                 ████

    A source that is wider is cut into several such blocks. Characters of double width, as Chinese has them,
    are counted as two columns. (Letters are in reading order; some terminals turn right-to-left scripts.)
    """
    from rich.cells import cell_len, set_cell_size

    def cut(token: str) -> str:
        return token if cell_len(token) <= WIDEST else set_cell_size(token, WIDEST - 1) + "…"

    source, target = [cut(token) for token in alignment.source], [cut(token) for token in alignment.target]
    margin = max(map(cell_len, target))
    widths = [max(1, cell_len(token)) for token in source]
    lines = []
    for block in _blocks(widths, width - margin):
        head = "".join(" " + set_cell_size(source[s], widths[s]) for s in block)
        rows = [
            set_cell_size(token, margin) + "".join(" " + widths[s] * _shade(weights[s]) for s in block)
            for token, weights in zip(target, alignment.weights.tolist(), strict=True)
        ]
        lines += [" " * margin + head, *rows, ""]
    return "\n".join(line.rstrip() for line in lines[:-1])


def _blocks(widths: list[int], room: int) -> list[list[int]]:
    """Columns that fit beside each other, a space before each; at least one."""
    blocks: list[list[int]] = [[]]
    left = room
    for s, width in enumerate(widths):
        if blocks[-1] and width + 1 > left:
            blocks.append([])
            left = room
        blocks[-1].append(s)
        left -= width + 1
    return blocks


def _shade(weight: float) -> str:
    return SHADES[sum(weight >= limit for limit in LIMITS)]
