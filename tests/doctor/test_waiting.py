"""The line for whoever waits: what is asked now, in a terminal only."""

import io
import sys
import time

import pytest

from chainrule.doctor import waiting as module
from chainrule.doctor.quiet import quietly
from chainrule.doctor.waiting import now, waiting


@pytest.fixture
def stream(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(module, "_terminal", lambda: stream)
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    return stream


def shown(stream, text):
    """Whether it appears within two seconds."""
    until = time.monotonic() + 2
    while text not in stream.getvalue() and time.monotonic() < until:
        time.sleep(0.02)
    return text in stream.getvalue()


def test_what_is_asked_is_shown(stream, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    before = sys.stdout
    with waiting("checking Dense"), quietly():
        now("layers.0: structure")
        with waiting("checking something inside"):
            assert shown(stream, "layers.0: structure")
        inside = sys.stdout
        print("not shown")
    assert inside is not before
    assert sys.stdout is before
    assert "checking Dense" in stream.getvalue()
    assert "not shown" not in stream.getvalue()


def test_who_is_quick_shows_nothing(stream, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 60)
    with waiting("checking Dense"):
        now("structure")
    assert not stream.getvalue()


def test_no_terminal_no_line(capfd):
    with waiting("checking Dense"):
        now("structure")
        assert not module._listeners
    assert capfd.readouterr().err == ""
