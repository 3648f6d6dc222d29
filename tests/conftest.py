"""For all tests: a skipped test is listed for CI, and fails there where every real part must be there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import settings

from tests.memory import MEMORY

settings.register_profile("evse", deadline=None)  # no test depends on the speed of the machine
settings.load_profile("evse")
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))  # of `tmp_path`

R = TypeVar("R", pytest.TestReport, pytest.CollectReport)


def pytest_addoption(parser: pytest.Parser) -> None:
    help_text = "write the tests that were skipped to FILE, one a line, for `pytest @FILE`"
    parser.addoption("--skipped-to", metavar="FILE", type=Path, help=help_text)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    file: Path | None = config.getoption("--skipped-to")
    if file is not None:
        skipped = {report.nodeid.partition("[")[0] for report in terminalreporter.stats.get("skipped", ())}
        file.write_text("".join(f"{name}\n" for name in sorted(skipped)))


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A new folder, short enough for the path of a Unix socket in it (107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="evse-", dir=MEMORY))
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
