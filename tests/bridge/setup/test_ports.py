"""The serial ports that setup asks about: each once, who has it open, and the meter that answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bridge.setup import ports
from bridge.setup.attended import Attended
from hal.configuration import wallbox_file
from hal.contract import WALLBOX_FILE
from hal.found_meters import FoundMeter, PortHeard
from hal.mock.simulated_box import SimulatedBox
from tests.bridge.setup.pi_box import Answering, PiBox
from tests.bridge.setup.test_attended import ANSWERS
from tests.hal.instruments.bus import Bus, Unit, meter


def test_each_port_once_by_the_name_that_stays(tmp_path: Path) -> None:
    for name in ("ttyUSB0", "ttyAMA0", "serial/by-id/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "ttyUSB0").touch()
    (tmp_path / "ttyAMA0").touch()
    (tmp_path / "serial/by-id/usb-FTDI").symlink_to(tmp_path / "ttyUSB0")
    assert ports.there(tmp_path) == [str(tmp_path / "serial/by-id/usb-FTDI"), str(tmp_path / "ttyAMA0")]


def test_a_port_that_another_program_has_open(tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"
    port.touch()
    assert ports.user_of(str(port)) == ""
    holds = f"f = open({str(port)!r}); print(1, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holds], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert ports.user_of(str(port)).endswith(f"(pid {other.pid})")
        other.kill()


def test_what_a_person_reads() -> None:
    found = FoundMeter(("abb_b23", "abb_b21"), 3, 19200, "E", 1, "230 V; 0 W; 1.00 kWh")
    heard = PortHeard("/dev/x", (found, FoundMeter((), 4, 9600, "N", 1)), "")
    assert ports.line_of(heard) == [
        "/dev/x: unit 3, 19200 baud, 8E1 answers as abb_b23, abb_b21 (230 V; 0 W; 1.00 kWh)",
        "/dev/x: unit 4, 9600 baud, 8N1 answers",
    ]


def test_the_meter_of_the_box_is_found_and_written(tmp_path: Path) -> None:
    """With the unit that it has, not the one as shipped; the label decides between equal makes."""
    box = PiBox(tmp_path)
    (tmp_path / "mock").mkdir()
    path = tmp_path / "mock" / WALLBOX_FILE
    path.write_text(wallbox_file.new_file(mock=True))
    plant = SimulatedBox(wallbox_file.load(path, mock=True), tmp_path / "mock").plant
    answers = {**ANSWERS, "as the label says": "eastron_sdm72d_m_v2"}
    Attended(box.folders(), box.options(), Answering(answers)).run()
    box.reboot()
    port = tmp_path / "dev" / "ttyUSB0"
    bus = Bus(port, Unit(3, meter("eastron_sdm630", plant)))
    try:
        person = Answering(answers)
        assert Attended(box.folders(), box.options(), person).run() == 0, person.text
    finally:
        bus.close()
    written = wallbox_file.load(box.config / WALLBOX_FILE, mock=False).meter
    assert (written.model, written.port, written.unit) == ("eastron_sdm72d_m_v2", str(port), 3)
    assert (written.baud, written.parity, written.stop_bits) == (9600, "N", 1)
    assert "Make of the energy meter" not in person.asked


def test_a_program_whose_name_is_cut_within_a_letter(tmp_path: Path) -> None:
    """The kernel cuts a name after 15 bytes."""
    port, program = tmp_path / "ttyUSB0", tmp_path / "proc" / "7"
    port.touch()
    (program / "fd").mkdir(parents=True)
    (program / "fd" / "3").symlink_to(port)
    (program / "comm").write_bytes("fourteen-bytesä".encode()[:15] + b"\n")
    assert ports.user_of(str(port), tmp_path / "proc") == "fourteen-bytes\ufffd (pid 7)"
