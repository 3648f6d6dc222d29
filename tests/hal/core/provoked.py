"""Each fault of the table, and what breaks in the simulated world so that it comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hal.contract import Cable
from hal.core.rules import BoxRules
from hal.mock.plant.copper import Copper
from hal.mock.plant.plant import PlantSettings
from tests.hal.core.world import Asked, World, cheap

RULES = cheap(BoxRules(socket=True, installation_max_a=16.0))


class Scene:
    """A box with a car, as far as a provocation needs it."""

    def __init__(self, rules: BoxRules) -> None:
        self.world = World(rules, PlantSettings())
        self.plant = self.world.plant
        self.world.run(4.0 if rules.has_rcm_test else 3.5)  # its self tests are over

    def until(self, holds: Callable[[], bool], within_s: float) -> float:
        """How long it took."""
        began_s = self.world.now_s
        while not holds():
            assert self.world.now_s - began_s <= within_s, (
                f"not within {within_s} s: {self.world.evse.view()}"
            )
            self.world.tick()
        return self.world.now_s - began_s

    def plug_in(self) -> None:
        assert self.plant.plug_in() is None
        self.world.run(1.0)

    def charge(self) -> None:
        """Up to current that flows."""
        if not self.plant.plugged:
            self.plug_in()
        self.plant.ready()
        self.until(lambda: self.plant.contacts_closed and self.plant.current_a[0] > 5, 20.0)

    def unplug(self) -> None:
        """As a person does: the cable is released, the car leaves."""
        self.plant.pause()
        self.ask("release")
        self.until(lambda: self.plant.bolt == 0, 10.0)
        assert self.plant.plug_out() is None
        self.ask("auto")
        self.world.run(0.2)

    def ask(self, cable: Cable = "auto", *, limit_a: float = 16.0, clears: bool = False) -> None:
        self.world.ask(Asked(limit_a, cable, clears=clears))

    def faults(self) -> set[str]:
        return {fault.id for fault in self.world.evse.view().faults}


def _away(_: Scene) -> None:
    """No car."""


def _waits(scene: Scene) -> None:
    scene.plant.pause()
    scene.plug_in()
    scene.world.run(4.0)


def _charges(scene: Scene) -> None:
    scene.charge()


def _pauses(scene: Scene) -> None:
    scene.plant.pause()
    scene.until(lambda: not scene.world.evse.view().contactor_commanded, 4.0)


def _plugs_in(scene: Scene) -> None:
    scene.plug_in()


def _comes_and_goes(scene: Scene) -> None:
    scene.plug_in()
    scene.unplug()


def _tests(scene: Scene) -> None:
    scene.world.evse.ask_for_test("pilot")


def _takes_the_offer(scene: Scene) -> None:
    scene.ask(limit_a=0.0)


def _releases(scene: Scene) -> None:
    scene.ask("release")


def _crashes_twice_more(scene: Scene) -> None:
    for _ in range(2):
        scene.world.plant.clear("crash")
        scene.charge()
        scene.world.fault("crash")


@dataclass(frozen=True)
class Provocation:
    """`name` breaks when `first` has been done; `then` is done after it. `slow_s` is the world's own time."""

    name: str
    first: Callable[[Scene], None] = _charges
    then: Callable[[Scene], None] = _away
    slow_s: float = 0.0  # from the fault of the world to its trace on the lines
    rules: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, float] = field(default_factory=dict)  # of the copper, in place of a fault's name

    @property
    def text(self) -> str:
        """As the mock wallbox takes it."""
        parts = " ".join(f"{name}={value:g}" for name, value in self.parts.items())
        return f"{self.name} {parts}".strip()

    def mend(self, scene: Scene) -> None:
        """As it was."""
        if self.parts:
            scene.plant.copper = Copper()
        else:
            scene.plant.clear(self.name)

    def scene(self) -> Scene:
        """Broken."""
        scene = Scene(replace(RULES, **self.rules))
        self.first(scene)
        if self.parts:
            scene.plant.copper = replace(scene.plant.copper, **self.parts)
        else:
            scene.world.fault(self.name)
        self.then(scene)
        return scene


_P = Provocation
_EMERGENCY, _RCM_TEST = {"stop_kind": "emergency"}, {"has_rcm_test": True}
_LINE = {"has_watchdog_line": True}
_FEW: dict[str, Any] = {"max_closings": 3}

PROVOKED: dict[str, list[Provocation]] = {
    "welded": [_P("weld", then=_pauses), _P("mirror_stuck", then=_pauses), _P("cut_mirror", _waits)],
    "did_not_close": [
        _P("contactor_stuck_open", _waits, lambda scene: scene.plant.ready(), 2.0),
        _P("short_mirror"),
        _P("mirror_stuck", _waits, lambda scene: scene.plant.ready(), 2.0),
    ],
    "watchdog_line": [_P("pump_bridged", _waits, lambda scene: scene.plant.ready(), 2.0, _LINE)],
    "contactor_cycling": [_P("chatter", slow_s=20.0, rules=_FEW)],
    "diode_missing": [_P("diode", slow_s=0.05)],
    "pilot_short": [_P("cp_short", slow_s=0.05)],
    "pilot_out_of_range": [_P("cp_high", slow_s=0.05)],
    "pilot_circuit": [
        _P("minus_lost", slow_s=0.05),
        _P("minus_lost", _away, _comes_and_goes, 2.0),
        _P("adc_stuck", then=_takes_the_offer),
    ],
    "pilot_source": [_P("copper", _away, _tests, 2.5, parts={"source_high_v": 11.0, "source_low_v": -11.0})],
    "pilot_noise": [_P("copper", slow_s=25.0, parts={"hum_v": 3.0, "hum_phase_deg": 90.0})],
    "not_closing": [_P("copper", _waits, lambda scene: scene.plant.ready(), 2.0, parts={"s2_factor": 2.2})],
    "ventilation": [_P("ventilation", slow_s=0.05)],
    "proximity_implausible": [_P("pp_short", _waits)],
    "plug_lost": [_P("pp_lost")],
    "rating_lost": [_P("pp_short")],
    "lock_failed": [_P("lock_jam", _away, _plugs_in), _P("cut_lock_feedback", _away, _plugs_in)],
    "unlock_failed": [_P("lock_jam", _waits, _releases), _P("short_lock_feedback", _waits, _releases)],
    "lock_opened": [_P("lock_forced"), _P("cut_lock_feedback")],
    "over_current": [_P("over_current", slow_s=6.0)],
    "over_temperature": [_P("hot", slow_s=15.0)],
    "overheated": [_P("hot", slow_s=25.0)],
    "thermometer_lost": [_P("cut_thermometer")],
    "rcm_trip": [_P("rcm"), _P("cut_rcm")],
    "rcm_test_failed": [
        _P("rcm_dead", _away, _comes_and_goes, rules=_RCM_TEST),
        _P("short_rcm", _away, _comes_and_goes, rules=_RCM_TEST),
    ],
    "emergency_stop": [_P("stop_button", rules=_EMERGENCY), _P("cut_stop", rules=_EMERGENCY)],
    "stop_circuit": [_P("cut_stop"), _P("stop_button")],
    "meter_lost": [_P("meter_silent", slow_s=1.0)],
    "meter_implausible": [_P("meter_backwards"), _P("meter_reversed")],
    "reader_lost": [_P("reader_gone")],
    "under_voltage": [_P("under_voltage")],
    "loop_late": [_P("busy", slow_s=1.6)],
    "hal_restarting": [_P("crash", then=_crashes_twice_more)],
    "lost_state": [_P("state_garbled", _away), _P("state_garbled")],
    "state_not_kept": [_P("state_unwritable")],
}
