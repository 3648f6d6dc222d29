"""What wallbox.toml means for the core, and what is said about it."""

from __future__ import annotations

import msgspec
import pytest

from hal.configuration.sections import TemperatureSettings
from hal.core.rules import BoxRules
from hal.safety.configured import box_of, notes_of, rules_of
from hal.safety.real_time import RealTime
from tests.hal.safety.rig import FIXED_BOX, SOCKET_BOX


def test_a_real_box_has_the_rules_of_the_core() -> None:
    rules = rules_of(FIXED_BOX, mock=False, fifo=True)
    assert rules == BoxRules(socket=False, installation_max_a=16.0, fixed_cable_rating_a=20)


@pytest.mark.parametrize(
    ("mock", "fifo", "limit_s"),
    [(False, False, 0.1), (False, True, 0.1), (True, True, 0.1), (True, False, 1.0)],
)
def test_only_a_mock_box_without_priority_may_be_later(mock: bool, fifo: bool, limit_s: float) -> None:
    assert rules_of(FIXED_BOX, mock=mock, fifo=fifo).late_limit_s == limit_s


def test_says_what_is_loosened() -> None:
    notes = notes_of(SOCKET_BOX, rules_of(SOCKET_BOX, mock=True, fifo=False))
    assert "mock box: min_off_s = 0.1, not 5" in notes
    assert "mock box: max_closings = 10000, not 10" in notes
    assert "mock box: late_limit_s = 1, not 0.1" in notes


def test_says_what_a_box_lacks_and_nothing_of_a_mock_box_on_a_real_one() -> None:
    notes = notes_of(FIXED_BOX, rules_of(FIXED_BOX, mock=False, fifo=True))
    assert {"no residual current monitor", "no thermometer", "no cable lock"} <= set(notes)
    assert not [note for note in notes if "mock" in note]


def test_settings_reach_the_core() -> None:
    box = msgspec.structs.replace(
        SOCKET_BOX, temperature=TemperatureSettings(derate_from_c=50.0, stop_at_c=60.0)
    )
    rules = rules_of(box, mock=True, fifo=True)
    assert (rules.derate_from_c, rules.stop_at_c) == (50.0, 60.0)
    assert box.lock is not None
    assert (rules.lock.pulse_s, rules.lock.retries) == (box.lock.pulse_s, box.lock.retries)


def test_a_mock_box_is_unmistakable() -> None:
    box = box_of(SOCKET_BOX, mock=True)
    assert box.mock
    assert box.serial is not None
    assert box.serial.startswith("MOCK")


@pytest.mark.parametrize(("fifo", "memory"), [("", ""), ("no", ""), ("", "no"), ("no", "no")])
def test_real_time_is_granted_only_whole(fifo: str, memory: str) -> None:
    assert RealTime(fifo, memory).granted is (not fifo and not memory)


def test_real_time_is_said_in_words() -> None:
    assert RealTime("", "").text == "fifo, memory locked"
    refused = RealTime("Operation not permitted", "Cannot allocate memory").text
    assert refused == (
        "no real-time priority (Operation not permitted), memory not locked (Cannot allocate memory)"
    )
