"""The code of a stop as text: what stands in the file, and how the repaired twin differs from it."""

from __future__ import annotations

import difflib
import inspect
import re
import textwrap
from typing import Any

GAP = "  ..."
CONTEXT = 1  # lines around a change


def code_of(shown: Any) -> str:
    """The source of a class or function."""
    return textwrap.dedent(inspect.getsource(shown)).rstrip()


def owner_of(shown: Any) -> str:
    """`Attention` of `Attention.backward`."""
    return str(shown.__qualname__).rpartition(".")[0] or str(shown.__name__)


def repair_of(faulty: Any, repaired: Any) -> list[str]:
    """The difference, line by line: "+ ...", "- ...", "  ...", GAP between its parts."""
    new = re.sub(rf"\b{owner_of(repaired)}\b", owner_of(faulty), code_of(repaired))
    lines = difflib.unified_diff(code_of(faulty).split("\n"), new.split("\n"), n=CONTEXT, lineterm="")
    found: list[str] = []
    for line in list(lines)[2:]:
        if line.startswith("@@"):
            if found:
                found.append(GAP)
        elif line.strip():
            found.append(f"{line[0]} {line[1:]}".rstrip())
    return found
