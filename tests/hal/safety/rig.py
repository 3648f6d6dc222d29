"""A whole box in one thread and in simulated time: plant, line map, PWM folder, and the real drivers."""

from __future__ import annotations

from pathlib import Path

from hal.mock.board import BoardFactory
from hal.mock.box import adc_word
from hal.mock.line_map import FILE_NAME, HIGH, LOW, LineMap
from hal.mock.plant import Outputs, Plant, PlantSettings
from hal.mock.pwm import PwmFolder
from hal.safety.lines import Lines, Wiring
from hal.settings import CableSettings, Contactor, Installation, Lock, Meter, Proximity, Wallbox

CONTACTOR, MIRROR, FORWARD, BACKWARD, FEEDBACK = 17, 27, 23, 24, 25
SOCKET_BOX = Wallbox(
    installation=Installation(max_current_a=16.0, phases=3),
    cable=CableSettings(kind="socket"),
    proximity=Proximity(),
    contactor=Contactor(
        pin=CONTACTOR,
        mirror_pin=MIRROR,
        min_off_s=0.1,
        after_fault_s=0.1,
        max_closings=10_000,
        closings_window_s=1,
    ),
    lock=Lock(forward_pin=FORWARD, backward_pin=BACKWARD, feedback_pin=FEEDBACK),
    meter=Meter(model="eastron_sdm630", port="/dev/null"),
)
FIXED_BOX = Wallbox(
    installation=Installation(max_current_a=16.0, phases=3),
    cable=CableSettings(kind="fixed", rating_a=20),
    contactor=Contactor(pin=CONTACTOR, mirror_pin=MIRROR, mirror_active="high"),
    meter=Meter(model="eastron_sdm630", port="/dev/null"),
)


class Rig:
    """`lines` are the drivers under test; `plant` is the truth behind them."""

    def __init__(self, runtime_dir: Path, box: Wallbox = SOCKET_BOX) -> None:
        self.box = box
        self.now_s = 100.0
        self.plant = Plant(PlantSettings(socket=box.cable.kind == "socket"))
        self.line_map = LineMap.create(runtime_dir / FILE_NAME)
        self.pwm = PwmFolder(runtime_dir / "pwm")
        chip = runtime_dir / "pwm" / "pwmchip0"
        (chip / "export").write_text("0\n")
        self.pwm.poll(self.now_s)
        self.factory = BoardFactory(runtime_dir / FILE_NAME)
        self.lines = Lines(box, Wiring(self.factory, chip))
        self.step(0.0)

    def close(self) -> None:
        self.lines.close()
        self.line_map.close()
        self.pwm.reset()

    def step(self, passed_s: float) -> None:
        """The plant feels the lines as they are for that long, then the lines show what it made of it."""
        self.now_s += passed_s
        wave = self.pwm.poll(self.now_s)
        high = self.line_map.driven_high
        lock = Outputs(wave.duty, high(CONTACTOR), high(FORWARD), high(BACKWARD))
        self.plant.step(lock, passed_s)
        self._show()

    def _show(self) -> None:
        plant, pilot, proximity, lock = self.plant, self.box.pilot, self.box.proximity, self.box.lock
        self._volts(pilot.high_channel, (plant.cp_high_v - pilot.offset_v) / pilot.gain)
        self._volts(pilot.low_channel, (plant.cp_low_v - pilot.offset_v) / pilot.gain)
        if proximity and plant.pp_ohm is not None:
            share = plant.pp_ohm / (plant.pp_ohm + proximity.pull_up_ohm)
            self._volts(proximity.channel, proximity.supply_v * share)
        mirror_open_level = HIGH if self.box.contactor.mirror_active == "high" else LOW
        self.line_map.put_input(MIRROR, 1 - mirror_open_level if plant.mirror_closed else mirror_open_level)
        if lock:
            self.line_map.put_input(FEEDBACK, HIGH if plant.lock_closed else LOW)

    def _volts(self, channel: int, volts: float) -> None:
        self.line_map.put_adc(channel, adc_word(volts, self.box.adc))
