"""One kind of edit in several statements at once: a mistake is often made more than once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import combinations

from ..allowance import Allowance
from .edited import Edited
from .edits import Edit

MOST_STATEMENTS, MOST_VARIANTS = 5, 3

# what kind of edit -> which statement -> the edits that can be made there
Kinds = dict[tuple[str, str], dict[ast.stmt, list[Edit]]]


def note(kinds: Kinds, edit: Edit) -> None:
    kinds.setdefault(edit.kind, {}).setdefault(edit.edited, []).append(edit)


def together(
    edited: Edited, kinds: Kinds, healed: list[str], allowance: Allowance, least: int = 1
) -> tuple[list[Edit], list[str]] | None:
    """Edits of one kind in at least so many statements that, made together, heal all that `healed` names, and
    more; and what they heal. None if none do: they are tried beside what is edited already.
    """
    best = None
    for statements in sorted(kinds.values(), key=len):
        for chosen in _choices(list(statements.values()), least):
            if allowance.spent():
                return best
            with ExitStack() as applied:
                for edit in chosen:
                    applied.enter_context(edit.exchange.holding(edit.exchange.new))
                now = edited.healed()
                if set(now) > set(healed) and edited.again(now):
                    best, healed = (chosen, now), now
            if set(healed) == set(edited.case.doubtful):
                return best
    return best


def _choices(statements: list[list[Edit]], least: int) -> Iterator[list[Edit]]:
    """Few statements first; in each, the first way of making the edit, then in each the second."""
    for size in range(least, min(len(statements), MOST_STATEMENTS) + 1):
        for some in combinations(statements, size):
            for variant in range(min(max(map(len, some)), MOST_VARIANTS)):
                yield [ways[min(variant, len(ways) - 1)] for ways in some]
