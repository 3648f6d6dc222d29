"""The mains go and come back; `run` is ended and started again: each is another boot of the simulated Pi."""

from __future__ import annotations

from typing import Any

import pytest

from hal.contract import Status
from tests.system.world import World, world

pytestmark = pytest.mark.real


async def test_power_cut_in_mid_charge_ends_with_power_loss_and_the_right_energy() -> None:
    async with world() as w:
        transaction = await w.charge()
        boot, before = boot_id(w), w.run.pids()
        cut_at_s = (await w.plant())["at_s"]
        await w.do("power-cut")
        await w.until(lambda: list(w.run.pids()) == ["mock"], "only the world lives")
        await w.until(lambda: w.truth.of("contactor_closed", cut_at_s), "the contactor falls")
        assert w.run.times_said("safe_outputs") == 0  # there was no power for it
        await w.do("power-on")
        await w.until(lambda: transaction.stops, "StopTransaction")
        await w.until_status("Finishing")
        assert boot_id(w) != boot
        assert {name for name, pid in w.run.pids().items() if before[name] == pid} == {"mock"}
        assert w.requests(connection=2)[0].action == "BootNotification"
        w.stopped_once("PowerLoss")
        await w.billed_rightly()
        assert [closed for _, closed in w.truth.of("contactor_closed", cut_at_s)] == [False]
        # After the boot nothing but the end is told of what the earlier boot left.
        told = [(payload["connectorId"], payload["status"]) for payload in statuses(w, connection=2)]
        assert told == [(0, "Available"), (1, "Finishing")]
        # The contactor falls before the box dies: whether that was seen, and told, is a matter of some 10 ms.
        before_it = [payload["status"] for payload in statuses(w, connection=1)]
        dying = before_it[before_it.index("Charging") + 1 : -len(told)]
        assert dying in ([], ["SuspendedEVSE"], ["SuspendedEVSE", "Faulted"])
        await w.leave()


async def test_sigterm_in_mid_charge_is_orderly_and_the_next_boot_ends_it_with_reboot() -> None:
    async with world() as w:
        transaction = await w.charge()
        boot, began_s = boot_id(w), (await w.plant())["at_s"]
        assert await w.end() == 0
        assert transaction.stops == []
        gone = [
            line.text.partition(" disconnected")[0] for line in w.run.said if " disconnected" in line.text
        ]
        assert gone == ["MOCK safety      | bridge", "MOCK safety      | instruments"]
        # By the simulated world: no offer, then the car leaves C, then the contactor opens, without load.
        order = [
            (name, value)
            for change in w.truth.changes
            for name, value in change.now.items()
            if change.at_s >= began_s and name in ("pilot", "car", "contactor_closed")
        ]
        assert order == [("pilot", "x1"), ("car", "plugged in"), ("contactor_closed", False)]
        assert w.observer.of(Status)[-1].counters.openings_under_load == 0

        await w.start()
        await w.until(lambda: transaction.stops, "StopTransaction")
        assert boot_id(w) != boot
        w.stopped_once("Reboot")
        await w.billed_rightly()


async def test_a_power_cut_ends_what_holds_a_solenoid_too() -> None:
    """It outlives hal.safety, and everything else behind a welded contactor; at the end nothing is left."""
    solenoid = {"lock.kind": "solenoid", "lock.solenoid_pin": 23}
    async with world({**solenoid, "lock.forward_pin": None, "lock.backward_pin": None}) as w:
        await w.charge()
        before = w.run.pids()
        await w.do("fault", name="weld")
        w.run.kill("safety")
        await w.until(lambda: w.run.pids().get("safety", before["safety"]) != before["safety"], "again")
        assert w.run.pids()["bolt"] == before["bolt"]
        await w.do("power-cut")
        await w.until(lambda: list(w.run.pids()) == ["mock"], "only the world lives")
        await w.do("power-on")
        await w.until(lambda: w.run.pids().get("bolt", before["bolt"]) != before["bolt"], "holds again")
        await w.until_status("Faulted", "PowerSwitchFailure")


def statuses(w: World, connection: int) -> list[dict[str, Any]]:
    """All that were told from that connection on."""
    return [call.payload for call in w.requests(connection) if call.action == "StatusNotification"]


def boot_id(w: World) -> str:
    return (w.run.runtime / "boot_id").read_text()
