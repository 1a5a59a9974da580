"""Files of arrays: safetensors, written to a temporary name and renamed, with a checksum inside; never
pickle.

A file is either the old one or the new one, whenever the power fails. PyTorch reads it with
safetensors.torch.load_file.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers.layer import Layer

CHECKSUM = "chainrule.checksum"


class Loaded(NamedTuple):
    arrays: dict[str, Array]
    metadata: dict[str, str]


def save(
    model: Layer | Mapping[str, Array], path: str | Path, metadata: Mapping[str, str] | None = None
) -> None:
    """Writes a model's state dict, or any dict of arrays, to a safetensors file.

    Raises OSError, naming the file, if it cannot be written (a full disk, say); what stood there before is
    then intact.
    """
    from safetensors.numpy import save as to_bytes

    state = model.state_dict() if isinstance(model, Layer) else model
    # asarray, because ascontiguousarray turns a single number, shape (), into shape (1,)
    arrays = {n: np.asarray(a, a.dtype.newbyteorder("="), order="C") for n, a in state.items()}
    texts = dict(metadata or {})
    content = to_bytes(arrays, {**texts, CHECKSUM: _checksum(arrays, texts)})
    with atomic(path) as temporary:
        temporary.write_bytes(content)


def load(path: str | Path) -> dict[str, Array]:
    """Reads a safetensors file: `model.load_state_dict(chainrule.load(path))`.

    Raises FileNotFoundError, or ValueError if the file is truncated, damaged, or no safetensors file.
    """
    return load_with_metadata(path).arrays


def load_with_metadata(path: str | Path) -> Loaded:
    """As `load`, and the texts that were stored beside the arrays."""
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            metadata = dict(file.metadata() or {})
    except (SafetensorError, TypeError) as error:  # TypeError: a dtype that NumPy does not have
        raise ValueError(
            f"{path} is truncated or no safetensors file ({path.stat().st_size} bytes): {error}"
        ) from None
    expected = metadata.pop(CHECKSUM, None)
    if expected is not None and expected != _checksum(arrays, metadata):
        raise ValueError(
            f"{path} is damaged: its contents do not match the checksum that was stored with them"
        )
    return Loaded(arrays, metadata)


@contextmanager
def atomic(path: str | Path, exclusive: bool = False) -> Iterator[Path]:
    """A temporary file beside `path`; it takes the name `path` when the block ends well, and vanishes when it
    does not.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        yield temporary
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        if exclusive:
            os.link(temporary, path)  # fails if the name is taken, even by another process at this moment
        else:
            temporary.replace(path)
    except FileExistsError:
        raise
    except OSError as error:
        raise OSError(
            error.errno, f"{path} could not be written ({error.strerror or error}); what was there is intact"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _checksum(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
