"""Three ways to move a bolt, on the mock's line map and with its bolt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from hal.mock.board import BoardFactory
from hal.mock.line_map import FILE_NAME, HIGH
from hal.safety.lines import Lines, Wiring, low_lines
from hal.settings_lines import Lock
from tests.hal.safety.rig import FEEDBACK, MIRROR, SOCKET_BOX, Rig

PHASE, ENABLE, SOLENOID = 23, 24, 23
KINDS = {
    "motor": SOCKET_BOX.lock,
    "phase_enable": Lock(kind="phase_enable", phase_pin=PHASE, enable_pin=ENABLE, feedback_pin=FEEDBACK),
    "solenoid": Lock(kind="solenoid", solenoid_pin=SOLENOID, feedback_pin=FEEDBACK),
    "other polarity": Lock(forward_pin=23, backward_pin=24, feedback_pin=FEEDBACK, feedback_active="low"),
}
PULSE_S = 0.25  # the mock's bolt needs 0.2 s


@pytest.fixture(params=KINDS)
def rig(runtime_dir: Path, request: pytest.FixtureRequest) -> Iterator[Rig]:
    rig = Rig(runtime_dir, msgspec.structs.replace(SOCKET_BOX, lock=KINDS[request.param]))
    yield rig
    rig.close()


def pulse(rig: Rig, move: Literal["lock", "unlock"]) -> bool:
    """What the feedback says after it."""
    assert rig.lines.lock is not None
    rig.lines.lock.drive(move)
    rig.step(PULSE_S)
    rig.lines.lock.drive(None)
    rig.step(1.0)
    return rig.lines.lock.reads_locked()


def test_a_pulse_moves_the_bolt_and_its_end_lets_it_stay(rig: Rig) -> None:
    assert rig.lines.lock is not None
    assert not rig.lines.lock.reads_locked()
    assert [pulse(rig, "lock"), pulse(rig, "unlock"), pulse(rig, "lock")] == [True, False, True]
    assert rig.plant.bolt == 1.0


def test_a_phase_changes_only_while_the_motor_is_off(runtime_dir: Path) -> None:
    rig = Rig(runtime_dir, msgspec.structs.replace(SOCKET_BOX, lock=KINDS["phase_enable"]))
    assert rig.lines.lock is not None
    high = rig.line_map.driven_high
    seen = []
    for move in ("lock", "lock", "unlock", None):
        rig.lines.lock.drive(move)
        seen.append((high(PHASE), high(ENABLE)))
    assert seen == [(True, True), (True, True), (False, True), (False, False)]
    rig.close()


def test_a_solenoid_without_power_lets_the_plug_go(runtime_dir: Path) -> None:
    rig = Rig(runtime_dir, msgspec.structs.replace(SOCKET_BOX, lock=KINDS["solenoid"]))
    assert pulse(rig, "lock")
    rig.line_map.make_input(SOLENOID)
    rig.step(1.0)
    assert rig.plant.bolt == 0.0
    rig.close()


def test_a_solenoid_is_held_by_what_follows_a_death_and_by_a_start_while_the_contactor_reads_closed(
    runtime_dir: Path,
) -> None:
    """A plug whose contactor is welded is never let go."""
    box = msgspec.structs.replace(SOCKET_BOX, lock=KINDS["solenoid"])
    assert SOLENOID not in low_lines(box)
    rig = Rig(runtime_dir, box)
    assert pulse(rig, "lock")
    rig.line_map.put_input(MIRROR, HIGH)  # reads closed
    again = Lines(box, Wiring(BoardFactory(runtime_dir / FILE_NAME), rig.wiring.pwm_folder, ()))
    assert rig.line_map.driven_high(SOLENOID)
    again.close()
    rig.close()
