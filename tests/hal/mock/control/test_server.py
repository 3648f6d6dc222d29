"""The real mock process over its real wires: socket, line map, PWM folder, killed owners, power, disk."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from gpiozero import MCP3208, DigitalOutputDevice, InputDevice

from hal.mock.control.server import MOST_CLIENTS
from hal.mock.pi.board import BoardFactory
from hal.mock.world_file import read
from tests.hal.mock.pi.test_pwm import PERIOD_NS, Driver
from tests.hal.mock.world import PATIENCE_S, RunningMock, Voice, until

OFFER_16_A_NS = 266_667


class Hands:
    """What hal.safety would do, as far as these tests need it: drives the lines through the real drivers."""

    def __init__(self, world: RunningMock) -> None:
        self.board = BoardFactory(world.runtime_dir / "line-map")
        box = world.box
        assert box.lock is not None
        assert box.lock.forward_pin is not None
        assert box.pilot.connect_pin is not None
        self.connects = DigitalOutputDevice(box.pilot.connect_pin, initial_value=True, pin_factory=self.board)
        self.relay = DigitalOutputDevice(box.contactor.pin, initial_value=False, pin_factory=self.board)
        self.locks = DigitalOutputDevice(box.lock.forward_pin, initial_value=False, pin_factory=self.board)
        self.mirror = InputDevice(box.contactor.mirror_pin, pull_up=True, pin_factory=self.board)
        self.high = MCP3208(
            channel=box.pilot.high_channel, max_voltage=box.adc.max_voltage_v, pin_factory=self.board
        )
        self._pilot = box.pilot
        self.pwm = Driver(world.runtime_dir / "pwm")
        self.pwm.export()
        until((self.pwm.channel / "enable").exists)
        self.pwm.begin(PERIOD_NS)

    def pilot_v(self) -> float:
        return float(self.high.voltage) * self._pilot.gain + self._pilot.offset_v

    def charge(self, world: RunningMock) -> None:
        """From an empty socket to a car that draws current."""
        world.ask("plug-in")
        self.locks.on()
        until(lambda: world.state()["locked"])
        self.locks.off()
        self.pwm.write(duty_cycle=OFFER_16_A_NS)
        until(lambda: bool(world.state()["s2_closed"]))
        self.relay.on()
        until(lambda: world.state()["current_a"][0] > 6)


@pytest.fixture
def hands(world: RunningMock) -> Hands:
    return Hands(world)


def test_it_says_what_it_is(folder: Path) -> None:
    world = RunningMock(folder)
    world.start()
    assert world.state()["serial"].startswith("MOCK")
    assert "MOCK WALLBOX: nothing here is real" in world.stop()
    assert sorted(path.name for path in world.runtime_dir.iterdir()) == [
        "hwmon", "line-map", "power", "pwm", "thermal", "w1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line", [b"hello", b'{"do": "dance"}', b'{"do": "swipe"}', b'{"do": "ready", "x": 1}', b"\xff"]
)
def test_a_bad_line_is_answered_with_the_verbs_and_the_connection_goes_on(
    world: RunningMock, line: bytes
) -> None:
    answer = world.say(line)
    assert answer["ok"] is False
    assert "plug-in, plug-out" in answer["error"]
    assert world.ask("ready") == {"ok": True}


def test_a_line_without_end_costs_the_speaker_its_connection_and_nobody_else(world: RunningMock) -> None:
    voice = Voice(world.runtime_dir / "mock.sock")
    assert voice.say(b"x" * 70_000)["error"] == "a line of more than 65536 bytes"
    voice.close()
    assert world.ask("ready") == {"ok": True}


@pytest.mark.parametrize("said", [b"", b'{"do":', b"[" * 65_000 + b"\n", b'{"do": "watch"}\n'], ids=range(4))
def test_nobody_holds_all_seats(world: RunningMock, said: bytes) -> None:
    """Silence, half a line, depth, watchers that do not read: the oldest go, and whoever comes is let in."""
    path = world.runtime_dir / "mock.sock"
    crowd = [Voice(path) for _ in range(3 * MOST_CLIENTS)]
    for voice in crowd[-MOST_CLIENTS:]:
        voice.mutter(said)
    late = Voice(path)
    assert late.say(b'{"do": "ready"}') == {"ok": True}
    for voice in crowd[: 2 * MOST_CLIENTS]:
        assert voice.is_over
    for voice in (late, *crowd):
        voice.close()


def test_what_cannot_be_is_refused_in_words(world: RunningMock) -> None:
    assert world.ask("plug-out") == {"ok": False, "error": "no car is plugged in"}
    assert "there are" in world.ask("fault", name="gremlins")["error"]
    for verb in ("fault", "clear"):
        for misspelt, meant in (
            ("Welded", "weld"),
            ("meter-silent", "meter_silent"),
            ("spi_fail", "spi_failed"),
        ):
            said = world.ask(verb, name=misspelt)["error"]
            assert f"no fault {misspelt!r}; did you mean {meant}? There are adc_stuck, adc_unpowered" in said
    assert "meter_crc" in world.ask("clear", name="gremlins")["error"]
    assert "RDM6300" in world.ask("swipe", tag="xyz")["error"]
    assert "the contactor's line must be high" in world.ask("edge")["error"]


def test_an_rdm6300_tag_gets_its_version_byte(world: RunningMock) -> None:
    assert world.ask("swipe", tag="04aabbcc") == {"ok": True, "sent": "0004AABBCC"}
    assert world.ask("swipe", tag="100086F444") == {"ok": True, "sent": "100086F444"}


def test_faults_of_plant_and_wires(world: RunningMock) -> None:
    for name in ("diode", "meter_silent", "card_checksum"):
        assert world.ask("fault", name=name) == {"ok": True}
    assert world.state()["faults"] == ["card_checksum", "diode", "meter_silent"]
    for name in ("diode", "meter_silent", "card_checksum"):
        world.ask("clear", name=name)
    assert world.state()["faults"] == []


def test_the_car_is_felt_on_the_pilot_through_the_real_drivers(world: RunningMock, hands: Hands) -> None:
    until(lambda: hands.pilot_v() == pytest.approx(12, abs=0.3))
    world.ask("plug-in")
    until(lambda: hands.pilot_v() == pytest.approx(9, abs=0.3))
    hands.pwm.write(duty_cycle=OFFER_16_A_NS)
    until(lambda: hands.pilot_v() == pytest.approx(6, abs=0.5))
    world.ask("pause")
    until(lambda: hands.pilot_v() == pytest.approx(9, abs=0.5))
    assert world.state()["pwm_violations"] == []


def test_energy_flows_and_is_counted_twice_alike(world: RunningMock, hands: Hands) -> None:
    hands.charge(world)
    assert not hands.mirror.is_active
    until(lambda: world.state()["received_wh"] > 1)
    state = world.state()
    assert state["energy_wh"] - 12_345_000 == pytest.approx(state["received_wh"], abs=0.001)
    assert state["ledger"][-1]["unplugged_s"] is None
    assert world.ask("plug-out") == {
        "ok": False,
        "error": "the lock holds the plug: end the session first, or use unplug-at-car",
    }


@pytest.mark.parametrize(("phases", "carrying"), [(1, 1), (3, 3)])
def test_another_car(world: RunningMock, hands: Hands, phases: int, carrying: int) -> None:
    world.ask("car", phases=phases, amps=10)
    hands.charge(world)
    until(lambda: world.state()["current_a"][0] == 10)
    assert sum(amps > 0 for amps in world.state()["current_a"]) == carrying


def test_edge_measures_until_the_line_falls(world: RunningMock, hands: Hands) -> None:
    hands.charge(world)
    answer = edge_with_a_reflex(world, hands)
    while not answer["ok"]:  # a busy machine let the reflex wait for longer than `edge` does
        assert "still high 0.5 s after the car left C" in answer["error"]
        world.ask("ready")
        until(lambda: bool(world.state()["s2_closed"]))
        hands.relay.on()
        answer = edge_with_a_reflex(world, hands)
    assert 0 < answer["elapsed_ms"] < 500
    assert "must be high" in world.ask("edge")["error"]


def edge_with_a_reflex(world: RunningMock, hands: Hands) -> dict[str, Any]:
    """The answer of `edge` while a thread opens the contactor as soon as it reads that the car has left C."""

    def open_when_the_car_leaves_c() -> None:
        until(lambda: hands.pilot_v() > 7.5)
        hands.relay.off()

    reflex = threading.Thread(target=open_when_the_car_leaves_c)
    reflex.start()
    answer = world.ask("edge")
    reflex.join()
    return answer


def test_edge_says_when_nobody_opens(world: RunningMock, hands: Hands) -> None:
    hands.charge(world)
    assert "still high 0.5 s after the car left C" in world.ask("edge")["error"]


def test_watch_tells_changes_as_they_come(world: RunningMock) -> None:
    voice = Voice(world.runtime_dir / "mock.sock")
    assert voice.say(b'{"do": "watch"}')["car"] == "away"
    world.ask("plug-in")
    heard = voice.hear()
    assert heard["changed"]["car"] == "plugged in"
    assert heard["at_s"] <= time.monotonic()
    world.ask("fault", name="diode")
    assert voice.hear()["changed"] == {"faults": ["diode"]}
    voice.close()
    assert world.ask("ready") == {"ok": True}


def test_the_world_ends_without_a_word_while_somebody_watches(world: RunningMock) -> None:
    voice = Voice(world.runtime_dir / "mock.sock")
    voice.say(b'{"do": "watch"}')
    said = world.stop().splitlines()
    assert [line for line in said if not line.startswith("*** ")] == []
    voice.close()
    world.start()


RELAY_HOLDER = """
import sys, time
from pathlib import Path
from gpiozero import DigitalOutputDevice
from hal.mock.pi.board import BoardFactory
relay = DigitalOutputDevice(int(sys.argv[2]), initial_value=True, pin_factory=BoardFactory(Path(sys.argv[1])))
print("driven", flush=True)
time.sleep(600)
"""


def hold_relay(world: RunningMock) -> subprocess.Popen[str]:
    path = world.runtime_dir / "line-map"
    command = [sys.executable, "-I", "-c", RELAY_HOLDER, str(path), str(world.box.contactor.pin)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "driven\n"
    return holder


@pytest.mark.parametrize(("policy", "closed_after"), [("keeps", True), ("releases", False)])
def test_the_contactor_of_a_killed_process(world: RunningMock, policy: str, closed_after: bool) -> None:
    assert world.ask("kernel", policy=policy) == {"ok": True}
    holder = hold_relay(world)
    until(lambda: bool(world.state()["contactor_closed"]))
    assert [line["owner"] for line in world.state()["lines"]] == [holder.pid]
    holder.kill()
    holder.communicate()
    until(lambda: all(line["owner"] == 0 for line in world.state()["lines"]))
    until(lambda: world.state()["contactor_closed"] == closed_after)
    assert [line["high"] for line in world.state()["lines"]] == ([True] if closed_after else [])


def test_a_power_cut_lets_everything_fall_even_if_the_kernel_keeps(world: RunningMock) -> None:
    holder = hold_relay(world)
    until(lambda: bool(world.state()["contactor_closed"]))
    assert world.ask("power-cut") == {"ok": True}
    assert (world.runtime_dir / "power").read_text() == "off\n"
    until(lambda: not world.state()["contactor_closed"])
    assert (world.state()["lines"], world.state()["power"]) == ([], False)
    assert "the power is off" in world.ask("swipe", tag="04AABBCC")["error"]

    answer = world.ask("power-on")
    assert f"process {holder.pid} drove lines and still runs" in answer["error"]
    holder.kill()
    holder.communicate()
    until(lambda: bool(world.ask("power-on")["ok"]))
    assert (world.runtime_dir / "power").read_text() == "on\n"
    assert not world.state()["contactor_closed"]


def test_a_power_cut_takes_the_pwm_with_it(folder: Path) -> None:
    world = RunningMock(folder)
    world.start()
    driver = Driver(world.runtime_dir / "pwm")
    driver.export()
    until((driver.channel / "enable").exists)
    driver.begin(PERIOD_NS)
    until(lambda: world.state()["pilot"] == "x1")
    world.ask("power-cut")
    assert not driver.channel.exists()
    assert world.ask("power-on") == {"ok": True}
    assert world.state()["pwm"]["on"] is False
    world.stop()


def test_register_and_ledger_outlive_a_kill(folder: Path) -> None:
    world = RunningMock(folder)
    world.start()
    hands = Hands(world)
    hands.charge(world)
    until(lambda: _kept_wh(world) > 12_345_000.5)
    world.kill()
    on_disk = _kept_wh(world)
    world.start()
    state = world.state()
    assert state["energy_wh"] == on_disk
    assert (state["plugged"], state["ledger"][-1]["unplugged_s"] is not None) == (False, True)
    world.stop()


def _kept_wh(world: RunningMock) -> float:
    snapshot = read(world.state_dir / "mock")
    return snapshot.energy_wh if snapshot else 0.0


def test_a_plug_event_is_on_disk_soon(world: RunningMock) -> None:
    world.ask("plug-in")
    until(lambda: bool((snapshot := read(world.state_dir / "mock")) and snapshot.ledger))


def test_two_worlds_do_not_share_a_folder(world: RunningMock) -> None:
    second = world.launch()
    _, said = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 1
    assert "a mock wallbox listens there" in said
    hands = Hands(world)
    until(lambda: world.state()["pilot"] == "x1")  # its wires were left alone
    until(lambda: hands.pilot_v() == pytest.approx(12, abs=0.3))


def test_a_wrong_wallbox_toml_is_named(folder: Path) -> None:
    world = RunningMock(folder)
    world.configure("[installation]\nmax_current_a = 99\n")
    running = world.launch()
    _, said = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 2
    assert "installation.max_current_a" in said


def test_a_damaged_register_is_named_and_the_world_begins(folder: Path) -> None:
    world = RunningMock(folder)
    (world.state_dir / "mock").mkdir(parents=True)
    (world.state_dir / "mock" / "register.json").write_text(json.dumps({"energy": 1}))
    world.start()
    assert world.state()["serial"].startswith("MOCK")
    assert "register.json cannot be read and is set aside" in world.stop()


def test_copper_is_set_drawn_and_as_new(world: RunningMock) -> None:
    told = world.ask("copper", parts={"source_high_v": 11.4, "hum_v": 2})["copper"]
    assert (told["source_high_v"], told["hum_v"], told["hum_hz"]) == (11.4, 2.0, 50.0)
    assert world.state()["copper"] == told
    drawn = world.ask("copper", draw=7)["copper"]
    assert drawn == world.ask("copper", nominal=True, draw=7)["copper"]
    assert drawn["source_high_v"] != 12.0
    assert world.ask("copper", draw=7, parts={"hum_v": 1})["copper"] == drawn | {"hum_v": 1.0}
    assert world.ask("copper", nominal=True)["copper"]["source_high_v"] == 12.0
    assert (
        "no part 'hum'; did you mean hum_v? There are source_high_v"
        in world.ask("copper", parts={"hum": 1})["error"]
    )
    assert "hum_v = 20: must be 0 to 12" in world.ask("copper", parts={"hum_v": 20})["error"]


def test_the_copper_is_what_the_converter_shows(world: RunningMock, hands: Hands) -> None:
    hands.pwm.write(duty_cycle=PERIOD_NS)
    world.ask("copper", parts={"source_high_v": 11.2})
    until(lambda: abs(hands.pilot_v() - 11.2) < 0.05)
    world.ask("copper", parts={"high_offset_error_v": 0.5})
    until(lambda: abs(hands.pilot_v() - 11.7) < 0.05)


def test_a_loose_pilot_lets_the_car_go_for_a_moment(world: RunningMock, hands: Hands) -> None:
    hands.charge(world)
    world.ask("cp-open", ms=1000)
    until(lambda: hands.pilot_v() > 11)
    until(lambda: hands.pilot_v() < 7)
    assert "Expected `float` >= 0.5" in world.ask("cp-open", ms=0)["error"]


def test_a_disturbed_input_reads_both(world: RunningMock, hands: Hands) -> None:
    open_ = bool(hands.mirror.is_active)
    world.ask("disturb", input="mirror", pattern="10")
    assert world.state()["disturbed"] == {"mirror": "10"}
    for wanted in (not open_, open_, not open_):
        until(lambda wanted=wanted: bool(hands.mirror.is_active) == wanted)  # type: ignore[misc]
    world.ask("disturb", input="mirror", pattern="0")
    assert world.state()["disturbed"] == {}
    assert "no input 'door'; there are mirror, " in world.ask("disturb", input="door", pattern="1")["error"]
    assert "must be 1 to 1000 digits 0 or 1" in world.ask("disturb", input="rcm", pattern="x")["error"]


def test_the_car_leaves_at_its_own_end(world: RunningMock, hands: Hands) -> None:
    hands.charge(world)
    assert world.ask("unplug-at-car") == {"ok": True}
    until(lambda: hands.pilot_v() > 11)
    state = world.state()
    assert (state["plugged"], state["cable_left"], state["pp_ohm"]) == (False, True, 220.0)
    assert world.ask("unplug-at-car")["error"] == "no car is plugged in"
    assert (
        world.ask("plug-out")["error"]
        == "the lock holds the plug: end the session first, or use unplug-at-car"
    )


def test_a_hung_kernel_is_refused_where_it_cannot_be(world: RunningMock) -> None:
    """That it stops what it should is in tests/system/test_kernel_hang.py."""
    assert world.ask("kernel-hang") == {"ok": True}
    assert "the kernel hangs already; power-cut ends it" in world.ask("kernel-hang")["error"]
    assert world.ask("power-cut") == {"ok": True}
    assert "the power is off; use power-on first" in world.ask("kernel-hang")["error"]
    assert "Expected `float` >= 0" in world.ask("kernel-hang", bites_after_s=-1)["error"]


def test_a_hang_that_the_watchdog_ends_is_a_boot(world: RunningMock) -> None:
    world.ask("kernel-hang", bites_after_s=0.1)
    until(lambda: not world.state()["power"])
    until(lambda: bool(world.state()["power"]))


def test_a_disk_that_takes_nothing_ends_no_world(world: RunningMock) -> None:
    folder = world.state_dir / "mock"
    until(lambda: read(folder) is not None)
    in_the_way = folder / "ledger.json.new"
    in_the_way.mkdir()
    world.ask("plug-in")
    world.ask("plug-out")
    until(lambda: "cannot be written: Is a directory" in world.said)
    assert world.state()["plugged"] is False
    in_the_way.rmdir()
    until(lambda: bool((snapshot := read(folder)) and snapshot.ledger))
    in_the_way.mkdir()
    assert world.stop().count("cannot be written: Is a directory") == 2
