"""Downloads: into a cache, with a progress bar, checked by their SHA-256; a broken one never takes the file's
name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .extras import require


def cache_folder() -> Path:
    """$CHAINRULE_CACHE, else chainrule in $XDG_CACHE_HOME, else ~/.cache/chainrule."""
    if own := os.environ.get("CHAINRULE_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chainrule"


def shared_folder(name: str) -> Path | None:
    """$CHAINRULE_DATA/name, where people keep the data sets they have already; None if it is not set."""
    root = os.environ.get("CHAINRULE_DATA")
    return Path(root) / name if root else None


def locate(folder: str, filename: str, mirrors: Sequence[str], sha256: str) -> Path:
    """$CHAINRULE_DATA/folder/filename if it is there, else the file in the cache, where `fetch` brings it."""
    shared = shared_folder(folder)
    if shared is not None and (shared / filename).is_file():
        return shared / filename
    return fetch(mirrors, filename, sha256, cache_folder() / folder)


def locate_folder(folder: str, mirrors: Sequence[str], sha256: Mapping[str, str]) -> Path:
    """$CHAINRULE_DATA/folder if it is there, else that of the cache, with the files of these checksums."""
    shared = shared_folder(folder)
    if shared is not None and shared.is_dir():
        return shared
    for filename, checksum in sha256.items():
        fetch(mirrors, filename, checksum, cache_folder() / folder)
    return cache_folder() / folder


def fetch(mirrors: Sequence[str], filename: str, sha256: str, folder: Path) -> Path:
    """The file in the cache; if it is not there (or damaged), it is downloaded from the first mirror that has
    it.

    Raises OSError that says what was tried and what to do instead.
    """
    if _is_intact(folder / filename, sha256):
        return folder / filename
    pooch = require("pooch", f"downloading {filename}")
    pooch.get_logger().setLevel("ERROR")
    problems = []
    for mirror in mirrors:
        bar = _Bar(filename)
        downloader = pooch.HTTPDownloader(progressbar=bar, timeout=30)
        try:
            return Path(
                pooch.retrieve(mirror + filename, f"sha256:{sha256}", filename, folder, downloader=downloader)
            )
        except (
            OSError,
            ValueError,
        ) as error:  # requests' errors are OSErrors; a wrong checksum is a ValueError
            problems.append(f"  {mirror}{filename}: {_first_line(error)}")
        finally:
            bar.stop()  # pooch does not if the connection breaks: the cursor would stay hidden
    raise OSError(
        f"{filename} could not be downloaded:\n"
        + "\n".join(problems)
        + f"\nPut it into {folder}, or set CHAINRULE_DATA to a "
        f"folder with {folder.name}/{filename} in it, "
        "or pass the path of your own files."
    )


def _is_intact(path: Path, sha256: str) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


class _Bar:
    """What pooch asks of a progress bar (total, update, reset, close), shown by rich."""

    def __init__(self, filename: str) -> None:
        self.filename, self.total = filename, 0
        self.progress: Any = None

    def update(self, size: int) -> None:
        if self.progress is None:
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

            self.progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                console=Console(stderr=True),  # stdout is for results
            )
            self.task = self.progress.add_task(self.filename, total=self.total)
            self.progress.start()
        self.progress.advance(self.task, size)

    def reset(self) -> None:
        """pooch calls this, then update(total), when the download has ended: the same bar, filled exactly."""
        if self.progress is not None:
            self.progress.update(self.task, completed=0)

    def close(self) -> None:
        self.stop()

    def stop(self) -> None:
        if self.progress is not None:
            self.progress.stop()
            self.progress = None
