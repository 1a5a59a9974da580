"""What the commands take that do something with a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RunDirectory = Annotated[Path, typer.Argument(metavar="RUN", help="The directory of a run.")]
Weights = Annotated[
    str,
    typer.Option(help="'last': from the end of training; 'best': with the best figures on validation data."),
]
