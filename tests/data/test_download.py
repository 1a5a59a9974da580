"""Downloads, against a server on this machine: good, corrupt, cut off, missing, and no server at all."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.progress import Progress

from chainrule.data import cache_folder, fetch

pytest.importorskip("pooch", reason="downloads need pooch")

CONTENT = bytes(range(256)) * 20
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OFFLINE = "http://127.0.0.1:9/"  # nobody listens there


class Handler(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        mirror = self.path.split("/")[1]
        self.send_response(404 if mirror == "missing" else 200)
        body = {"good": CONTENT, "cut": CONTENT[:3000], "corrupt": CONTENT[::-1]}.get(mirror, b"not here")
        self.send_header("Content-Length", str(len(CONTENT if mirror == "cut" else body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()
        thread.join()


def test_a_file_is_downloaded_once(server: str, tmp_path: Path) -> None:
    for _ in range(2):
        path = fetch([server + "good/"], "data.gz", SHA256, tmp_path / "mnist")
        assert path == tmp_path / "mnist" / "data.gz"
        assert path.read_bytes() == CONTENT
    assert Handler.asked == ["/good/data.gz"]


def test_a_damaged_file_in_the_cache_is_replaced(server: str, tmp_path: Path) -> None:
    (tmp_path / "data.gz").write_bytes(CONTENT[:100])
    assert fetch([server + "good/"], "data.gz", SHA256, tmp_path).read_bytes() == CONTENT


def test_mirrors_are_tried_in_order_until_one_has_it(server: str, tmp_path: Path) -> None:
    mirrors = [server + "missing/", server + "corrupt/", server + "good/", server + "never-asked/"]
    assert fetch(mirrors, "data.gz", SHA256, tmp_path).read_bytes() == CONTENT
    assert Handler.asked == ["/missing/data.gz", "/corrupt/data.gz", "/good/data.gz"]


@pytest.mark.parametrize("mirror", ["missing", "corrupt", "cut"])
def test_a_failed_download_leaves_nothing_behind(server: str, tmp_path: Path, mirror: str) -> None:
    with pytest.raises(OSError, match=f"data.gz could not be downloaded:\n.*{mirror}/data.gz"):
        fetch([f"{server}{mirror}/"], "data.gz", SHA256, tmp_path / "mnist")
    assert not list((tmp_path / "mnist").glob("*"))


def test_offline_it_says_what_to_do_instead(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"data\.gz could not be downloaded") as caught:
        fetch([OFFLINE], "data.gz", SHA256, tmp_path / "mnist")
    message = str(caught.value)
    assert OFFLINE + "data.gz" in message
    assert f"Put it into {tmp_path / 'mnist'}, or set CHAINRULE_DATA" in message
    assert "mnist/data.gz" in message


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("CHAINRULE_CACHE", raising=False)
    assert cache_folder() == Path("/home/ada/.cache/chainrule")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_folder() == Path("/caches/chainrule")
    monkeypatch.setenv("CHAINRULE_CACHE", "/own")
    assert cache_folder() == Path("/own")


def test_a_file_in_the_cache_needs_no_pooch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    (tmp_path / "data.gz").write_bytes(CONTENT)
    assert fetch([OFFLINE], "data.gz", SHA256, tmp_path) == tmp_path / "data.gz"
    with pytest.raises(ImportError, match=r"pip install 'chainrule\[train\]'"):
        fetch([OFFLINE], "other.gz", SHA256, tmp_path)


def test_one_bar_that_is_stopped_even_if_the_connection_breaks(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    for name in ("start", "stop"):
        original = getattr(Progress, name)
        monkeypatch.setattr(Progress, name, lambda self, n=name, f=original: (calls.append(n), f(self)))
    fetch([server + "cut/", server + "good/"], "data.gz", SHA256, tmp_path)
    assert calls == ["start", "stop", "start", "stop"]
