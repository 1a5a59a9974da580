"""What an import costs, and who may import whom: the floors of the house."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import chainrule

PACKAGE = Path(chainrule.__file__).parent
# each floor stands on those before it
FLOORS = (
    "functions", "kernels", "layers", "models", "training", "generation", "data", "doctor", "look", "recipes",
    "labs",
    "commands",
)  # fmt: skip
HEAVY = {
    "numba",
    "matplotlib",
    "sklearn",
    "scipy",
    "rich",
    "typer",
    "safetensors",
    "PIL",
    "torch",
    "pooch",
    "jaxtyping",
    "tokenizers",
    "babel",
    "sacrebleu",
}


def loaded_by(statement: str, submodules: bool = False) -> set[str]:
    """The modules that a fresh Python has loaded after this statement: the top-level ones, or all."""
    name = "name" if submodules else "name.partition('.')[0]"
    code = f"import sys; {statement}; print(*{{{name} for name in sys.modules}})"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    return set(ended.stdout.split())


def test_importing_chainrule_loads_next_to_nothing() -> None:
    assert not loaded_by("import chainrule; chainrule.__version__") & (HEAVY | {"numpy"})


@pytest.mark.parametrize("floor", ["functions", "layers", "models"])
def test_the_lower_floors_need_numpy_only(floor: str) -> None:
    others = loaded_by(f"import chainrule.{floor}") - set(sys.stdlib_module_names) - {"chainrule", "numpy"}
    # what Python loads by itself at its start: site customizations, editable installs, this very statement
    assert not others - loaded_by("pass")


@pytest.mark.parametrize(
    "statement",
    [
        "import chainrule.training",
        "import chainrule.generation",
        "import chainrule.data",
        "import chainrule.doctor",
        "import chainrule.look",
        "import chainrule.recipes.cnn",
    ],
)
def test_pictures_and_data_sets_are_loaded_when_they_are_used(statement: str) -> None:
    assert not loaded_by(statement) & (HEAVY - {"rich"})


def test_names_are_found_when_they_are_asked_for() -> None:
    assert {"functions", "layers", "training", "load", "save", "summary", "__version__"} <= set(
        dir(chainrule)
    )
    for name in chainrule.__all__:
        assert getattr(chainrule, name) is not None
    with pytest.raises(AttributeError, match="module 'chainrule' has no attribute 'leyers': there are "):
        chainrule.leyers  # noqa: B018


# ------------------------------------------------------------ the floors


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module) of every import in a file, also inside of functions, relative ones written out."""
    package = ("chainrule", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (above, node.module)))
            yield node.lineno, module
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_stands_on_those_below_it(floor: str) -> None:
    above = FLOORS[FLOORS.index(floor) + 1 :]
    forbidden = {"chainrule.cli", *(f"chainrule.{name}" for name in above)}
    wrong = [
        f"{path.relative_to(PACKAGE)}, line {line}: {module}"
        for path in sorted((PACKAGE / floor).rglob("*.py"))
        for line, module in imports(path)
        if ".".join(module.split(".")[:2]) in forbidden
    ]
    assert not wrong


@pytest.mark.parametrize("floor", FLOORS)
def test_no_file_asks_the_house_for_what_its_neighbors_have(floor: str) -> None:
    # `from chainrule import save` would go around the check above
    wrong = [
        f"{path.relative_to(PACKAGE)}, line {line}"
        for path in sorted((PACKAGE / floor).rglob("*.py"))
        for line, module in imports(path)
        if module == "chainrule"
    ]
    assert not wrong


@pytest.mark.parametrize("floor", ["doctor", "look"])
def test_those_who_look_at_foreign_code_know_none_of_ours(floor: str) -> None:
    # they take what has a forward and a backward, whoever made it
    known = {"functions", "doctor", "look"}
    wrong = [
        f"{path.relative_to(PACKAGE)}, line {line}: {module}"
        for path in sorted((PACKAGE / floor).rglob("*.py"))
        for line, module in imports(path)
        if module.startswith("chainrule.") and module.split(".")[1] not in known
    ]
    assert not wrong
    needed = loaded_by(f"import chainrule.{floor}", submodules=True)
    assert not {name for name in needed if name.startswith(("chainrule.layers", "chainrule.models"))}


def test_every_file_belongs_to_a_floor() -> None:
    outside = {path.name for path in PACKAGE.glob("*.py")}
    assert outside == {"__init__.py", "__main__.py", "cli.py"}
    floors = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert floors == set(FLOORS)


def test_this_test_would_notice() -> None:
    # data does use functions, and training layers: the list of imports is not empty by mistake
    assert "chainrule.layers.layer" in {module for _, module in imports(PACKAGE / "training" / "loop.py")}
    assert "chainrule.training.step" in {
        module for _, module in imports(PACKAGE / "training" / "loop.py")
    }  # relative
    assert "safetensors" in {
        module for _, module in imports(PACKAGE / "training" / "files.py")
    }  # inside a function
