"""PURE: energy by day from the register of the meter.

What flowed while nobody looked is not lost: it counts on the day on which it was read, and a day of which
that is not certain says so.
"""

from __future__ import annotations

from dataclasses import dataclass

GAP_S = 600.0  # a shorter one may lie over midnight: the day before lacks less than 2 kWh at 11 kW
MOST_W = 60_000.0  # 3 x 80 A: what is more was not counted by this meter
JUMP_WH = 1_000.0


@dataclass(frozen=True, slots=True)
class Register:
    """A reading of the meter's register. `day`: of the owner's calendar, 2026-11-30."""

    serial: str | None
    energy_wh: int
    at_s: float  # since 1970
    day: str


@dataclass(frozen=True, slots=True)
class Part:
    """Energy that is added to a day. Not `whole`: some of that day's may stand on another day, or nowhere."""

    day: str
    energy_wh: int
    whole: bool


def counted(before: Register | None, now: Register) -> tuple[Part, ...]:
    """Returns what this reading adds to which days."""
    if before is None:
        return (Part(now.day, 0, whole=False),)
    flowed_wh, passed_s = now.energy_wh - before.energy_wh, now.at_s - before.at_s
    most_wh = JUMP_WH + MOST_W * abs(passed_s) / 3600.0
    if before.serial != now.serial or not 0 <= flowed_wh <= most_wh:  # another meter, or another count
        return (Part(before.day, 0, whole=False), Part(now.day, 0, whole=False))
    if before.day == now.day or 0 <= passed_s <= GAP_S or flowed_wh == 0:
        return (Part(now.day, flowed_wh, whole=True),)
    return (Part(before.day, 0, whole=False), Part(now.day, flowed_wh, whole=False))
