"""For all tests: a skipped test fails in CI, where every real part must be there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

settings.register_profile("evse", deadline=None)  # no test depends on the speed of the machine
settings.load_profile("evse")

R = TypeVar("R", pytest.TestReport, pytest.CollectReport)


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A new folder, short enough for the path of a Unix socket in it (107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="evse-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _nothing_missing((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _nothing_missing((yield))


def _nothing_missing(report: R) -> R:
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, but in CI nothing may be missing: {report.longrepr}"
    return report
