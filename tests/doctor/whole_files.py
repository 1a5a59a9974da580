"""What `chainrule check FILE.py` says of a file, as plain data."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

from typer.testing import CliRunner

from chainrule.cli import app


def imported(folder: Path, text: str) -> Any:
    """The text as a module of its own."""
    path = folder / f"theirs_{folder.name}.py"
    path.write_text("import numpy as np\n" + dedent(text))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


class Checked:
    """findings: by name, (code, the line's text). tested: by name. not_started: names."""

    def __init__(self, folder: Path, text: str) -> None:
        path = folder / "theirs.py"
        path.write_text("import numpy as np\n" + dedent(text))
        lines = ["", *path.read_text().splitlines()]
        said: dict[str, Any] = json.loads(CliRunner().invoke(app, ["check", str(path), "--json"]).stdout)
        self.findings = {
            part["name"]: [(f["code"], lines[f["line"]].strip()) for f in part["findings"]]
            for part in said["checked"]
            if part.get("findings")
        }
        self.targets = {p["name"]: [f["targets"] for f in p.get("findings", ())] for p in said["checked"]}
        self.tested = {part["name"]: part.get("tested", [part.get("error")]) for part in said["checked"]}
        self.not_started = {part["name"]: part["why"] for part in said["not_started"]}
