"""Each fault of the table, provoked by name: what the contacts do, what the Status says, how it ends."""

from __future__ import annotations

import pytest

from hal.core.faults.table import KINDS
from hal.mock.plant.fault_names import FAULTS
from tests.hal.core.provoked import PROVOKED, Provocation, Scene

SLOW_S = {"contactor_cycling": 605.0, "pilot_source": 65.0, "unlock_failed": 65.0}  # others clear within 15 s
TICKS_S = 0.045  # two ticks and the travel of the contacts

# What breaks without a fault of its own: the box lives with it, or finds it by what it leads to.
NO_FAULT = {
    "keeps_s2": "opened under load after 6 s and counted",
    "asleep": "woken",
    "cp_open": "state A: the car has left",
    "card_noise": "no card is read",
    "meter_frozen": "the energy stands still; noticed by the instruments while a current flows",
    "tripped": "nothing flows",
}

CASES = [
    pytest.param(fault, provocation, id=f"{fault}-{provocation.name}-{number}")
    for fault, provocations in PROVOKED.items()
    for number, provocation in enumerate(provocations)
]


def test_every_fault_of_the_table_can_be_provoked_and_no_other() -> None:
    assert set(PROVOKED) == set(KINDS)
    assert all(PROVOKED.values())


def test_every_name_leads_to_a_fault_or_is_known_not_to() -> None:
    provoking = {one.name for many in PROVOKED.values() for one in many if not one.parts}
    assert provoking | set(NO_FAULT) == set(FAULTS)
    assert not provoking & set(NO_FAULT)


@pytest.mark.parametrize(("fault", "provocation"), CASES)
def test_it_is_noticed_in_time_and_the_contacts_do_as_the_table_says(
    fault: str, provocation: Provocation
) -> None:
    kind, scene = KINDS[fault], provocation.scene()
    plant, world, was_closed = scene.plant, scene.world, scene.plant.contacts_closed
    within_s = kind.reported_s + provocation.slow_s + TICKS_S
    took_s = scene.until(lambda: fault in scene.faults(), within_s)
    told = next(one for one in world.evse.view().faults if one.id == fault)
    assert (told.opens, told.clears) == (kind.severity == "open", kind.clears)
    if kind.opens_s is not None and was_closed:
        world.run(max(0.0, kind.opens_s - kind.reported_s) + TICKS_S)
        assert not plant.contacts_closed
        assert took_s <= within_s
    if kind.severity != "open" and fault != "contactor_cycling":
        assert plant.contacts_closed == was_closed


@pytest.mark.parametrize(("fault", "provocation"), CASES)
def test_nothing_closes_under_it_and_it_ends_as_the_table_says(fault: str, provocation: Provocation) -> None:
    kind, scene = KINDS[fault], provocation.scene()
    scene.until(lambda: fault in scene.faults(), 40.0)
    closings = scene.world.evse.view().counters.closings
    began_s = scene.world.now_s
    while fault in scene.faults() and scene.world.now_s - began_s < 5.0:
        assert scene.world.evse.view().counters.closings == closings or kind.severity != "open"
        scene.world.tick()
    assert fault in scene.faults() or kind.clears == "itself"
    _mend(scene, provocation)
    if kind.clears == "person":
        scene.world.run(3.0)
        assert fault in scene.faults()
        scene.ask(clears=True)
    elif kind.clears == "unplug":
        scene.world.run(3.0)
        assert fault in scene.faults() or not scene.plant.plugged
        if scene.plant.plugged:
            scene.unplug()
    scene.until(lambda: fault not in scene.faults(), SLOW_S.get(fault, 15.0))


@pytest.mark.parametrize(("fault", "provocation"), CASES)
def test_it_charges_again_afterwards(fault: str, provocation: Provocation) -> None:
    scene = provocation.scene()
    scene.until(lambda: fault in scene.faults(), 40.0)
    _mend(scene, provocation)
    scene.world.run(2.0)
    scene.ask(clears=True)
    scene.world.run(0.5)
    if scene.plant.plugged:
        scene.unplug()
    scene.until(lambda: fault not in scene.faults(), SLOW_S.get(fault, 15.0))
    scene.world.run(4.0)
    scene.plant.clear("tripped")
    scene.ask()
    scene.charge()
    assert scene.faults() <= {"over_temperature"}


def _mend(scene: Scene, provocation: Provocation) -> None:
    provocation.mend(scene)
    if provocation.name == "hot":
        scene.plant.contacts_c = 40.0
