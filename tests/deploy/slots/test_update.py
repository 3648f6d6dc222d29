"""Whole updates on real folders, with programs in simulated time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from bridge.core.maintenance.outcome import Outcome
from bridge.outcome import NAME
from deploy.slots import runtime, update
from deploy.slots.adopting import adopt
from deploy.slots.boot import settle
from deploy.slots.owner import Owner
from deploy.slots.proof import STEADY_S, WITHIN_S
from deploy.slots.refusal import RefusedError
from deploy.slots.steps import Wanted, to_trial
from deploy.slots.systemd import SystemdError
from tests.deploy.slots.box import BEFORE, CONFIG, IN_TRIAL, KEPT, MIGRATED, NEW, OLD, OLDEST, TRIAL, Box, box
from tests.deploy.slots.bundles import FITS, Maker, environment, packed
from tests.deploy.slots.fickle_disk import NotedDisk, QuickDisk
from tests.deploy.slots.plant import BRIDGE, Conduct, Plant
from tests.deploy.slots.test_power_cuts import whole


@dataclass
class Scene:
    on: Box
    plant: Plant
    maker: Maker
    box: update.Box

    def asked_by_bridge(self, version: str = NEW) -> str:
        """The answer to the bridge's request for what it has downloaded."""
        self.maker.put(self.on.places.bridge / "firmware", packed(environment(version)), version)
        (self.on.places.runtime / "update").write_text("install\n")
        return self.served()

    def served(self) -> str:
        update.serve(self.box)
        assert not self.plant.stopped_while_charging
        return runtime.last_answer(self.on.places)

    def is_back(self) -> None:
        whole(self.on)
        seen = self.on.look()
        assert (seen.current, seen.wanted, self.plant.runs) == (OLD, None, OLD)
        assert NEW not in seen.slots
        assert set(self.plant.began_s) == {"evse-safety.service", "evse-instruments.service", BRIDGE}
        assert {name: self.database()[name] for name in BEFORE} == BEFORE

    def is_kept(self) -> None:
        whole(self.on)
        assert (self.on.look().current, self.plant.runs) == (NEW, NEW)
        assert self.on.look().slots == {OLD, NEW}  # the one before stays, older ones go
        assert {name: self.database()[name] for name in IN_TRIAL} == IN_TRIAL

    def database(self) -> dict[str, bytes]:
        return self.on.database()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    on = box(tmp_path / "box")
    maker, plant = Maker(), Plant(on)
    key = maker.signer.public_key(on.places.config)
    return Scene(on, plant, maker, update.Box(on.carrier(QuickDisk()), plant, Owner(key, False), FITS))


def test_the_bridge_s_update_that_proves_itself_is_kept(scene: Scene) -> None:
    assert scene.asked_by_bridge() == f"installed {NEW}"
    scene.is_kept()
    assert scene.plant.log == ["stop 1", "stop 3", f"start 3 of {NEW}"]
    assert STEADY_S < scene.plant.s < STEADY_S + 5


BAD = {
    "starts": (Conduct(starts=False), "Job for evse-bridge.service failed"),
    "crash": (Conduct(crashes_after_s=10), "evse-bridge.service ended by itself"),
    "no tick": (Conduct(ticks=False), "after 300 s not everything was steady"),
    "silent": (Conduct(answers=False), "after 300 s the bridge does not answer"),
    "store": (Conduct(store_open=False), "after 300 s the bridge has not opened its database"),
    "other": (Conduct(says="9.9.9.9"), f"after 300 s the bridge is version 9.9.9.9, not {NEW}"),
    "alone": (Conduct(central_system="no answer"), "which was reached before, is not reached: no answer"),
}


@pytest.mark.parametrize("name", BAD)
def test_one_that_does_not_prove_itself_comes_back_with_its_database(scene: Scene, name: str) -> None:
    scene.plant.conduct[NEW], why = BAD[name]
    answer = scene.asked_by_bridge()
    assert answer.startswith(f"failed: {NEW} was taken back, {OLD} runs: ")
    assert why in answer
    scene.is_back()
    assert scene.plant.s < WITHIN_S + 10


def test_a_central_system_that_was_not_reached_before_is_not_asked_for(scene: Scene) -> None:
    scene.plant.conduct[OLD] = Conduct(central_system="connection refused")
    scene.plant.conduct[NEW] = Conduct(central_system="connection refused")
    assert scene.asked_by_bridge() == f"installed {NEW}"


def test_a_bridge_that_crashes_in_the_last_second_has_not_proven_itself(scene: Scene) -> None:
    scene.plant.conduct[NEW] = Conduct(crashes_after_s=STEADY_S - 0.5)
    assert "ended by itself" in scene.asked_by_bridge()
    scene.is_back()


def test_the_end_of_a_session_is_waited_for(scene: Scene) -> None:
    scene.plant.charges_until_s = 600
    assert scene.asked_by_bridge() == f"installed {NEW}"
    assert scene.plant.s > 600
    assert scene.plant.log[0] == "stop 1"


def test_the_bridge_is_refused_when_a_car_charges_for_too_long(scene: Scene) -> None:
    scene.plant.charges_until_s = 5000
    assert scene.asked_by_bridge() == "refused: a car charges: ask again when it has ended"
    scene.is_back()
    assert scene.plant.log == []


def test_a_package_waits_as_long_as_it_takes(scene: Scene) -> None:
    scene.plant.charges_until_s = 100_000
    assert "as soon as no car charges" in adopt(scene.box.carrier, needs_trial=True, allow_older=False)
    assert scene.served() == f"installed {NEW}"
    scene.is_kept()


def test_a_car_that_comes_while_the_bridge_stops_gets_its_bridge_back(scene: Scene) -> None:
    scene.plant.charge_begins = lambda s: s < 10
    assert scene.asked_by_bridge() == f"installed {NEW}"
    assert scene.plant.log == ["stop 1", f"start 1 of {OLD}", "stop 1", "stop 3", f"start 3 of {NEW}"]


def test_a_silent_safety_may_be_charging(scene: Scene) -> None:
    looked = replace(scene.plant.see(), safety=None)
    assert looked.charges == "hal.safety does not say whether a car charges"
    inactive = tuple(replace(one, active=False) for one in looked.programs)
    assert replace(looked, programs=inactive).charges == ""


def test_a_transaction_without_current_is_waited_for(scene: Scene) -> None:
    looked = scene.plant.see()
    assert looked.bridge is not None
    assert replace(looked, bridge=replace(looked.bridge, in_transaction=True)).charges == "a transaction runs"


# What is refused, in words


def refused(scene: Scene, archive: Path, *, allow_older: bool = False) -> str:
    with pytest.raises(RefusedError) as why:
        update.offer(scene.box, archive, allow_older=allow_older)
    return str(why.value)


def bundle(scene: Scene, version: str) -> Path:
    folder = scene.on.base / "download"
    scene.maker.put(folder, packed(environment(version)), version, name="box.tar.xz")
    return folder / "box.tar.xz"


def test_the_owner_s_bundle_is_tried_next(scene: Scene) -> None:
    assert update.offer(scene.box, bundle(scene, NEW), allow_older=False) == NEW
    assert scene.on.look().wanted == Wanted(NEW)
    assert scene.served() == f"installed {NEW}"
    scene.is_kept()


def test_an_older_one_needs_the_owner_s_word(scene: Scene) -> None:
    older = "0.1.0.8"
    scene.plant.conduct[older] = Conduct()
    said = refused(scene, bundle(scene, older))
    assert f"{older} is older than {OLD}, which runs" in said
    assert "--allow-older" in said
    assert scene.asked_by_bridge(older).startswith(f"refused: {older} is older than {OLD}")
    assert update.offer(scene.box, bundle(scene, older), allow_older=True) == older
    assert scene.served() == f"installed {older}"
    assert scene.on.look().current == older


def test_an_older_package_never_replaces_a_newer_slot(scene: Scene) -> None:
    carrier = scene.on.carrier(QuickDisk(), "0.1.0.8")
    said = adopt(carrier, needs_trial=True, allow_older=False)
    assert said.startswith(f"evse-bridge {OLD} stays: the package's 0.1.0.8 is older")
    assert scene.on.look().wanted is None
    assert "0.1.0.8" not in scene.on.look().slots


@pytest.mark.parametrize("version", [OLD])
def test_the_version_that_runs_is_not_installed_again(scene: Scene, version: str) -> None:
    assert refused(scene, bundle(scene, version)) == f"{version} is already the current version"


def test_nothing_is_begun_while_a_trial_goes_on(scene: Scene) -> None:
    carrier = scene.box.carrier
    adopt(carrier, needs_trial=True, allow_older=False)
    carrier.carry_out(to_trial(scene.on.look(), TRIAL, MIGRATED))
    assert refused(scene, bundle(scene, "0.1.0.11")).startswith(f"{NEW} is on trial")


def test_a_package_that_comes_in_a_trial_waits_and_changes_no_slot_of_it(scene: Scene) -> None:
    carrier = scene.box.carrier
    adopt(carrier, needs_trial=True, allow_older=False)
    carrier.carry_out(to_trial(scene.on.look(), TRIAL, MIGRATED))
    disk = NotedDisk()
    adopt(scene.on.carrier(disk, OLD), needs_trial=True, allow_older=True)
    assert {op.name for op in disk.ops} == {"write", "sync", "rename"}  # of the note alone
    assert scene.on.look().wanted == Wanted(OLD, allow_older=True)


def test_a_version_that_need_not_be_tried_is_not(scene: Scene) -> None:
    scene.plant.conduct[NEW] = Conduct(fault="it refuses the configuration")
    refusal = f"refused: {NEW} is not tried: it refuses the configuration"
    assert scene.asked_by_bridge() == refusal
    scene.is_back()
    adopt(scene.box.carrier, needs_trial=True, allow_older=False)
    assert scene.served() == refusal
    scene.is_back()
    assert scene.plant.log == []  # nothing was stopped


@pytest.mark.parametrize("starts", [True, False])
def test_a_configuration_of_before_comes_along_and_back(scene: Scene, starts: bool) -> None:
    (scene.on.places.config / "wallbox.toml").chmod(0o640)
    (scene.on.places.config / KEPT).write_text("of an earlier trial")
    scene.plant.conduct[NEW] = Conduct(starts=starts, migrated=MIGRATED)
    scene.asked_by_bridge()
    if starts:
        scene.is_kept()
        assert scene.on.config() == CONFIG | MIGRATED | {KEPT: CONFIG["wallbox.toml"]}
    else:
        scene.is_back()
        assert scene.on.config() == CONFIG
    assert (scene.on.places.config / "wallbox.toml").stat().st_mode & 0o777 == 0o640


def test_how_it_ended_is_known_after_the_next_boot(scene: Scene) -> None:
    def noted() -> str:
        found = msgspec.json.decode((scene.on.places.slots / NAME).read_bytes(), type=Outcome)
        assert datetime.fromisoformat(found.at).tzinfo is not None
        return found.text

    for conduct in (Conduct(starts=False), Conduct()):
        scene.plant.conduct[NEW] = conduct
        assert scene.asked_by_bridge() == noted()
    assert noted() == f"installed {NEW}"
    assert scene.asked_by_bridge() == noted() == f"refused: {NEW} is already the current version"


def test_a_trial_that_a_boot_ended_is_noted(scene: Scene) -> None:
    adopt(scene.box.carrier, needs_trial=True, allow_older=False)
    scene.box.carrier.carry_out(to_trial(scene.on.look(), TRIAL, MIGRATED))
    settle(scene.box.carrier)
    found = msgspec.json.decode((scene.on.places.slots / NAME).read_bytes(), type=Outcome)
    assert found.failed
    assert found.text.startswith(f"failed: {NEW} was taken back, {OLD} runs: the box was started again")


def test_a_box_without_slots_is_refused(scene: Scene) -> None:
    scene.on.places.current.unlink()
    assert (
        refused(scene, bundle(scene, NEW)) == "this box has no slots: it was not installed from the package"
    )


def test_what_does_not_run_cannot_prove_itself(scene: Scene) -> None:
    scene.plant.active = False
    assert "the programs do not run: `systemctl start evse-bridge.target` first" in refused(
        scene, bundle(scene, NEW)
    )
    adopt(scene.box.carrier, needs_trial=True, allow_older=False)
    update.serve(scene.box)
    assert scene.on.look().wanted == Wanted(NEW)  # until they run
    assert scene.plant.log == []


def test_a_wanted_slot_that_is_gone_is_refused_once(scene: Scene) -> None:
    scene.box.carrier.want(Wanted("0.1.0.11"))
    assert scene.served() == "refused: 0.1.0.11 is no longer here: install it again"
    assert scene.on.look().wanted is None


def test_a_trial_that_the_disk_does_not_let_begin_is_not_begun_again_and_again(scene: Scene) -> None:
    class Full(QuickDisk):
        def make_folder(self, path: Path, mode: int = 0o755) -> None:
            if path.name == "before-trial.part":
                raise OSError(28, "No space left on device", str(path))
            super().make_folder(path, mode)

    adopt(scene.box.carrier, needs_trial=True, allow_older=False)
    scene.box = replace(scene.box, carrier=scene.on.carrier(Full()))
    assert "No space left on device" in scene.served()
    assert scene.plant.log == ["stop 1", "stop 3", "stop 3", f"start 3 of {OLD}"]
    assert (scene.on.look().current, scene.on.look().wanted) == (OLD, None)


def test_a_slot_that_waits_for_its_trial_survives_another_one_s_good_end(scene: Scene) -> None:
    adopt(scene.on.carrier(QuickDisk(), "0.1.0.11"), needs_trial=True, allow_older=False)
    scene.plant.conduct["0.1.0.11"] = Conduct(starts=False)
    assert scene.asked_by_bridge().startswith("failed: 0.1.0.11 was taken back")
    assert scene.on.look().current == NEW  # the one that was proven in between


# A death of our own program


@pytest.mark.parametrize("at", range(12))
def test_a_program_of_ours_that_dies_in_a_trial_leaves_the_way_back_to_the_next(
    scene: Scene, at: int
) -> None:
    class Dying(NotedDisk):
        def _note(self, op: object) -> None:
            if len(self.ops) >= at:
                raise KeyboardInterrupt
            super()._note(op)  # type: ignore[arg-type]

    adopt(scene.box.carrier, needs_trial=True, allow_older=False)
    dying = replace(scene.box, carrier=scene.on.carrier(Dying()))
    with pytest.raises(KeyboardInterrupt):
        update.serve(dying)
    update.pick_up(scene.box, ended_well=False)
    whole(scene.on)
    assert scene.on.look().current == OLD
    assert len(scene.plant.began_s) == 3


def test_after_a_good_end_nothing_is_picked_up(scene: Scene) -> None:
    scene.asked_by_bridge()
    scene.plant.stop(BRIDGE)  # by the owner
    update.pick_up(scene.box, ended_well=True)
    assert BRIDGE not in scene.plant.began_s


def test_a_trial_that_is_left_goes_back_however_the_program_ended(scene: Scene) -> None:
    carrier = scene.box.carrier
    adopt(carrier, needs_trial=True, allow_older=False)
    carrier.carry_out(to_trial(scene.on.look(), TRIAL, MIGRATED))
    update.pick_up(scene.box, ended_well=True)
    assert scene.on.look().current == OLD
    assert runtime.last_answer(scene.on.places).startswith(f"failed: {NEW} was taken back")


def test_a_way_back_that_the_disk_refuses_leaves_the_bridge_in_a_trial(scene: Scene) -> None:
    """It would store sessions, which the next boot's way back would take away."""

    class Refusing(QuickDisk):
        def remove(self, path: Path) -> None:
            if path == scene.on.places.trial:
                raise OSError(5, "Input/output error", str(path))
            super().remove(path)

    scene.plant.conduct[NEW] = Conduct(starts=False)
    adopt(scene.box.carrier, needs_trial=True, allow_older=False)
    with pytest.raises((OSError, SystemdError)):
        update.serve(replace(scene.box, carrier=scene.on.carrier(Refusing())))
    assert scene.on.places.mark.exists()
    assert scene.plant.log[-1] == f"start 3 of {OLD}"  # it charges nobody, but it says why


def test_the_mark_goes_only_when_the_trial_is_ended_for_good(scene: Scene) -> None:
    disk = NotedDisk()
    scene.box = replace(scene.box, carrier=scene.on.carrier(disk))
    assert scene.asked_by_bridge() == f"installed {NEW}"
    gone = [op.paths[0].name for op in disk.ops if op.name == "remove"]
    assert gone.index("trial.json") < gone.index("trial")
    ends = next(
        n for n, op in enumerate(disk.ops) if op.name == "remove" and op.paths[0].name == "trial.json"
    )
    assert (disk.ops[ends + 1].name, disk.ops[ends + 1].paths) == ("sync", (scene.on.places.slots,))


def test_first_the_boot_would_go_back_then_the_bridge_knows_then_the_switch(scene: Scene) -> None:
    disk = NotedDisk()
    scene.box = replace(scene.box, carrier=scene.on.carrier(disk))
    scene.asked_by_bridge()
    placed = [op.paths[-1].name for op in disk.ops if op.name == "rename"]
    order = [placed.index(name) for name in ("before-trial", "trial.json", "trial", "current")]
    assert order == sorted(order)


def test_slots_before_the_last_are_removed(scene: Scene) -> None:
    assert OLDEST in scene.on.look().slots
    scene.asked_by_bridge()
    assert OLDEST not in scene.on.look().slots
