"""`evse-bridge status --watch` on a terminal: it draws, waits for a bridge, and gives the terminal back."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE_S = 60.0
BEGIN, END = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
DRAWN = b"\x1b[J"  # the last of each screen


def read_until(terminal: int, mark: bytes) -> bytes:
    """What came up to this mark. Raises AssertionError when nothing more comes."""
    got = b""
    while mark not in got:
        ready, _, _ = select.select([terminal], [], [], PATIENCE_S)
        assert ready, got
        got += os.read(terminal, 4096)
    return got


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_the_terminal_is_left_as_it_was(tmp_path: Path, signal_number: signal.Signals) -> None:
    terminal, of_program = pty.openpty()
    arguments = [sys.executable, "-I", "-m", "bridge.cli.main", "status", "--watch", "--language", "de"]
    program = subprocess.Popen(
        [*arguments, "--runtime-dir", tmp_path],
        stdout=of_program,
        # A job in the background hands SIGINT on as ignored; on a terminal it is not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509, it only calls the kernel
    )
    try:
        os.close(of_program)
        drawn = read_until(terminal, DRAWN)
        assert drawn.startswith(BEGIN)
        assert b"Die Bridge antwortet nicht: no bridge listens at" in drawn
        program.send_signal(signal_number)
        left = read_until(terminal, END)
        assert program.wait(PATIENCE_S) == 0
    finally:
        program.kill()
        program.wait()
    os.close(terminal)
    assert left.endswith(END)


def test_without_a_terminal_it_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-m", "bridge.cli.main", "status", "--watch", "--runtime-dir", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "--watch draws on a terminal" in done.stderr
