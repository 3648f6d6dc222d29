"""A file of an older version: what changes in it, and that all else stays byte for byte."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.configuration import wallbox_file
from hal.configuration.file import ConfigError
from hal.configuration.migration import NewDefault, Renamed, Step, migrated
from hal.configuration.rewrite import flat
from hal.configuration.wallbox_steps import WALLBOX_STEPS

NEW = wallbox_file.new_file(mock=False)
FORMER = {"pilot.gain": 10.0, "adc.max_voltage_v": 3.3}  # the defaults of then


def old(line: str, text: str = NEW) -> str:
    """The file as a version before 0.1.0.57 had it, with its line for the PWM."""
    lines = text.splitlines(keepends=True)
    return "".join(f"{line}\n" if each.startswith("#pin = 18") else each for each in lines)


def wallbox(content: str | bytes) -> str | None:
    return migrated(content.encode() if isinstance(content, str) else content, WALLBOX_STEPS, file="w.toml")


def refused(content: str) -> str:
    with pytest.raises(ConfigError) as failed:
        wallbox(content)
    return str(failed.value)


@pytest.mark.parametrize(("channel", "pin"), [("0", 18), ("2", 18), ("3", 19), ("0x2", 18)])
def test_the_channel_of_the_pwm_becomes_its_pin(tmp_path: Path, channel: str, pin: int) -> None:
    text = old(f"  pwm_channel  =  {channel}  # mine")
    path = tmp_path / "wallbox.toml"
    path.write_text(text)
    after = wallbox_file.migrated(path, mock=False)
    assert after is not None
    path.write_text(after)
    box = wallbox_file.load(path, mock=False)
    assert (box.pilot.pin, box.pilot.gain, box.adc.max_voltage_v) == (pin, 10.0, 3.3)
    assert wallbox_file.migrated(path, mock=False) is None  # twice is once
    kept = [line for line in after.splitlines() if "# the default before 0.1.0.216" not in line]
    assert kept == old(f"  pin  =  {pin}  # mine").splitlines()


def test_a_default_that_the_owner_has_set_stays(tmp_path: Path) -> None:
    after = wallbox(old("pwm_channel = 2\ngain = 12.5"))
    assert after is not None
    assert tomllib.loads(after)["pilot"] == {"pin": 18, "gain": 12.5}


@pytest.mark.parametrize("mock", [True, False])
def test_a_file_of_this_version_is_not_touched(mock: bool) -> None:
    assert wallbox(wallbox_file.new_file(mock=mock)) is None


@pytest.mark.parametrize("content", [b"\xff", b"[", b"a" * 9, b"", b"x = " + b"[" * 3000])
def test_what_is_no_toml_is_left_to_the_check(content: bytes) -> None:
    assert wallbox(content) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "pwm_channel = 1",
            "= 1: is of a version before 0.1.0.57, now pin; write the GPIO to which the pilot",
        ),
        ("pwm_channel = false", "= false: is of a version before"),
        ("pwm_channel = 2\npin = 18", "= 2: is of a version before 0.1.0.57, now pin; pin is there too"),
    ],
)
def test_what_only_a_person_knows_is_refused_with_its_line(line: str, said: str) -> None:
    text = old(line)
    number = text[: text.index("pwm_channel")].count("\n") + 1
    assert f"w.toml:{number}: pilot.pwm_channel {said}" in refused(text)


def test_a_default_that_has_no_section_of_its_own_to_stand_in_is_refused() -> None:
    said = refused("adc.spi_device = 1\n[pilot]\npwm_channel = 2\n")
    assert said == (
        "w.toml:1: adc.max_voltage_v: is missing; this file is of a version before 0.1.0.216: write "
        "max_voltage_v = 3.3 # the default before 0.1.0.216"
    )


@pytest.mark.parametrize(
    "text",
    [
        "pilot.pwm_channel = 2\npilot.gain = 9.0\n",
        'pilot = {"pwm_channel"=2,gain=9.0}',
        "[pilot]\r\n'pwm_channel' = +2\t# a\r\ngain = 9.0\r\n",
        "\ufeff[pilot] # b\ngain = 9.0\npwm_channel = 0b10",
        'x = """\n[pilot]\npwm_channel = 3\n"""\n[pilot]\ngain = 9.0\npwm_channel = 2 # "pwm_channel = 3"\n',
    ],
)
def test_the_key_is_found_however_it_is_written(text: str) -> None:
    after = wallbox(text)
    assert after is not None
    table = tomllib.loads(after.removeprefix("\ufeff"))
    assert table.pop("adc") == {"max_voltage_v": 3.3}
    assert flat(table) | {"pilot.pin": 2} == {
        key.replace("pwm_channel", "pin"): value
        for key, value in flat(tomllib.loads(text.strip("\ufeff"))).items()
    }
    assert table["pilot"]["pin"] == 18
    assert after.startswith(text[: text.index("pwm_channel") if "x =" not in text else 30][:8])
    assert after.count("\r\n") == (after.count("\n") if "\r" in text else 0)


def test_the_check_names_the_command(tmp_path: Path) -> None:
    path = tmp_path / "wallbox.toml"
    for line, do in (
        ("pwm_channel = 2", "`sudo evse-bridge config migrate` changes it, and keeps the file before"),
        (
            "pwm_channel = 1",
            "write the GPIO to which the pilot is wired, 12, 13, 18 or 19, as pin in its place",
        ),
    ):
        path.write_text(old(line))
        with pytest.raises(ConfigError) as failed:
            wallbox_file.load(path, mock=False)
        (fault,) = failed.value.faults
        assert (fault.key, fault.message.rpartition("; ")[2]) == ("pilot.pwm_channel", do)


def test_a_file_with_other_faults_is_not_written_anew(tmp_path: Path) -> None:
    """Who mends them has one file in hand, not two."""
    path = tmp_path / "wallbox.toml"
    path.write_text(old("pwm_channel = 3").replace("#mirror_active", "pin2 = 3\n#mirror_active"))
    with pytest.raises(ConfigError, match=r"contactor\.pin2"):
        wallbox_file.migrated(path, mock=False)


NAMES = st.sampled_from(("a", "b", "c", "d"))
VALUES = st.integers(0, 3)


@given(
    table=st.dictionaries(NAMES, VALUES, min_size=1),
    step=st.builds(Renamed, st.just("1"), NAMES, NAMES, st.dictionaries(VALUES, VALUES), st.just("do")),
    comment=st.text(st.characters(blacklist_categories=("Cc", "Cs"))),
    ending=st.sampled_from(("\n", "\r\n")),
)
def test_of_any_file_one_name_and_one_value_change(
    table: dict[str, int], step: Renamed, comment: str, ending: str
) -> None:
    def text(of: dict[str, int]) -> str:
        return "[s]" + "".join(f"{ending}{name} =\t{value} #{comment}" for name, value in of.items())

    steps: tuple[Step, ...] = (replace(step, key=f"s.{step.key}"), NewDefault("2", "s.e", 7))
    new = {step.key: step.name}
    wanted = {new.get(name, name): step.values.get(v, v) if name in new else v for name, v in table.items()}
    if step.key not in table:
        assert migrated(text(table).encode(), steps, file="f") is None
    elif step.name in table or table[step.key] not in step.values:
        with pytest.raises(ConfigError, match=r"do$|is there too"):
            migrated(text(table).encode(), steps, file="f")
    else:
        after = migrated(text(table).encode(), steps, file="f")
        assert after == text(wanted).replace("[s]", f"[s]{ending}e = 7 # the default before 2", 1)
