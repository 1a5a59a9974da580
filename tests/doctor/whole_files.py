"""What `chainrule check FILE.py` says of a file, as plain data."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

from typer.testing import CliRunner

from chainrule.cli import app


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
