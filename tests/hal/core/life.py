"""One box with one car, as people and faults treat them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from types import MappingProxyType
from typing import Any

from hal.contract import Cable
from hal.core.rules import BoxRules
from hal.mock.plant.copper import Copper
from hal.mock.plant.fault_names import FAULTS, INSTRUMENTS
from hal.mock.plant.plant import PlantSettings
from tests.hal.core.world import Asked, World, cheap

CABLES: list[Cable] = ["auto", "keep", "release", "permanent"]
HUMS = 0.125  # of the lives: it makes each tick of the plant half as long again
SHORT_FAULTS = sorted({*FAULTS} - {*INSTRUMENTS, "hot", "asleep"})


def any_copper(random: Random) -> Copper:
    """Another box and car in each life; hum, where there is some, is what a charging car must bear."""
    drawn = Copper.drawn(random)
    hum_v = random.choice([0.3, 0.8]) if random.random() < HUMS else 0.0
    return replace(
        drawn,
        noise_v=random.choice([0.0, 0.02, 0.05]),
        hum_v=hum_v,
        hum_hz=random.choice([50.0, 60.0]) + random.uniform(-0.1, 0.1),
        hum_phase_deg=random.uniform(0, 360),
    )


class Life:
    """One box with one script. `log` tells how it came to where it is."""

    def __init__(
        self, random: Random, *, socket: bool, forced: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """`forced`: rules that are not left to chance."""
        self.random = random
        self.log: list[str] = []
        self.faults: set[tuple[str, int]] = set()
        rules = cheap(
            BoxRules(
                socket=socket,
                installation_max_a=random.choice([6.0, 10.0, 16.0, 32.0]),
                fixed_cable_rating_a=None if socket else random.choice([13.0, 20.0, 32.0]),
                fault_f_s=random.choice([0.0, 0.3]),
                has_cp_relay=random.random() < 0.5,
                has_rcm_test=random.random() < 0.3,
                stop_kind=random.choice(["stop", "emergency"]),
            )
        )
        rules = rules if random.random() < 0.9 else replace(rules, min_off_s=5.0, after_fault_s=30.0)
        self.rules = replace(rules, **forced)
        settings = PlantSettings(
            socket=socket,
            cable_rating_a=random.choice([13.0, 20.0, 32.0, 63.0]),
            car_max_a=random.choice([8.0, 16.0, 32.0]),
            car_phases=random.choice([1, 3]),
        )
        self.world = World(self.rules, settings, copper=any_copper(random), seed=random.randrange(1 << 30))
        self.wait(0.0, 1.0)

    def do(self, text: str, action: Callable[[], object]) -> None:
        """Carries it out and notes it."""
        self.log.append(f"{self.world.now_s:.2f} {text}")
        action()

    def fault(self, name: str) -> None:
        self.do(f"fault {name}", lambda: self.world.fault(name))

    def clear(self, name: str) -> None:
        self.do(f"clear {name}", lambda: self.world.plant.clear(name))

    def ask(self, asked: Asked | None) -> None:
        self.do(f"ask {asked}", lambda: self.world.ask(asked))

    def plug_in(self) -> None:
        self.do("plug in", self.world.plant.plug_in)

    def plug_out(self) -> None:
        self.do("plug out", self.world.plant.plug_out)

    def heat(self, contacts_c: float) -> None:
        """Skips the minutes that it takes."""
        self.world.plant.contacts_c = contacts_c

    def tear_out(self) -> None:
        """The plug is out whatever the lock says."""
        if self.rules.socket and self.world.plant.bolt > 0:
            self.fault("lock_forced")
            self.world.tick()
            self.plug_out()
            self.clear("lock_forced")
        else:
            self.plug_out()

    def wait(self, least_s: float, most_s: float) -> None:
        """Ticks with jitter; the faults that stand are noted."""
        end_s = self.world.now_s + self.random.uniform(least_s, most_s)
        ticks = 0
        while self.world.now_s < end_s:
            if self.random.random() < 0.1:
                self.world.late_s = self.random.uniform(0.0, 0.015)
            self.world.tick()
            ticks += 1
            if ticks % 10 == 0:
                self.note_faults()
        self.note_faults()

    def note_faults(self) -> None:
        """For the report only; the observer never looks here."""
        standing = self.world.evse.view().faults
        self.faults.update((fault.id, fault.occurrence) for fault in standing)

    def charge(self) -> None:
        """Up to the contactor, if nothing is against it."""
        self.plug_in()
        end_s = self.world.now_s + self.random.uniform(6.0, 7.0)
        while self.world.now_s < end_s and not self.world.plant.contacts_closed:
            self.world.tick()
        self.wait(0.0, 0.6)

    def meddle(self) -> None:
        """Anything at all, at any moment."""
        kind = self.random.choice(["late", "ask", "ask", "nobody", "fault", "fault", "car", "plug", "stop"])
        if kind == "late":
            self.world.late_s = self.random.choice([0.03, 0.09, 0.12, 0.5])
        elif kind == "ask":
            self.ask(self.any_wish())
        elif kind == "nobody":
            self.ask(None)
        elif kind == "fault":
            name = self.random.choice(SHORT_FAULTS)
            self.fault(name)
            self.wait(0.0, 0.8)
            self.clear(name)
        elif kind == "car":
            self.do("pause", self.world.plant.pause)
            self.wait(0.0, 2.0)
            self.do("ready", self.world.plant.ready)
        elif kind == "plug":
            self.plug_out()
            self.wait(0.0, 0.5)
            self.plug_in()
        elif self.random.random() < 0.3:
            self.do("stop", self.world.evse.stop)

    def any_wish(self) -> Asked:
        limit_a = self.random.choice([0.0, 5.9, 6.0, 8.0, 13.0, 16.0, 32.0, 80.0, self.random.uniform(0, 40)])
        life_s = self.random.choice([0.3, 2.0, 15.0, 60.0, 1000.0])
        return Asked(limit_a, self.random.choice(CABLES), life_s, clears=self.random.random() < 0.5)
