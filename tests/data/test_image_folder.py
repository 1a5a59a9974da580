"""Folders of images, one folder per class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from chainrule.data import load_image_folder, read_image

Image = pytest.importorskip("PIL.Image", reason="images need Pillow")
pytest.importorskip("sklearn", reason="the split needs scikit-learn")


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def gray(brightness: int = 0, height: int = 4, width: int = 4) -> np.ndarray:
    return np.full((height, width), brightness, np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four gray images of each of two classes; their brightness tells which is which."""
    for label, name in enumerate(("cat", "dog")):
        for i in range(4):
            save(tmp_path / name / f"{i}.png", gray(100 * label + i))
    return tmp_path


def test_a_fixed_stratified_split(folder: Path) -> None:
    train, test = load_image_folder(folder)
    assert train.classes == ("cat", "dog")
    assert train.images.shape == (6, 1, 4, 4)
    assert train.images.dtype == np.uint8
    for part in (train, test):
        np.testing.assert_array_equal(part.images[:, 0, 0, 0] // 100, part.labels)
    assert np.bincount(test.labels).tolist() == [1, 1]
    np.testing.assert_array_equal(load_image_folder(folder).test.images, test.images)
    assert not np.intersect1d(train.images[:, 0, 0, 0], test.images[:, 0, 0, 0]).size


def test_folders_train_and_test(tmp_path: Path) -> None:
    for part, count in (("train", 3), ("test", 1)):
        for label, name in enumerate(("a", "b")):
            for i in range(count):
                save(tmp_path / part / name / f"{i}.png", gray(100 * label))
    train, test = load_image_folder(tmp_path)
    assert train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert test.images[:, 0, 0, 0].tolist() == [0, 100]


def test_train_and_test_must_have_the_same_classes(tmp_path: Path) -> None:
    for name in ("train/a", "train/b", "test/a", "test/c"):
        save(tmp_path / name / "0.png", gray())
    with pytest.raises(ValueError, match=r"'a', 'b'.*'a', 'c'"):
        load_image_folder(tmp_path)


def test_one_image_in_color_makes_all_of_them_rgb(folder: Path) -> None:
    save(folder / "cat" / "0.png", np.full((4, 4, 3), (255, 0, 0), np.uint8))
    train, test = load_image_folder(folder)
    everything = np.concatenate([train.images, test.images])
    assert everything.shape == (8, 3, 4, 4)
    assert [255, 0, 0] in everything[:, :, 0, 0].tolist()
    assert [101, 101, 101] in everything[:, :, 0, 0].tolist()


def test_different_sizes_need_a_size(folder: Path) -> None:
    save(folder / "dog" / "1.png", gray(height=5, width=7))
    with pytest.raises(ValueError, match=r"0.png is 4 x 4, but .*1.png is 7 x 5 pixels: pass size="):
        load_image_folder(folder)
    assert load_image_folder(folder, size=6).train.images.shape == (6, 1, 6, 6)


def test_other_files_and_hidden_folders_are_ignored(folder: Path) -> None:
    (folder / "README.md").write_text("my pets")
    (folder / "cat" / "notes.txt").write_text("purrs")
    (folder / ".thumbnails").mkdir()
    assert load_image_folder(folder).train.classes == ("cat", "dog")


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "tif", "webp"])
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # Pillow warns before it gives up on a TIFF
def test_a_truncated_image_is_named(folder: Path, suffix: str) -> None:
    path = save(
        folder / "dog" / f"broken.{suffix}", np.random.default_rng(0).integers(0, 255, (9, 9), np.uint8)
    )
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ValueError, match=f"broken.{suffix} is no image, or a damaged one"):
        load_image_folder(folder)


def test_what_is_no_image_is_named(folder: Path) -> None:
    (folder / "dog" / "page.png").write_text("<html>")
    with pytest.raises(ValueError, match=r"page.png is no image"):
        load_image_folder(folder)


def test_fewer_than_two_classes(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one folder per class, at least two, found none"):
        load_image_folder(tmp_path)
    save(tmp_path / "cat" / "0.png", gray())
    with pytest.raises(ValueError, match="found only 'cat'"):
        load_image_folder(tmp_path)


def test_an_empty_class_is_named(folder: Path) -> None:
    (folder / "mouse").mkdir()
    with pytest.raises(ValueError, match="mouse: there are no images in it"):
        load_image_folder(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_image_folder(tmp_path / "nowhere")


def test_one_image_is_converted_to_what_a_model_expects(tmp_path: Path) -> None:
    path = save(tmp_path / "red.png", np.full((10, 20, 3), (255, 0, 0), np.uint8))
    image = read_image(path, channels=3, height=4, width=6)
    assert image.shape == (3, 4, 6)
    assert image.dtype == np.uint8
    assert image[:, 0, 0].tolist() == [255, 0, 0]
    assert read_image(path, channels=1, height=10, width=20)[0, 0, 0] == 76  # 0.299 · 255


def test_what_is_transparent_becomes_white(tmp_path: Path) -> None:
    path = save(tmp_path / "clear.png", np.zeros((3, 3, 4), np.uint8))
    assert (read_image(path, channels=3, height=3, width=3) == 255).all()


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.png"):
        read_image(tmp_path / "gone.png", channels=1, height=3, width=3)


def test_a_photo_taken_upright_is_turned(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn me by 90 degrees", as cameras write it
    pixels = np.zeros((8, 16), np.uint8)
    pixels[:, 8:] = 255
    Image.fromarray(pixels).save(tmp_path / "photo.png", exif=exif)
    assert read_image(tmp_path / "photo.png", 1, 16, 8)[0, :, 0].tolist() == [0] * 8 + [255] * 8


def test_gray_with_transparency_stays_gray(folder: Path) -> None:
    Image.new("LA", (4, 4)).save(folder / "cat" / "0.png")
    assert load_image_folder(folder).train.images.shape == (6, 1, 4, 4)


def test_hidden_files_are_ignored(folder: Path) -> None:
    (folder / "cat" / "._0.png").write_bytes(b"what some systems leave beside a copied file")
    assert len(load_image_folder(folder).train) == 6
