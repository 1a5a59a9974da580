"""Files of arrays: what was saved comes back, what is damaged is named, and what was there survives."""

from __future__ import annotations

import errno
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.layers import BatchNorm2d, Conv2d, Linear, ReLU, Sequential
from chainrule.training import load, save
from chainrule.training.files import load_with_metadata

ARRAYS = {
    "float32": np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3),
    "float64": np.full((3, 1, 2), np.pi),
    "float16": np.arange(4, dtype=np.float16),
    "int64": np.array([[-(2**40), 2**40]]),
    "uint8": np.arange(5, dtype=np.uint8),
    "bool": np.array([True, False, True]),
    "a single number": np.array(7),
    "nothing": np.zeros((0, 3), np.float32),
    "not finite": np.array([np.nan, np.inf, -np.inf, -0.0]),
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "every second, backwards": np.arange(10)[::-2],
    "big-endian": np.arange(3, dtype=">i4"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_values_shape_and_dtype_come_back(name: str, tmp_path: Path) -> None:
    save({name: ARRAYS[name]}, tmp_path / "arrays.safetensors")
    loaded = load(tmp_path / "arrays.safetensors")[name]
    np.testing.assert_array_equal(loaded, ARRAYS[name], strict=name != "big-endian")
    assert loaded.dtype == ARRAYS[name].dtype.newbyteorder("=")


def test_a_model_comes_back_with_its_statistics_and_its_counter(tmp_path: Path) -> None:
    model, other = (Sequential(Conv2d(1, 3, (2, 3)), BatchNorm2d(3)) for _ in range(2))
    _, cache = model.forward(np.random.default_rng(0).normal(size=(2, 1, 4, 5)).astype(np.float32))
    model.backward(np.ones((2, 3, 3, 3), np.float32), cache)
    model.update_running_statistics()
    save(model, tmp_path / "model.safetensors")
    other.load_state_dict(load(tmp_path / "model.safetensors"))
    assert other.state_dict()["1.num_batches_tracked"] == 1
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], array)


def test_tied_weights_are_written_under_each_name(tmp_path: Path) -> None:
    first, second = Linear(4, 4), Linear(4, 4)
    second.weight = first.weight
    save(Sequential(first, ReLU(), second), tmp_path / "tied.safetensors")
    loaded = load(tmp_path / "tied.safetensors")
    assert sorted(loaded) == ["0.bias", "0.weight", "2.bias", "2.weight"]
    np.testing.assert_array_equal(loaded["0.weight"], loaded["2.weight"])


def test_texts_stand_beside_the_arrays(tmp_path: Path) -> None:
    save({"a": np.zeros(2)}, tmp_path / "a.safetensors", {"progress": '{"step": 3}', "Straße": "ok"})
    assert load_with_metadata(tmp_path / "a.safetensors").metadata == {
        "progress": '{"step": 3}',
        "Straße": "ok",
    }


def test_pytorch_reads_it(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    from safetensors.torch import load_file

    model = Sequential(Conv2d(2, 3, (3, 2)), BatchNorm2d(3))
    save(model, tmp_path / "model.safetensors")
    theirs = torch.nn.Sequential(torch.nn.Conv2d(2, 3, (3, 2)), torch.nn.BatchNorm2d(3))
    theirs.load_state_dict(load_file(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(theirs[0].weight.detach().numpy(), model.state_dict()["0.weight"])


def test_what_pytorch_wrote_is_read(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    from safetensors.torch import save_file

    save_file({"a": torch.arange(6.0).reshape(3, 2)}, tmp_path / "theirs.safetensors")
    np.testing.assert_array_equal(load(tmp_path / "theirs.safetensors")["a"], [[0, 1], [2, 3], [4, 5]])
    save_file({"a": torch.ones(2, dtype=torch.bfloat16)}, tmp_path / "theirs.safetensors")
    with pytest.raises(ValueError, match=r"theirs\.safetensors .*bfloat16"):  # NumPy has no such dtype
        load(tmp_path / "theirs.safetensors")


# ------------------------------------------------------------ damaged files


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    save({"a": np.arange(6.0).reshape(2, 3), "b": np.array(3)}, path, {"progress": json.dumps({"epoch": 3})})
    return path


@pytest.mark.parametrize("keep", [0, 1, 7, 8, 50, -9, -1])
def test_a_truncated_file_is_named(saved: Path, keep: int) -> None:
    saved.write_bytes(saved.read_bytes()[:keep])
    with pytest.raises(
        ValueError, match=r"weights\.safetensors is truncated or no safetensors file \(\d+ bytes\)"
    ):
        load(saved)


def test_one_wrong_byte_anywhere_is_noticed(saved: Path) -> None:
    whole = saved.read_bytes()
    expected = load_with_metadata(saved)
    harmless = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        saved.write_bytes(damaged)
        try:
            arrays, texts = load_with_metadata(saved)
        except ValueError as error:
            assert "weights.safetensors" in str(error)  # noqa: PT017 (most places raise, but not all)
            continue
        # the name of the checksum itself: nothing that it protects is touched
        harmless += 1
        assert texts["progress"] == expected.metadata["progress"]
        for name, array in expected.arrays.items():
            np.testing.assert_array_equal(arrays[name], array, strict=True)
    assert harmless <= len("chainrule.checksum")


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps({"a": [1.0]}),
        b"PK\x03\x04" + bytes(60),
        b"\x89PNG\r\n\x1a\n" + bytes(60),
        b'{"a": 1}' * 9,
    ],
    ids=["pickle", "zip", "png", "json"],
)
def test_foreign_files_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "foreign.bin").write_bytes(content)
    with pytest.raises(ValueError, match=r"foreign\.bin is truncated or no safetensors file"):
        load(tmp_path / "foreign.bin")


def test_a_pickle_is_never_executed(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "executed",))

    (tmp_path / "trap.safetensors").write_bytes(pickle.dumps({"weight": Trap()}))
    with pytest.raises(ValueError, match=r"trap\.safetensors"):
        load(tmp_path / "trap.safetensors")
    assert not (tmp_path / "executed").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no file .*none\.safetensors"):
        load(tmp_path / "none.safetensors")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        load(tmp_path)  # a folder


# ------------------------------------------------------------ what was there survives


def test_a_full_disk_keeps_the_old_file_and_leaves_nothing_else(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()
    write = Path.write_bytes

    def half_then_full(path: Path, content: bytes) -> int:
        write(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half_then_full)
    with pytest.raises(
        OSError, match=r"weights\.safetensors could not be written \(No space left on device\)"
    ) as raised:
        save({"a": np.zeros(1000)}, saved)
    assert raised.value.errno == errno.ENOSPC
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == ["weights.safetensors"]


def test_an_accident_before_the_renaming_keeps_the_old_file(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def fail(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(KeyboardInterrupt):
        save({"a": np.zeros(5)}, saved)
    assert saved.read_bytes() == before
    assert [p.name for p in saved.parent.iterdir()] == ["weights.safetensors"]


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    save({"a": np.zeros(2)}, tmp_path / "new" / "folder" / "a.safetensors")
    assert load(tmp_path / "new" / "folder" / "a.safetensors")["a"].shape == (2,)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken.safetensors").mkdir()
    with pytest.raises(OSError, match=r"taken\.safetensors could not be written"):
        save({"a": np.zeros(2)}, tmp_path / "taken.safetensors")
    assert [p.name for p in tmp_path.iterdir()] == ["taken.safetensors"]
