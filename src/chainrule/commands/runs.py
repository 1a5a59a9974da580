"""What the commands take that do something with a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

RunDirectory = Annotated[Path, typer.Argument(metavar="RUN", help="The directory of a run.")]
Weights = Annotated[
    str | None,
    typer.Option(
        help="'last': from the end of training; 'best': with the best figures on validation data; 'average': "
        "the mean of the last epochs, where a run keeps them. By default those of the run's result."
    ),
]
