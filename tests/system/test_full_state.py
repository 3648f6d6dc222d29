"""A state folder that is really full, from the first start on: every program lives, and says why it waits."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.mock_client import ask
from tests.own_mounts import under
from tests.system.programs import EVSE_BRIDGE, BlockingRun

pytestmark = pytest.mark.real
# Neither a byte nor a name can be added.
FULL = (
    "mount -t tmpfs -o size=64k,nr_inodes=4 tmpfs {0} && touch {0}/2 {0}/3 && "
    "(cat /dev/zero >{0}/1 2>&- || true)"
)
SAID = {
    "mock": "register and ledger cannot be written: No space left on device",
    "safety": "fault state_not_kept",
    "instruments": "the count cannot be kept in",
    "local": "the page keeps nothing over a restart",
    "bridge": "the database cannot be opened, so nobody can charge; tried again each 5 s",
}


@pytest.fixture
def full(short_folder: Path) -> Iterator[BlockingRun]:
    (short_folder / "d").mkdir()
    made = BlockingRun(short_folder, under(FULL.format(short_folder / "d")))
    subprocess.run([*EVSE_BRIDGE, "config", "init", "--mock", "--config-dir", str(made.config)], check=True)
    made.start("--mock")
    yield made
    made.end()
    assert made.kill_orphans() == []


def test_no_program_ends(full: BlockingRun) -> None:
    """Whatever is asked of the mock, the faults of the state's file among it."""
    full.until_all_run()
    for line in SAID.values():
        full.until(lambda line=line: any(line in said for said in full.lines), line)  # type: ignore[misc]
    pids = full.pids()
    ask(full.runtime, {"do": "plug-in"})
    ask(full.runtime, {"do": "fault", "name": "state_unwritable"})
    refused = "state_unwritable: "
    full.until(lambda: any(refused in said for said in full.lines), refused)
    assert ask(full.runtime, {"do": "state"})["faults"] == []
    assert full.pids() == pids

    ask(full.runtime, {"do": "fault", "name": "state_garbled"})
    full.until(lambda: full.pids().get("safety", pids["safety"]) != pids["safety"], "safety starts again")
    ask(full.runtime, {"do": "power-cut"})
    full.until(lambda: list(full.pids()) == ["mock"], "all but the world are killed")
    ask(full.runtime, {"do": "power-on"})
    full.until_all_run()
    assert full.pids()["mock"] == pids["mock"]
    assert "Traceback" not in "\n".join(full.lines)
