"""The log goes to the journal only where systemd listens, and by systemd's own library where it is there."""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Iterator

import pytest

from hal.logs import handler

ABSENT = importlib.util.find_spec("systemd") is None


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


def test_on_a_terminal_it_is_standard_error(pipe: int) -> None:
    assert type(handler("evse", {}, pipe)) is logging.StreamHandler


def test_redirected_by_somebody_it_is_standard_error(pipe: int) -> None:
    assert type(handler("evse", {"JOURNAL_STREAM": "8:1"}, pipe)) is logging.StreamHandler


def test_under_systemd_it_is_the_journal_with_levels_and_name_where_the_library_is_there(pipe: int) -> None:
    chosen = handler("evse", stream_of(pipe), pipe)
    if ABSENT:
        assert type(chosen) is logging.StreamHandler
        return
    assert type(chosen).__module__ == "systemd.journal"
    assert vars(chosen)["_extra"] == {"SYSLOG_IDENTIFIER": "evse"}
    chosen.handle(logging.LogRecord("evse", logging.WARNING, "", 0, "said", None, None))
