"""The pages of docs/doctor: one for each code, and what their snippets claim is true."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.doctor.catalogue import CATALOGUE

DOCS = Path(__file__).parents[2] / "docs"
PAGES = DOCS / "doctor"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
INPUT = re.compile(r"(\w+) \(([\d, ]+)\)(?: of (\d+))?")
# their wrong code gives right numbers at a random point: what is wrong is something else
RIGHT_NUMBERS = {"mutates-upstream", "pool-ties-duplicated"}


def page(code: str) -> str:
    return (PAGES / f"{code}.md").read_text(encoding="utf-8")


def snippets(code: str) -> tuple[str, str]:
    """What stands before and what stands after the repair."""
    blocks = BLOCK.findall(page(code))
    return (
        next(block for block in blocks if block.startswith("# before\n")),
        next(block for block in blocks if block.startswith("# after\n")),
    )


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_code_has_a_page(code: str) -> None:
    lines = page(code).splitlines()
    assert lines[0] == f"# {code}"
    assert lines[2].startswith("**")  # what happened, in a sentence
    assert 22 <= len(lines) <= 66
    assert all(len(line) <= 120 for line in lines)
    if code != "gradient-mismatch":
        headings = [line[3:] for line in lines if line.startswith("## ")]
        assert headings == [
            "In training", "How the doctor knows", "Before and after", "Repair", "Told apart from",
        ]  # fmt: skip


def test_every_page_is_of_a_code() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} == {*CATALOGUE, "README", "benchmark", "tour"}


def test_the_index_has_them_all() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    for code in CATALOGUE:
        assert f"| [{code}]({code}.md) |" in index
    assert "(doctor/README.md)" in (DOCS / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.md")), ids=lambda path: path.stem)
def test_every_link_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(path.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (path.parent / link.partition("#")[0]).exists(), link


@pytest.mark.parametrize("code", CATALOGUE)
def test_snippets_are_python(code: str) -> None:
    for snippet in snippets(code):
        ast.parse(snippet)


# ---------------------------------------------------------------- snippets that say what their inputs are


def signature(snippet: str) -> str | None:
    """`def forward(x, W):    # x (4, 3), W (5, 3)`, where the snippet is a pair of functions."""
    return next((s for s in snippet.splitlines() if s.startswith("def forward(") and INPUT.search(s)), None)


PAIRS = [code for code in CATALOGUE if signature(snippets(code)[0])]


def test_there_are_many_pairs() -> None:
    assert len(PAIRS) >= 35


def inputs(line: str) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    for _, sizes, integers in INPUT.findall(line.partition("#")[2]):
        shape = tuple(int(size) for size in sizes.split(",") if size.strip())
        yield rng.integers(int(integers), size=shape) if integers else rng.normal(size=shape)


def numerical(forward: Callable[..., Any], arrays: list[np.ndarray], i: int, dy: np.ndarray) -> np.ndarray:
    """Central differences of sum(dy * y) for every number of input i."""
    gradient = np.zeros_like(arrays[i])
    for place in np.ndindex(arrays[i].shape):
        sides = []
        for step in (1e-6, -1e-6):
            moved = [a.copy() for a in arrays]
            moved[i][place] += step
            sides.append(np.sum(dy * forward(*moved)[0]))
        gradient[place] = (sides[0] - sides[1]) / 2e-6
    return gradient


def is_right(code: str, functions: dict[str, Any], line: str) -> bool:
    arrays = list(inputs(line))
    y, cache = functions["forward"](*arrays)
    dy = np.random.default_rng(1).normal(size=np.shape(y))
    wanted = [
        numerical(functions["forward"], arrays, i, dy) if a.dtype == float else None
        for i, a in enumerate(arrays)
    ]
    try:
        returned = functions["backward"](dy.copy(), cache)
    except ValueError:
        assert code == "backward-raises"
        return False
    gradients = returned if isinstance(returned, tuple) else (returned,)
    assert len(gradients) == len(arrays)
    return all(
        np.shape(a) == n.shape and np.allclose(a, n, rtol=1e-5, atol=1e-7)
        for a, n in zip(gradients, wanted, strict=True)
        if n is not None
    )


@pytest.mark.parametrize("code", PAIRS)
def test_before_is_wrong_and_after_is_right(code: str) -> None:
    before, after = snippets(code)
    functions: dict[str, Any] = {"np": np}
    line = signature(before)
    assert line is not None
    exec(before, functions)
    assert is_right(code, functions, line) == (code in RIGHT_NUMBERS)
    exec(after, functions)
    assert is_right(code, functions, line)
