"""The simulated kernel hangs: nothing of the Pi moves, its lines stay, until watchdog or mains end it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.world import World, world

pytestmark = pytest.mark.real
STANDS_STILL = "T"  # proc(5)


def stopped(w: World) -> set[str]:
    """Programs that a signal has stopped."""
    return {
        name
        for name, pid in w.run.pids().items()
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == STANDS_STILL
    }


async def test_a_watchdog_that_bites_opens_the_contactor_and_boots_the_box() -> None:
    async with world() as w:
        await w.charge()
        boot, before = w.run.runtime.joinpath("boot_id").read_text(), w.run.pids()
        await w.do("kernel-hang", bites_after_s=3.0)
        await w.until(lambda: stopped(w) >= {"safety", "instruments", "bridge"}, "they stand still")
        state = await w.plant()
        assert (state["contactor_closed"], state["power"], state["pwm"]["on"]) == (True, True, True)
        opened = w.truth.of("contactor_closed", state["at_s"])
        assert opened == []
        await w.until(lambda: w.truth.of("contactor_closed", state["at_s"]), "the contactor falls")
        await w.until(lambda: w.run.runtime.joinpath("boot_id").read_text() != boot, "another boot")
        await w.until_status("Finishing")
        assert {name for name, pid in w.run.pids().items() if before.get(name) == pid} == {"mock"}
        assert stopped(w) == set()
        await w.leave()


async def test_without_a_watchdog_only_the_mains_end_it() -> None:
    async with world() as w:
        await w.do("kernel-hang")
        await w.until(lambda: stopped(w) >= {"safety", "instruments", "bridge"}, "they stand still")
        await w.do("power-cut")
        await w.until(lambda: list(w.run.pids()) == ["mock"], "only the world lives")
        await w.do("power-on")
        await w.until(lambda: len(w.run.pids()) == 4 and not stopped(w), "all run")
