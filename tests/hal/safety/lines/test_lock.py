"""Three ways to move a bolt, on the mock's line map and with its bolt."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from hal.configuration.line_sections import Lock
from hal.mock.pi.board import BoardFactory
from hal.mock.pi.line_map import FILE_NAME, HIGH, LOW, LineMap
from hal.safety.bolt import LOCK, LOCKED, UNLOCK, UNLOCKED, Bolt, Claim
from hal.safety.lines.bolt_holder import BoltError, BoltHolder
from hal.safety.lines.lines import Lines, low_lines
from tests.hal.safety.rig import FEEDBACK, MIRROR, SOCKET_BOX, Rig, solenoid_claim

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


def drive(rig: Rig, move: Literal["lock", "unlock"] | None) -> None:
    """Until a solenoid's holder, a real process beside simulated time, has heard it."""
    assert rig.lines.lock is not None
    rig.lines.lock.drive(move)
    patience_s = time.monotonic() + 20.0
    while not rig.lines.lock._bolt.holds():  # noqa: SLF001
        assert time.monotonic() < patience_s
        time.sleep(0.002)
        rig.lines.lock.drive(None)


def pulse(rig: Rig, move: Literal["lock", "unlock"]) -> bool:
    """What the feedback says after it."""
    assert rig.lines.lock is not None
    drive(rig, move)
    rig.step(PULSE_S)
    drive(rig, None)
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


def solenoid_line(rig: Rig) -> bool:
    return rig.line_map.driven_high(SOLENOID)


def test_what_follows_a_death_leaves_the_solenoid_alone() -> None:
    """A plug whose contactor is welded is never let go."""
    assert SOLENOID not in low_lines(msgspec.structs.replace(SOCKET_BOX, lock=KINDS["solenoid"]))


def test_an_end_lets_a_solenoid_go_but_not_while_the_contactor_reads_closed(runtime_dir: Path) -> None:
    box = msgspec.structs.replace(SOCKET_BOX, lock=KINDS["solenoid"])
    rig = Rig(runtime_dir, box)
    assert pulse(rig, "lock")
    rig.line_map.put_input(MIRROR, HIGH)  # reads closed
    rig.lines.close()
    assert solenoid_line(rig)

    rig.line_map.put_input(MIRROR, LOW)
    rig.lines = Lines(box, replace(rig.wiring, factory=BoardFactory(runtime_dir / FILE_NAME)))
    drive(rig, None)
    assert solenoid_line(rig)  # nobody has said unlock
    rig.lines.close()
    assert not solenoid_line(rig)
    rig.pwm.reset()


def test_a_start_energises_the_solenoid_while_the_contactor_reads_closed(runtime_dir: Path) -> None:
    rig = Rig(runtime_dir, msgspec.structs.replace(SOCKET_BOX, lock=KINDS["solenoid"]))
    rig.lines.close()
    assert not solenoid_line(rig)
    rig.line_map.release(SOLENOID)  # the kernel's part, once its holder has ended
    rig.line_map.put_input(MIRROR, HIGH)
    rig.lines = Lines(rig.box, replace(rig.wiring, factory=BoardFactory(runtime_dir / FILE_NAME)))
    assert solenoid_line(rig)
    rig.line_map.put_input(MIRROR, LOW)
    rig.close()


class Remembers:
    """A line that notes each level and how it came."""

    failures: tuple[type[Exception], ...] = (OSError,)

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def claim(self, level: int) -> None:
        self.seen.append(("claimed", level))

    def write(self, level: int) -> None:
        self.seen.append(("written", level))


def test_the_lines_first_level_is_the_one_that_is_wanted(runtime_dir: Path) -> None:
    """No pulse at a claim: never an output that is low first, nor an input."""
    LineMap.create(runtime_dir / FILE_NAME).close()
    line = Remembers()
    bolt = Bolt(claim_of(runtime_dir, SOLENOID))
    bolt._line = line  # noqa: SLF001
    assert [bolt.obey(word) for word in (LOCK, LOCK, UNLOCK)] == [LOCKED, LOCKED, UNLOCKED]
    assert line.seen == [("claimed", 1), ("written", 1), ("written", 0)]


def test_a_bolt_held_at_another_line_is_not_let_go(runtime_dir: Path) -> None:
    """Somebody changed wallbox.toml while a plug was held."""
    LineMap.create(runtime_dir / FILE_NAME).close()
    held = BoltHolder(claim_of(runtime_dir, SOLENOID))
    held.begin(locked=True)
    held.end(live=True)
    with pytest.raises(
        BoltError, match="GPIO24: a solenoid at GPIO23 holds a plug: switch the power off first"
    ):
        BoltHolder(claim_of(runtime_dir, 24))
    again = BoltHolder(claim_of(runtime_dir, SOLENOID))
    assert again.locked
    again.end(live=False)


def test_a_line_of_another_program_is_said(runtime_dir: Path) -> None:
    line_map = LineMap.create(runtime_dir / FILE_NAME)
    line_map.claim(SOLENOID, os.getppid())
    holder = BoltHolder(claim_of(runtime_dir, SOLENOID))
    with pytest.raises(BoltError, match="GPIO23 is held by process"):
        holder.begin(locked=True)
    holder.end(live=False)


def claim_of(runtime_dir: Path, line: int) -> Claim:
    lock = Lock(kind="solenoid", solenoid_pin=line, feedback_pin=FEEDBACK)
    claim = solenoid_claim(runtime_dir, msgspec.structs.replace(SOCKET_BOX, lock=lock))
    assert claim is not None
    return claim
