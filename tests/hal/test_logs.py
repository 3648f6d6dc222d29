"""The log goes to the journal only where systemd listens, and by systemd's own library where it is there."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hal.logs import handler

PROJECT = Path(__file__).resolve().parents[2]
try:
    import systemd.journal  # noqa: F401 - not `systemd` alone: a folder of that name would be found
except ImportError:
    ABSENT = True
else:
    ABSENT = False
WITHOUT_LIBRARY = """
import os, sys
sys.path.insert(0, sys.argv[1])
from hal.logs import handler
seen = os.fstat(1)
print(type(handler("evse", {"JOURNAL_STREAM": f"{seen.st_dev}:{seen.st_ino}"}, 1)).__name__)
"""


@pytest.fixture
def pipe() -> Iterator[int]:
    """As systemd gives one for standard error."""
    reading, writing = os.pipe()
    yield writing
    os.close(reading)
    os.close(writing)


def stream_of(descriptor: int) -> dict[str, str]:
    seen = os.fstat(descriptor)
    return {"JOURNAL_STREAM": f"{seen.st_dev}:{seen.st_ino}"}


@pytest.mark.distribution
def test_on_a_terminal_it_is_standard_error(pipe: int) -> None:
    assert type(handler("evse", {}, pipe)) is logging.StreamHandler


@pytest.mark.distribution
def test_redirected_by_somebody_it_is_standard_error(pipe: int) -> None:
    assert type(handler("evse", {"JOURNAL_STREAM": "8:1"}, pipe)) is logging.StreamHandler


@pytest.mark.distribution
@pytest.mark.skipif(ABSENT, reason="systemd-python is not here; it is in requirements-pi.lock")
def test_under_systemd_it_is_the_journal_with_levels_and_name(pipe: int) -> None:
    chosen = handler("evse", stream_of(pipe), pipe)
    assert type(chosen).__module__ == "systemd.journal"
    assert vars(chosen)["_extra"] == {"SYSLOG_IDENTIFIER": "evse"}
    chosen.handle(logging.LogRecord("evse", logging.WARNING, "", 0, "said", None, None))


def test_a_folder_named_as_the_library_is_not_taken_for_it() -> None:
    """This project has one, `systemd/`. -I and -S: no library but Python's own."""
    assert (PROJECT / "systemd").is_dir()
    command = [sys.executable, "-I", "-S", "-c", WITHOUT_LIBRARY, str(PROJECT)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "StreamHandler\n"
