"""`request-update`, the bridge's installer, against answers as root's program writes them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.slots import runtime
from deploy.slots.disk import Disk
from tests.deploy.slots.box import Box, box

SCRIPT = Path(__file__).resolve().parents[3] / "systemd" / "request-update"
PATIENCE_S = 30.0


@pytest.fixture
def on(tmp_path: Path) -> Box:
    made = box(tmp_path / "box")
    (made.places.runtime / "update").write_text("")
    return made


@pytest.fixture
def asking(on: Box) -> Iterator[subprocess.Popen[str]]:
    """Started by a parent that lives on, as the bridge does."""
    child = subprocess.Popen([SCRIPT, on.places.runtime], stdout=subprocess.PIPE, text=True)
    yield child
    child.kill()
    child.communicate()


def until_asked(on: Box) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not runtime.asked(on.places):
        assert time.monotonic() < end_s
        time.sleep(0.01)


def answer(on: Box, text: str) -> None:
    runtime.answer(on.carrier(Disk()), text)


@pytest.mark.parametrize("text", ["refused: the card is full", "failed: 0.1.0.10 was taken back: x"])
def test_a_refusal_ends_it_with_the_reason(on: Box, asking: subprocess.Popen[str], text: str) -> None:
    until_asked(on)
    assert not runtime.asked(on.places)  # once only
    answer(on, text)
    assert asking.wait(PATIENCE_S) == 1
    assert asking.stdout is not None
    assert asking.stdout.read() == f"{text}\n"


def test_an_old_answer_is_none(on: Box) -> None:
    answer(on, "refused: last year")
    child = subprocess.Popen([SCRIPT, on.places.runtime], stdout=subprocess.PIPE, text=True)
    until_asked(on)
    answer(on, "waiting: a car charges")
    answer(on, "refused: today")
    said, _ = child.communicate(timeout=PATIENCE_S)
    assert said.splitlines()[-1] == "refused: today"
    assert "last year" not in said


def test_an_update_that_begins_ends_it_only_after_the_bridge(on: Box) -> None:
    """systemd sends SIGTERM to both at once: an installer that ended first would look as if it had failed."""
    bridge = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: None)\n"
        "installer = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, start_new_session=True)\n"
        "print(installer.pid, flush=True)\n"
        "sys.stdin.readline()\n"
        "print(installer.poll(), flush=True)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", bridge, SCRIPT, on.places.runtime],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert parent.stdout is not None
    installer = int(parent.stdout.readline())
    until_asked(on)
    answer(on, "installing 0.1.0.10")
    os.kill(installer, signal.SIGTERM)
    time.sleep(2.5)
    said, _ = parent.communicate("\n", timeout=PATIENCE_S)
    assert said.splitlines()[-1] == "None"  # it lived as long as the bridge
    end_s = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{installer}").exists() and time.monotonic() < end_s:
        time.sleep(0.05)
    assert not Path(f"/proc/{installer}").exists()


def test_the_bridge_s_word_is_read_through_no_link(on: Box, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("install")
    (on.places.runtime / "update").unlink()
    (on.places.runtime / "update").symlink_to(tmp_path / "precious")
    assert not runtime.asked(on.places)
    assert (tmp_path / "precious").read_text() == "install"


@pytest.mark.parametrize("word", ["", "\n", "format-disk\n", "install everything\n", "\xff" * 99])
def test_another_word_is_none(on: Box, word: str) -> None:
    (on.places.runtime / "update").write_text(word)
    assert not runtime.asked(on.places)
    assert not (on.places.runtime / "update").read_text() or not word.strip()


def test_our_answer_overwrites_nothing_by_a_link(on: Box, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    (on.places.runtime / "update-answer").symlink_to(tmp_path / "precious")
    answer(on, "refused: \n\x1b[2J")
    assert (tmp_path / "precious").read_text() == "x"
    said = runtime.last_answer(on.places)
    assert said.startswith("refused: ")
    assert said.isprintable()
