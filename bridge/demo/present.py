"""PURE: the state of the box at one moment, from the messages of its two sockets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from hal.contract import Card, InstrumentBox, Message, Reading, Status


class Plant(msgspec.Struct, frozen=True):
    """The simulated world as `watch` of mock.sock shows it: the true state, whatever the box has measured."""

    power: bool = True
    car: str = "away"  # away | plugged in | asks for energy
    pilot: str | float | None = None  # x1, F or amps; None: not heard yet
    contactor_closed: bool = False
    faults: tuple[str, ...] = ()
    received_wh: float = 0.0  # by the car, since it plugged in


@dataclass(frozen=True, slots=True)
class Present:
    """The newest of each message."""

    plant: Plant = field(default_factory=Plant)
    status: Status | None = None
    instruments: InstrumentBox | None = None
    reading: Reading | None = None
    card: Card | None = None
    cards: int = 0  # presented so far
    arrived_wh: int | None = None  # the meter when the car came

    @property
    def senses(self) -> bool:
        """Says whether the card reader is ready and the meter has been read."""
        reads_cards = self.instruments is not None and self.instruments.reader_health == "ok"
        return reads_cards and self.reading is not None

    @property
    def current_a(self) -> float:
        """Returns that of the phase that carries most, as the meter reads it."""
        return max(self.reading.current_a) if self.reading is not None else 0.0

    @property
    def session_kwh(self) -> float:
        """Returns the meter's, since the car came; 0 when that is not known."""
        if self.reading is None or self.arrived_wh is None:
            return 0.0
        return (self.reading.energy_wh - self.arrived_wh) / 1000

    def with_plant(self, changed: dict[str, Any]) -> Present:
        """Follows a line of `watch`: its first, or what has changed since. Raises msgspec.ValidationError."""
        plant = msgspec.convert(msgspec.to_builtins(self.plant) | changed, Plant)
        arrives = self.plant.car == "away" and plant.car != "away"
        meter_wh = self.reading.energy_wh if self.reading is not None else None
        return replace(self, plant=plant, arrived_wh=meter_wh if arrives else self.arrived_wh)

    def with_message(self, message: Message) -> Present:
        """Follows a line of hal.sock."""
        match message:
            case Status():
                return replace(self, status=message)
            case InstrumentBox():
                return replace(self, instruments=message)
            case Reading():
                return replace(self, reading=message)
            case Card():
                return replace(self, card=message, cards=self.cards + 1)
            case _:
                return self
