"""Setup of a real box with a person: boot files, reboot, questions; stopped and gone on with; from a mock."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge import settings
from bridge.boot.files import reboot_is_due
from bridge.folders import CommandError
from bridge.setup import command
from bridge.setup.attended import Attended
from bridge.setup.mock_units import MockUnits
from bridge.setup.steps import REBOOT_FIRST
from bridge.setup.terminal import Printer, StoppedError
from hal.configuration import wallbox_file
from hal.configuration.sections import Wallbox
from hal.contract import WALLBOX_FILE
from tests.bridge.boot.pis import CMDLINE, CONFIG
from tests.bridge.setup.pi_box import Answering, PiBox

ANSWERS: dict[str, str | None] = {
    "Address of the Central System": "ws://127.0.0.1:9/ocpp",
    "Keep this address": "y",
    "serial port of the header": "reader",
    "Reboot now?": "y",
    "Start the box now": "n",
}


def run(box: PiBox, answers: dict[str, str | None] = ANSWERS, *, mock: bool = False) -> tuple[int, Answering]:
    person = Answering(answers)
    return Attended(box.folders(mock=mock), box.options(), person).run(), person


def usable(box: PiBox) -> tuple[Wallbox, settings.ChargePoint]:
    return (
        wallbox_file.load(box.config / WALLBOX_FILE, mock=False),
        settings.load(box.config / settings.FILE_NAME, mock=False),
    )


def test_from_a_blank_card_over_the_reboot(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    code, before = run(box)
    assert code == REBOOT_FIRST
    assert box.asked == ["reboot"]
    assert "+dtoverlay=pwm,pin=18,func=2" in before.read
    assert "-console=serial0,115200" in before.text
    assert not (box.config / WALLBOX_FILE).exists()
    box.reboot()
    code, after = run(box)
    assert code == 0
    wallbox, charge_point = usable(box)
    assert wallbox.reader is not None
    assert wallbox.reader.port == "/dev/ttyAMA0"
    assert charge_point.charge_point.id == charge_point.charge_point.serial_number == "EVSEABCD1234"
    assert "Go on where setup was stopped?" in after.asked
    assert set(before.asked) & set(after.asked) == set()
    assert list(box.state.iterdir()) == []
    assert "systemctl enable --now" in after.text


def test_a_second_time_nothing_is_changed(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    run(box)
    box.reboot()
    run(box)
    there = {
        path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and "bin" not in path.parts
    }
    code, person = run(box)
    assert code == 0
    assert {path: path.read_bytes() for path in there} == there
    assert not [path for path in box.config.iterdir() if "before" in path.name]
    assert "Make this change?" not in person.asked


def test_the_reboot_that_nobody_made(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    run(box, {**ANSWERS, "Reboot now?": "n"})
    assert box.asked == []
    code, person = run(box, {**ANSWERS, "Reboot now?": "n"})
    assert code == REBOOT_FIRST
    assert "sudo reboot" in person.text


def test_a_change_that_is_refused(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    with pytest.raises(CommandError, match="nothing was changed"):
        run(box, {**ANSWERS, "Make this change?": "n"})
    assert (box.root / "boot/firmware/config.txt").read_text() == CONFIG


def test_undo(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    run(box)
    assert command.undo(box.folders(), box.options(), Printer(mock=False)) == 0
    boot = box.root / "boot/firmware"
    assert (boot / "config.txt").read_text() == CONFIG
    assert (boot / "cmdline.txt").read_text() == CMDLINE
    assert sorted(path.name for path in boot.iterdir()) == ["cmdline.txt", "config.txt"]
    assert reboot_is_due(box.root)
    with pytest.raises(CommandError, match="mock box has no boot files"):
        command.undo(box.folders(mock=True), box.options(), Printer(mock=True))


def test_existing_files_are_the_defaults_and_stay_beside(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    run(box)
    box.reboot()
    run(box)
    mine = "# mine\n" + (box.config / WALLBOX_FILE).read_text()
    (box.config / WALLBOX_FILE).write_text(mine)
    code, _ = run(box, {**ANSWERS, "Greatest current": "20", "Type 2 socket": "fixed"})
    assert code == 0
    wallbox, _ = usable(box)
    assert (wallbox.installation.max_current_a, wallbox.cable.rating_a, wallbox.lock) == (20, 32, None)
    assert wallbox.reader is not None
    assert wallbox.reader.port == "/dev/ttyAMA0"
    assert (box.config / f"{WALLBOX_FILE}.before-1").read_text() == mine
    assert not (box.config / f"{settings.FILE_NAME}.before-1").exists()


def test_the_programs_are_stopped_and_come_back_when_setup_is_stopped(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    box.run_units()
    with pytest.raises(StoppedError):
        run(box, {**ANSWERS, "Phases": None})
    assert box.asked == ["stop evse-bridge.target", "start evse-bridge.target"]
    with pytest.raises(CommandError, match="nothing was changed"):
        run(box, {"Stop it": "n"})


def test_what_reboots_or_becomes_another_box_is_not_started_before(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    box.run_units()
    assert run(box)[0] == REBOOT_FIRST
    assert box.asked == ["stop evse-bridge.target", "reboot"]
    box.run_units()
    assert run(box, {**ANSWERS, "MOCK wallbox": "y"}, mock=True)[0] == 0
    assert box.asked[2:] == ["stop evse-bridge.target", "daemon-reload", "disable evse-bridge.target"]


def test_a_reboot_that_is_put_off_starts_it_again(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    box.run_units()
    run(box, {**ANSWERS, "Reboot now?": "n"})
    assert box.asked == ["stop evse-bridge.target", "start evse-bridge.target"]


def test_a_mock_box_becomes_a_real_one_and_a_mock_again(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    assert run(box, {**ANSWERS, "MOCK wallbox": "y"}, mock=True)[0] == 0
    assert MockUnits(box.root).is_mock
    assert settings.load(box.config / settings.FILE_NAME, mock=True).is_mock
    (box.state / "bridge").mkdir()
    (box.state / "bridge/bridge.db").write_text("of the mock")
    code, person = run(box, {**ANSWERS, "Make it a real box?": "y"})
    assert code == REBOOT_FIRST
    assert "  etc/systemd/system/evse-safety.service.d/mock.conf" in person.read
    assert not MockUnits(box.root).is_mock
    assert not (box.state / "bridge").exists()
    assert (box.state / "parked/mock/bridge/bridge.db").read_text() == "of the mock"
    box.reboot()
    assert run(box)[0] == 0
    assert not usable(box)[1].is_mock
    assert run(box, {**ANSWERS, "MOCK wallbox": "y"}, mock=True)[0] == 0
    assert (box.state / "bridge/bridge.db").read_text() == "of the mock"
    assert box.asked.count("daemon-reload") == 3
    assert (box.state / "parked").stat().st_mode & 0o777 != 0
    assert (box.state / "parked/real").stat().st_mode & 0o077 == 0


def test_a_mock_box_stays_one_until_somebody_agrees(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    run(box, {**ANSWERS, "MOCK wallbox": "y"}, mock=True)
    with pytest.raises(CommandError, match="nothing was changed"):
        run(box)
    assert MockUnits(box.root).is_mock


@pytest.mark.parametrize(("pi", "words"), [("", "only the mock one runs"), ("pi2", "only the mock one runs")])
def test_no_board_for_a_wallbox(pi: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=words):
        run(PiBox(tmp_path, pi))


def test_debians_own_kernel(tmp_path: Path) -> None:
    box = PiBox(tmp_path, "debian")
    code, person = run(box)
    assert code == 0
    assert "Debian's own kernel reads no dtparam" in person.text
    assert (box.root / "boot/firmware/config.txt").read_text() == CONFIG
    usable(box)


def test_other_pins_are_asked_for_and_change_the_overlay(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    answers = {**ANSWERS, "wired like this": "n", "pilot's PWM": "12", "closes the contactor": "22"}
    code, person = run(box, answers)
    assert code == REBOOT_FIRST
    assert "+dtoverlay=pwm,pin=12,func=4" in person.read


def test_a_file_that_is_no_toml_is_not_lost(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    (box.config / WALLBOX_FILE).write_text("= nonsense")
    with pytest.raises(CommandError, match="is not TOML"):
        run(box)
    assert (box.config / WALLBOX_FILE).read_text() == "= nonsense"
