"""A whole box in one thread and in simulated time: plant, wires, line map, PWM folder, the real drivers."""

from __future__ import annotations

from pathlib import Path

from gpiozero import GPIOZeroError

from hal.configuration.line_sections import Contactor, Dimming, Lock, Pilot, Proximity, Rcm, Stop
from hal.configuration.sections import CableSettings, Installation, Meter, Wallbox
from hal.mock.pi.board import BoardFactory
from hal.mock.pi.line_map import FILE_NAME, LineMap
from hal.mock.pi.pwm import PwmFolder
from hal.mock.pi.wiring import Wires
from hal.mock.plant.plant import Plant, PlantSettings
from hal.safety.bolt import Claim
from hal.safety.lines.lines import Lines, Wiring

CONTACTOR, MIRROR, FORWARD, BACKWARD, FEEDBACK = 17, 27, 23, 24, 25
WATCHDOG, TRIP, CONNECT, RCM, RCM_TEST, STOP, DIMMING = 16, 20, 22, 5, 21, 26, 6
_METER = Meter(model="eastron_sdm630", port="/dev/null")
_IMPATIENT = Contactor(
    pin=CONTACTOR,
    mirror_pin=MIRROR,
    min_off_s=0.1,
    after_fault_s=0.1,
    max_closings=10_000,
    closings_window_s=1,
)
SOCKET_BOX = Wallbox(
    installation=Installation(max_current_a=16.0, phases=3),
    cable=CableSettings(kind="socket"),
    proximity=Proximity(),
    contactor=_IMPATIENT,
    lock=Lock(forward_pin=FORWARD, backward_pin=BACKWARD, feedback_pin=FEEDBACK),
    meter=_METER,
)
FULL_BOX = Wallbox(
    installation=SOCKET_BOX.installation,
    cable=SOCKET_BOX.cable,
    proximity=SOCKET_BOX.proximity,
    pilot=Pilot(connect_pin=CONNECT),
    contactor=Contactor(
        pin=CONTACTOR,
        mirror_pin=MIRROR,
        watchdog_pin=WATCHDOG,
        trip_pin=TRIP,
        min_off_s=0.1,
        after_fault_s=0.1,
        max_closings=10_000,
        closings_window_s=1,
    ),
    lock=SOCKET_BOX.lock,
    rcm=Rcm(pin=RCM, test_pin=RCM_TEST),
    stop=Stop(kind="stop", pin=STOP),
    dimming=Dimming(pin=DIMMING),
    meter=_METER,
)
FIXED_BOX = Wallbox(
    installation=Installation(max_current_a=16.0, phases=3),
    cable=CableSettings(kind="fixed", rating_a=20),
    contactor=Contactor(pin=CONTACTOR, mirror_pin=MIRROR, mirror_active="high"),
    meter=_METER,
)


def solenoid_claim(runtime_dir: Path, box: Wallbox) -> Claim | None:
    """Its line is a real process's, in simulated time too."""
    if box.lock is None or box.lock.solenoid_pin is None:
        return None
    line_map, line = str(runtime_dir / FILE_NAME), box.lock.solenoid_pin
    return Claim(runtime_dir=str(runtime_dir), line_map=line_map, gpio_chip=None, line=line)


class Rig:
    """`lines` are the drivers under test; `plant` is the truth behind them, `wires` lie between."""

    def __init__(self, runtime_dir: Path, box: Wallbox = SOCKET_BOX) -> None:
        self.box = box
        self.now_s = 100.0
        self.board_faults: set[str] = set()
        self.plant = Plant(PlantSettings(socket=box.cable.kind == "socket"))
        self.line_map = LineMap.create(runtime_dir / FILE_NAME)
        self.pwm = PwmFolder(runtime_dir / "pwm")
        self.wires = Wires(box, self.line_map, self.plant)
        self.wires.show(self.board_faults)
        chip = runtime_dir / "pwm" / "pwmchip0"
        (chip / "export").write_text("0\n")
        self.pwm.poll(self.now_s)
        self.wiring = Wiring(
            BoardFactory(runtime_dir / FILE_NAME),
            chip / "pwm0",
            (OSError, GPIOZeroError),
            solenoid_claim(runtime_dir, box),
        )
        self.lines = Lines(box, self.wiring)
        self.step(0.0)

    def close(self) -> None:
        self.lines.close()
        self.line_map.close()
        self.pwm.reset()

    def step(self, passed_s: float) -> None:
        """The plant feels the lines as they are for that long, then the lines show what it made of it."""
        self.now_s += passed_s
        duty = self.pwm.poll(self.now_s).duty
        self.plant.step(self.wires.outputs(duty, self.now_s), passed_s)
        self.wires.show(self.board_faults)

    def reads_v(self) -> tuple[float, float]:
        """The pilot, as the driver reads it now."""
        analogue = self.lines.read_analogue(self.now_s)
        return analogue.cp_high_v, analogue.cp_low_v
