"""The part of the lock that goes onto a wallbox."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.runtime_lock import direct_dependencies, runtime_lock

ROOT = Path(__file__).resolve().parents[2]
LOCK = """\
attrs==1 \\
    --hash=sha256:aa
    # via
    #   jsonschema
    #   referencing
jsonschema==2 \\
    --hash=sha256:bb
    # via
    #   evse-bridge (pyproject.toml)
    #   ocpp
mypy==3 \\
    --hash=sha256:cc
    # via evse-bridge (pyproject.toml)
ocpp==4 ; python_version >= '3.11' \\
    --hash=sha256:dd
    # via evse-bridge (pyproject.toml)
"""


def names(lock: str) -> list[str]:
    return [line.split("==")[0] for line in lock.splitlines() if "==" in line and not line.startswith(" ")]


def test_takes_what_the_wanted_ones_need_and_nothing_else() -> None:
    assert names(runtime_lock(LOCK, {"ocpp"})) == ["attrs", "jsonschema", "ocpp"]


def test_keeps_markers_and_hashes() -> None:
    assert "ocpp==4 ; python_version >= '3.11' \\\n    --hash=sha256:dd\n" in runtime_lock(LOCK, {"ocpp"})


def test_a_dependency_that_is_not_locked_is_named() -> None:
    with pytest.raises(LookupError, match="lacks websockets; run `make lock`"):
        runtime_lock(LOCK, {"ocpp", "websockets"})


def test_names_are_read_as_the_lock_writes_them() -> None:
    text = '[project]\ndependencies = ["Ocpp>=2.1,<3", "systemd_python", "a.b[c]>=1"]'
    assert direct_dependencies(text) == {"ocpp", "systemd-python", "a-b"}


def test_of_our_own_lock_no_test_tool_is_left() -> None:
    printed = subprocess.run(
        [sys.executable, ROOT / "deploy" / "runtime_lock.py"], check=True, capture_output=True, text=True
    ).stdout
    assert {"ocpp", "websockets", "gpiozero", "pymodbus", "msgspec"} <= set(names(printed))
    assert not {"pytest", "mypy", "ruff", "hypothesis", "hatchling"} & set(names(printed))
