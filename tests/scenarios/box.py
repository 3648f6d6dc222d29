"""The pure box: plant and `Evse`, and what `hal.safety` and `hal.instruments` would tell of them."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import msgspec

from hal.contract import (
    FRESH_S,
    Box,
    Card,
    House,
    HouseReading,
    InstrumentBox,
    Message,
    Reading,
    Status,
    Temperatures,
    Wish,
)
from hal.core.evse import Evse
from hal.core.rules import BoxRules
from hal.core.signals import Drive, Sense
from hal.instruments.meter.direction import Direction
from hal.mock.plant.plant import Outputs, Plant, PlantSettings
from hal.safety.status import Identity, Shown, Tallies, changes, differs, status_of
from tests.hal.core.world import OPEN_TICK_S, outputs

TELLS_EVERY_S = 1.0
RESTART_S = 1.0  # RestartSec of the units
MOST = 1 << 30  # a range can be copied, a count cannot
REST = Drive("x1", close_contactor=False)  # what `safe_outputs` leaves
NO_POWER = Outputs(duty=0.0, contactor=False)


def warm_box(plant_settings: PlantSettings, from_s: float, to_s: float) -> PureBox:
    """A box that was started at `from_s`, with nobody there since: made once, copied for each world."""
    return deepcopy(_warmed(plant_settings, from_s, to_s))


@cache
def _warmed(plant_settings: PlantSettings, from_s: float, to_s: float) -> PureBox:
    box, now_s = PureBox(plant_settings, from_s), from_s
    while now_s < to_s - 1e-9:
        dt_s = min(OPEN_TICK_S, to_s - now_s)
        now_s += dt_s
        box.tick(dt_s, None, now_s)
    return box


REGISTER_STEP_WH = 10  # of the simulated meter


class PureBox:
    """One wallbox of usual rules. `tick` lets time pass and returns what was told meanwhile."""

    def __init__(self, plant_settings: PlantSettings, now_s: float) -> None:
        self.plant = Plant(plant_settings)
        self.rules = BoxRules(socket=plant_settings.socket, installation_max_a=16.0, has_thermometer=True)
        self.house: House | None = None  # with a house meter
        self.dimming_w: float | None = None  # with a dimming input
        self.wire_faults: set[str] = set()  # of the house meter and of the dimming input
        self.powered = True
        self.status: Status | None = None
        self._drive = REST
        self._evse: Evse | None = None
        self._starts = iter(range(1, MOST))
        self._seqs = iter(range(1, MOST))
        self._cards = iter(range(1, MOST))
        self._identity = Identity("", mock=True, real_time="simulated", notes=())
        self._read_at_s = self._house_read_at_s = float("-inf")
        self._bare: Status | None = None  # the last status, without number and time
        self.changed = False  # in the last tick
        self.lines: list[str] = []  # what `hal.safety` would log
        self._reading: Reading | None = None
        self._temperatures: Temperatures | None = None
        self._direction = Direction(REGISTER_STEP_WH)
        self._instruments_speak = True
        self._safety_runs = True  # False: it is there, and does nothing
        self._stepped_at_s = now_s
        self._back_at_s: dict[str, float] = {}  # what is started again then
        self.start_safety(now_s)

    def befalls(self, verb: str, now_s: float) -> bool:
        """Something happens to a program. False: it is none of these. Raises ValueError when it cannot be."""
        match verb:
            case "instruments fall silent" | "instruments speak":
                needed(self._instruments_speak != (verb == "instruments speak"), "so it is already")
                self._instruments_speak = verb == "instruments speak"
            case "instruments restart":
                self._instruments_speak = False
                self._back_at_s["instruments"] = now_s + RESTART_S
            case "safety falls silent" | "safety runs on":
                needed(self._safety_runs != (verb == "safety runs on"), "so it is already")
                self._safety_runs = verb == "safety runs on"
            case "safety restarts":
                self.end_safety()
                self._back_at_s["safety"] = now_s + RESTART_S
            case "safety dies":
                needed(self.safety_lives, "`hal.safety` does not run")
                self.end_safety()
            case "safety starts":
                needed(self.powered and not self.safety_lives, "it runs, or there is no power")
                self.start_safety(now_s)
            case _:
                return False
        return True

    def _restart(self, now_s: float) -> None:
        for program in [name for name, at_s in self._back_at_s.items() if now_s >= at_s]:
            del self._back_at_s[program]
            if program == "instruments":
                self._instruments_speak = True
            else:
                self.start_safety(now_s)

    def start_safety(self, now_s: float) -> None:
        """A new start of `hal.safety`."""
        self._identity = Identity(f"start-{next(self._starts)}", mock=True, real_time="simulated", notes=())
        self._evse = Evse(self.rules, now_s)
        self._stepped_at_s = now_s
        self.status = None

    def end_safety(self) -> None:
        """It dies; `safe_outputs` follows."""
        self._evse, self._drive, self.status = None, REST, None
        self._reading = self._temperatures = None
        self._safety_runs = True
        self._back_at_s.pop("safety", None)

    def cut_power(self) -> None:
        """Nothing is told any more."""
        self.end_safety()
        self.powered, self._instruments_speak = False, True
        self._back_at_s.clear()

    def restore_power(self, now_s: float) -> None:
        """A boot."""
        self.powered = True
        self._read_at_s = self._house_read_at_s = float("-inf")  # of another boot's seconds
        self._reading = None
        self.start_safety(now_s)

    @property
    def closed(self) -> bool:
        """The contactor is driven."""
        return self._drive.close_contactor

    @property
    def safety_lives(self) -> bool:
        """Nothing crosses its socket otherwise, what the instruments say no more than its own words."""
        return self._evse is not None and self._safety_runs

    def greeting(self) -> list[Message]:
        """What a bridge hears when it connects."""
        if not self.safety_lives:
            return []
        settings = self.plant.settings
        box = Box(
            version=1,
            phases=settings.phases,
            nominal_voltage_v=settings.nominal_voltage_v,
            socket=settings.socket,
            installation_max_a=self.rules.installation_max_a,
            mock=True,
            software="0",
            house=self.house,
            dimming_w=self.dimming_w,
        )
        instruments = InstrumentBox(
            meter="mock", meter_health="ok", meter_serial=None, reader="mock", reader_health="ok"
        )
        return [box, *([self.status] if self.status is not None else []), instruments]

    def card(self, id_tag: str, now_s: float) -> Card:
        """Somebody presents a card."""
        return Card(start_id="instruments", seq=next(self._cards), at_s=now_s, id=id_tag)

    def tick(self, dt_s: float, wish: Wish | None, now_s: float) -> list[Message]:
        """`now_s` is the time at the end of this tick."""
        self.plant.step(outputs(self._drive) if self.powered else NO_POWER, dt_s)
        self.changed = False
        self._restart(now_s)
        told: list[Message] = []
        if self._evse is not None and self._safety_runs:
            if now_s - self._read_at_s >= TELLS_EVERY_S:
                self._read_at_s = now_s
                told += self._read(now_s)
            told += self._read_house(now_s)
            late_s = max(0.0, now_s - dt_s - self._stepped_at_s)
            self._drive = self._evse.step(self._sense(now_s, late_s), wish, now_s)
            self._stepped_at_s = now_s
            told += self._tell(self._evse, wish, now_s)
        return told

    def _read(self, now_s: float) -> list[Message]:
        plant = self.plant
        if not self._instruments_speak:
            return []
        told: list[Message] = []
        if "cut_thermometer" not in plant.faults:
            self._temperatures = Temperatures(at_s=now_s, contacts_c=plant.contacts_c)
            told.append(self._temperatures)
        if "meter_silent" in plant.faults:
            return told
        reading = Reading(
            at_s=now_s,
            energy_wh=plant.register_wh,
            power_w=plant.metered_w,
            current_a=plant.current_a,
            voltage_v=plant.voltage_v,
        )
        self._direction.contactor_closed = self.status is not None and self.status.contactor_closed
        self._direction.feed(reading)
        self._reading = msgspec.structs.replace(reading, power_w=abs(reading.power_w))
        return [*told, self._reading]

    def _read_house(self, now_s: float) -> list[Message]:
        """Half a second after the other meter: two on one bus take turns."""
        due = now_s - self._house_read_at_s >= TELLS_EVERY_S and now_s - self._read_at_s >= TELLS_EVERY_S / 2
        if self.house is None or not due or not self._instruments_speak:
            return []
        self._house_read_at_s = now_s
        if "house_silent" in self.wire_faults:
            return []
        volts, amps = self.plant.settings.nominal_voltage_v, self.plant.main_a
        return [HouseReading(at_s=now_s, current_a=amps, voltage_v=(volts,) * 3, power_w=volts * sum(amps))]

    @property
    def _dimmed(self) -> bool | None:
        """What the line shows."""
        return None if self.dimming_w is None else bool({"dimmed", "cut_dimming"} & self.wire_faults)

    def _tell(self, evse: Evse, wish: Wish | None, now_s: float) -> list[Message]:
        """As `hal.safety` publishes: on change and each second."""
        lamp = wish.lamp if wish is not None and wish.valid_until_s > now_s else ""
        status = status_of(evse.view(), self._identity, Tallies(0, 0, 0), Shown(lamp, self._dimmed))
        before, self._bare = self._bare, status
        differs_now = before is None or differs(before, status)
        if not differs_now and self.status is not None and now_s - self.status.at_s < TELLS_EVERY_S:
            return []
        # A renewed wish is told too, but it is no reason to look more closely.
        self.changed = before is None or differs(
            msgspec.structs.replace(before, wish_seq=status.wish_seq), status
        )
        if before is not None:
            self.lines += changes(before, status)
        self.status = msgspec.structs.replace(status, seq=next(self._seqs), at_s=now_s)
        return [self.status]

    def _sense(self, now_s: float, late_s: float) -> Sense:
        plant = self.plant
        reading, temperatures = self._reading, self._temperatures
        fresh = reading is not None and now_s - reading.at_s <= FRESH_S
        felt = temperatures is not None and now_s - temperatures.at_s <= FRESH_S
        return Sense(
            cp_high_v=plant.cp_high_v,
            cp_low_v=plant.cp_low_v,
            pp_ohm=plant.pp_ohm,
            mirror_closed=plant.mirror_closed,
            lock_closed=plant.lock_closed if plant.settings.socket else None,
            rcm_healthy=plant.rcm_healthy,
            current_a=reading.current_a if reading is not None and fresh else None,
            reading_at_s=reading.at_s if reading is not None and fresh else None,
            contacts_c=temperatures.contacts_c if temperatures is not None and felt else None,
            instruments_speak=self._instruments_speak,
            meter_implausible=bool(self._direction.verdict),
            late_s=late_s,
        )


def needed(holds: bool, why: str) -> None:
    """Raises ValueError."""
    if not holds:
        raise ValueError(why)
