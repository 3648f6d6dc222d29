"""OCPP 1.6 4.9: every move of its table that one connector can make is shown, and none outside it is made.

That none is made whatever happens is the observer's part in test_invariants.py, in random stories.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.scenarios.chaos import MOVES
from tests.scenarios.script import Asked, Closes, Do, Scenario
from tests.scenarios.test_scenarios import SCENARIOS

Move = tuple[str, str]
ENDS_A_CONNECTION = {"link lost", "bridge restarts", "bridge is told to end", "power cut", "hangup"}
IN_TRANSACTION = ("Charging", "SuspendedEV", "SuspendedEVSE")
# Moves of the table that this charge point does not make.
NOT_OURS: dict[Move, str] = {
    **{("Available", to): "a transaction begins in Preparing" for to in IN_TRANSACTION},
    ("Unavailable", "Charging"): "in a trial nothing is offered: SuspendedEVSE first",
    ("Unavailable", "SuspendedEV"): "in a trial nothing is offered: SuspendedEVSE first",
    **{(at, "Available"): "a transaction ends in Finishing" for at in IN_TRANSACTION},
    ("Faulted", "Charging"): "after a fault the contactor rests for 30 s: SuspendedEVSE first",
    ("Faulted", "SuspendedEV"): "after a fault nothing is offered for 30 s: SuspendedEVSE first",
    ("Faulted", "Reserved"): "a fault ends the reservation",
}


def told_moves(scenario: Scenario) -> Iterator[Move]:
    """From one status of connector 1 to the next, on the same connection."""
    last = None if scenario.offline else "Available"
    for step in scenario.steps:
        match step:
            case Closes() | Asked(action="BootNotification"):
                last = None
            case Do(verb=verb) if verb in ENDS_A_CONNECTION:
                last = None
            case Asked(action="StatusNotification", fields={"connectorId": 1, "status": status}):
                if last is not None and last != status:
                    yield last, status
                last = status


SHOWN = {move: scenario.name for scenario in SCENARIOS for move in told_moves(scenario)}


def test_no_scenario_shows_a_move_outside_the_table() -> None:
    assert {move: name for move, name in SHOWN.items() if move not in MOVES} == {}


def test_every_move_of_the_table_is_shown_or_not_ours() -> None:
    assert sorted(MOVES - SHOWN.keys()) == sorted(NOT_OURS)
