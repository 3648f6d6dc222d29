"""The cable lock: one of three ways to move the bolt, and the feedback contact that shows where it is."""

from __future__ import annotations

from typing import Literal, Protocol

from hal.configuration.line_sections import Lock
from hal.safety.bolt import Claim
from hal.safety.lines.bolt_holder import BoltHolder
from hal.safety.lines.gpio import PinFactory, contact, output

Move = Literal["lock", "unlock"] | None


class _Bolt(Protocol):
    def drive(self, move: Move) -> None: ...

    def holds(self) -> bool: ...

    def end(self, *, live: bool) -> None: ...


class LockLines:
    """The lock's lines: `drive` starts and ends a move, `reads_locked` reads the feedback. Nothing here
    waits."""

    def __init__(self, lock: Lock, factory: PinFactory, solenoid: Claim | None, *, live: bool) -> None:
        """Energises a solenoid when `live` (a contactor reads closed), so that a start never lets a live
        plug go; a motor stays where it is anyway. `solenoid` is None for a lock that has none.

        Raises BoltError."""
        self._bolt = _bolt(lock, factory, solenoid, live=live)
        self._locked = contact(lock.feedback_pin, lock.feedback_active, factory)

    def drive(self, move: Move) -> None:
        """Moves the bolt until another call; None: it stays."""
        self._bolt.drive(move)

    def reads_locked(self) -> bool:
        """Reads the feedback, not the motor: a cut wire reads unlocked, and so does a solenoid whose holder
        has died or does not answer."""
        return bool(self._locked.is_active) and self._bolt.holds()

    def end(self, *, live: bool) -> None:
        """Leaves a bolt that a motor moved. A solenoid lets go, but never of a plug that may be live."""
        self._bolt.end(live=live)


class _Motor:
    """A motor: without power the bolt stays where it is."""

    def holds(self) -> bool:
        return True

    def end(self, *, live: bool) -> None:
        pass


class _Bridge(_Motor):
    """A motor on an H-bridge; never both sides of it at once."""

    def __init__(self, forward_pin: int, backward_pin: int, factory: PinFactory) -> None:
        self._sides = {"lock": output(forward_pin, factory), "unlock": output(backward_pin, factory)}

    def drive(self, move: Move) -> None:
        for side, line in self._sides.items():
            if side != move:
                line.off()
        if move is not None:
            self._sides[move].on()


class _PhaseEnable(_Motor):
    """A motor driver with a direction, which changes only while the motor is off."""

    def __init__(self, phase_pin: int, enable_pin: int, factory: PinFactory) -> None:
        self._enable = output(enable_pin, factory)
        self._locks = output(phase_pin, factory)

    def drive(self, move: Move) -> None:
        if move is None or self._locks.value != (move == "lock"):
            self._enable.off()
        if move is not None:
            self._locks.value = move == "lock"
            self._enable.on()


class _Solenoid:
    """A solenoid, locked while energised: the end of a move changes nothing, the end of the power unlocks.
    Its line is another process's, which outlives this one."""

    def __init__(self, claim: Claim, *, live: bool) -> None:
        self._holder = BoltHolder(claim)
        self._holder.begin(locked=live or self._holder.locked)

    def drive(self, move: Move) -> None:
        if move is not None:
            self._holder.order(locked=move == "lock")
        self._holder.tick()

    def holds(self) -> bool:
        return self._holder.holds

    def end(self, *, live: bool) -> None:
        self._holder.end(live=live)


def _bolt(lock: Lock, factory: PinFactory, solenoid: Claim | None, *, live: bool) -> _Bolt:
    match lock:  # hal.configuration.rules sees to it that each kind has its pins
        case Lock(kind="motor", forward_pin=int() as forward_pin, backward_pin=int() as backward_pin):
            return _Bridge(forward_pin, backward_pin, factory)
        case Lock(kind="phase_enable", phase_pin=int() as phase_pin, enable_pin=int() as enable_pin):
            return _PhaseEnable(phase_pin, enable_pin, factory)
        case Lock(kind="solenoid") if solenoid is not None:
            return _Solenoid(solenoid, live=live)
        case _:
            raise ValueError(f"lock.kind = {lock.kind}: its pins are missing")
