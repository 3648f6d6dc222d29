"""Setup by a file of answers: the example of docs/setup.md, every fault at once, and nothing asked."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import settings
from bridge.folders import CommandError, MisuseError
from bridge.setup import answers, command
from bridge.setup.mock_units import MockUnits
from bridge.setup.steps import REBOOT_FIRST
from hal.configuration import wallbox_file
from hal.contract import WALLBOX_FILE
from tests.bridge.boot.pis import CONFIG
from tests.bridge.setup.pi_box import PiBox

PAGE = Path(__file__).parents[3] / "docs" / "setup.md"
EXAMPLE = PAGE.read_text().split("```toml\n")[1].split("```")[0]
QUIET = EXAMPLE.replace("start = true ", "start = false ")


def run(box: PiBox, text: str, *, mock: bool = False) -> int:
    path = box.root / "box.toml"
    path.write_text(text)
    return command.run(box.folders(mock=mock), box.options(path))


def faults(box: PiBox, text: str, *, mock: bool = False) -> str:
    """What is said of the answers, after which nothing has changed."""
    with pytest.raises(MisuseError) as error:
        run(box, text, mock=mock)
    assert (box.root / "boot/firmware/config.txt").read_text() == CONFIG
    assert list(box.config.iterdir()) == []
    assert box.asked == []
    return str(error.value)


def test_the_example_of_the_page_sets_up_a_box(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    assert run(box, QUIET) == REBOOT_FIRST
    assert box.asked == ["reboot"]
    assert run(box, QUIET) == REBOOT_FIRST  # the reboot has not happened yet
    box.reboot()
    assert run(box, QUIET) == 0
    wallbox = wallbox_file.load(box.config / WALLBOX_FILE, mock=False)
    charge_point = settings.load(box.config / settings.FILE_NAME, mock=False)
    assert (wallbox.meter.model, wallbox.rcm) == ("eastron_sdm630", None)
    assert wallbox.lock is not None
    assert charge_point.charge_point.id == "CP0001"
    before = {path: path.read_bytes() for path in box.config.iterdir()}
    assert run(box, QUIET) == 0
    assert {path: path.read_bytes() for path in box.config.iterdir()} == before


def test_what_config_txt_includes_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    box = PiBox(tmp_path)
    config = box.root / "boot/firmware/config.txt"
    config.write_text(f"{CONFIG}include extra.txt\ninclude absent.txt\n")
    (config.parent / "extra.txt").write_text("dtparam=spi=on\n")
    assert run(box, QUIET) == REBOOT_FIRST
    said = capsys.readouterr().out
    assert "config.txt includes extra.txt: it is read, and never changed" in said
    assert "config.txt includes absent.txt: there is no such file, or it cannot be read" in said
    assert "dtparam=spi=on" not in config.read_text().replace("#dtparam=spi=on", "")
    assert (config.parent / "extra.txt").read_text() == "dtparam=spi=on\n"


def test_every_fault_is_listed_at_once(tmp_path: Path) -> None:
    wrong = (
        QUIET.replace("max_current_a = 16.0", "max_current_a = 40")
        .replace('kind = "socket"', 'kind = "plug"')
        .replace("unit = 1", "unit = 1000\nspeed = 3")
        .replace('url = "wss://', 'url = "http://')
        .replace('id = "CP0001"\n', "")
    )
    said = faults(PiBox(tmp_path), wrong).splitlines()
    number = 1 + wrong.split("\n").index("max_current_a = 40")
    assert f"box.toml:{number}: wallbox.installation.max_current_a = 40: must be 6 to 32" in said[0]
    for words in (
        'wallbox.cable.kind = "plug": must be "fixed" or "socket"',
        "wallbox.meter.unit = 1000: must be",
        "wallbox.meter.speed = 3: is no known key",
        'charge-point.central_system.url = "http://ocpp.example.org/central": must be an address',
        'charge-point.charge_point.id = "": must be',
    ):
        assert any(words in line and line.startswith("box.toml:") for line in said), (words, said)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[setup]\nreboot = 1", "box.toml:2: setup.reboot = 1: must be true or false"),
        ("[setup]\nrebot = true", "box.toml:2: setup.rebot = true: is no known key; did you mean reboot?"),
        ("[wallbx.meter]", "box.toml:1: wallbx: is not known; known here: setup, wallbox, charge-point"),
        ("wallbox = 3", "box.toml:1: wallbox = 3: must be sections: [wallbox.NAME]"),
        ("[wallbox]\nmeter = 3", "box.toml:2: wallbox.meter = 3: must be a section: [wallbox.meter]"),
        ("[wallbox]\nrcm = 5", 'or "none" for a box without it'),
        ("[setup\n", "box.toml:1: is not TOML"),
        ("setup = 3", "box.toml"),
    ],
)
def test_a_file_that_is_none(text: str, words: str, tmp_path: Path) -> None:
    assert words in faults(PiBox(tmp_path), text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"wallbox.meter.unit = 0x{'f' * 20_000}", "the number wallbox.meter.unit has more than 4096 bits"),
        (f"setup = 0x{'f' * 20_000}", "the number setup has more than 4096 bits"),
        (f"[wallbox.{'.'.join('a' * 1000)}]\nb = 1", "is nested more than 32 deep"),
        (f"wallbox = {'[' * 40}{']' * 40}", "is nested more than 32 deep"),
        ('wallbox = "\\u001b[2J"', "wallbox = \\x1b[2J: must be sections"),
        ('"\\u0000" = 1', "\\x00: is not known"),
        (f'wallbox.meter = "{"x" * 1000}"', "x...: must be a section: [wallbox.meter]"),
    ],
)
def test_nonsense_is_said_in_one_short_line(text: str, words: str) -> None:
    with pytest.raises(MisuseError) as error:
        answers.of_text(text, "box.toml")
    assert words in str(error.value)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < 200


def test_no_such_file(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    with pytest.raises(MisuseError, match="name a file of answers"):
        command.run(box.folders(), box.options(tmp_path / "absent.toml"))
    (tmp_path / "latin.toml").write_bytes(b"\xe4 = 1")
    with pytest.raises(MisuseError, match="UTF-8"):
        command.run(box.folders(), box.options(tmp_path / "latin.toml"))


@given(st.text())
def test_any_text_is_answers_or_is_refused(text: str) -> None:
    with contextlib.suppress(MisuseError):
        assert answers.of_text(text, "box.toml").tables.keys() <= {"wallbox", "charge-point"}


def test_it_may_not_reboot_or_not_touch_the_boot_files(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    with pytest.raises(CommandError, match=r"setup\.boot_files = false"):
        run(box, QUIET.replace("boot_files = true", "boot_files = false"))
    assert run(box, QUIET.replace("reboot = true", "reboot = false")) == REBOOT_FIRST
    assert box.asked == []


def test_a_mock_box_is_left_only_by_word(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    MockUnits(box.root).enter()
    assert "setup.leave_mock = false: this is" not in faults(box, QUIET)
    assert "must be true to park what is there" in faults(box, QUIET)
    box.run_units()
    assert run(box, QUIET.replace("leave_mock = false", "leave_mock = true")) == REBOOT_FIRST
    assert not MockUnits(box.root).is_mock
    assert box.asked == ["stop evse-bridge.target", "daemon-reload", "disable evse-bridge.target", "reboot"]


def test_a_central_system_that_must_answer(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    text = QUIET.replace("test_central_system = false", "test_central_system = true")
    text = text.replace("wss://ocpp.example.org/central", "ws://127.0.0.1:9/ocpp")
    run(box, text)
    box.reboot()
    box.run_units()
    with pytest.raises(CommandError, match="not reached; correct it"):
        run(box, text)
    assert list(box.config.iterdir()) == []
    assert box.asked[1:] == ["stop evse-bridge.target", "start evse-bridge.target"]


def test_a_meter_that_is_not_there(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    text = QUIET.replace("find_meter = false", "find_meter = true")
    run(box, text)
    box.reboot()
    with pytest.raises(CommandError, match="no meters were recognised"):
        run(box, text)


def test_the_mock_box_by_answers(tmp_path: Path) -> None:
    box = PiBox(tmp_path, "")
    text = '[setup]\nleave_mock = true\nstart = false\n[charge-point.central_system]\nurl = "ws://127.0.0.1:9/x"\n'
    assert run(box, text, mock=True) == 0
    assert (
        settings.load(box.config / settings.FILE_NAME, mock=True).central_system.url == "ws://127.0.0.1:9/x"
    )


def test_an_existing_password_is_kept(tmp_path: Path) -> None:
    box = PiBox(tmp_path)
    run(box, QUIET)
    box.reboot()
    run(box, QUIET)
    assert run(box, "[setup]\nstart = false\n[wallbox.installation]\nmax_current_a = 10.0\n") == 0
    kept = settings.load(box.config / settings.FILE_NAME, mock=False)
    assert kept.central_system.password == "at least 16 characters"
    assert (box.config / settings.FILE_NAME).stat().st_mode & 0o007 == 0
