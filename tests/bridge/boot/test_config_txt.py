"""config.txt: what counts on a board, and our lines in it and out of it again."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.boot.boards import Board
from bridge.boot.cmdline_txt import consoles, with_consoles_of, without_consoles
from bridge.boot.config_txt import BEGIN, END, OFF, edited, in_the_way, included, read, without_ours
from bridge.boot.settings import Wiring, wanted
from tests.bridge.boot.pis import CMDLINE, CONFIG

PI4 = Board("pi4", "Raspberry Pi 4", frozenset({"pi4"}))
PI5 = Board("pi5", "Raspberry Pi 5", frozenset({"pi5"}))
WIRING = Wiring(pilot_pin=18, header_uart=True, one_wire=True)
LINES = [one.line for one in wanted(PI4, WIRING)]

_PIECES = st.sampled_from(
    ["[all]", "[pi4]", "[pi5]", "[none]", "[EDID=x]", "[tryboot]", "#", "dtparam=spi=on",
     "dtparam=audio=on", "dtparam=spi=off,strict_gpiod", "dtoverlay=pwm", "dtoverlay=pwm,pin=12,func=4",
     "dtoverlay=", "dtoverlay=vc4-kms-v3d",
     "dtoverlay=pwm-2chan", "enable_uart=0", "enable_uart=1", "  x = 1 ", "=", "[", "[]", "", "\r", "é",
     "dtparam=watchdog", "dtoverlay=disable-bt", "include a.txt", "include", "dtparam=pin=12", BEGIN[:-2],
     OFF[:-2]]
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(_PIECES).map("\n".join),
    st.lists(_PIECES).map("\r\n".join),
    st.text(st.characters(max_codepoint=255)),
)


@given(TEXTS, st.sampled_from([PI4, PI5]), st.booleans())
@example("dtoverlay=pwm", PI4, False)
def test_all_that_is_wanted_holds_and_goes_again(text: str, board: Board, uart: bool) -> None:
    lines = [one.line for one in wanted(board, Wiring(header_uart=uart))]
    once = edited(text, board.filters, lines)
    boot = read(once, board.filters)
    assert all(boot.has(line) for line in lines)
    of_the_pwm = [one for one in boot.overlays if one.name.startswith("pwm")]
    assert all((one.name, one.parameters.get("pin", "18")) == ("pwm", "18") for one in of_the_pwm)
    assert edited(once, board.filters, lines) == once
    assert without_ours(once) == text


@given(TEXTS)
def test_hand_made_lines_stay(text: str) -> None:
    ours = without_ours(text)
    kept = edited(text, PI4.filters, LINES).replace(OFF, "")
    assert kept.startswith(ours.replace(OFF, ""))


@pytest.mark.parametrize("text", ["", "a=1", "a=1\n", "a=1\r\n", "a=1\r\nb=2"])
def test_ends_of_lines_are_those_of_the_file(text: str) -> None:
    added = edited(text, PI4.filters, LINES).removeprefix(text).lstrip("\n")
    assert added.count("\r\n") == (added.count("\n") if "\r" in text else 0)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("dtparam=spi=on", True),
        ("dtparam=spi", True),
        ("dtparam=i2c_arm=on,spi=on", True),
        ("device_tree_param=spi=on", True),
        ("#dtparam=spi=on", False),
        ("dtparam=spi=on\ndtparam=spi=off", False),
        ("dtparam=spi=off\ndtparam=spi=on", True),
        ("[pi4]\ndtparam=spi=on", True),
        ("[PI4]\ndtparam=spi=on", True),
        ("[pi5]\ndtparam=spi=on", False),
        ("[pi5]\n[pi4]\ndtparam=spi=on", True),
        ("[pi5]\n[all]\ndtparam=spi=on", True),
        ("[none]\n[pi4]\ndtparam=spi=on", False),
        ("[gpio4=1]\ndtparam=spi=on", False),
        ("[tryboot]\ndtparam=spi=on", False),
        ("[0x12345678]\n[pi4]\ndtparam=spi=on", False),
        ("dtoverlay=pwm\ndtparam=spi=on", True),
    ],
)
def test_a_line_in_the_wrong_section_does_not_count(text: str, counts: bool) -> None:
    assert read(text, PI4.filters).has("dtparam=spi=on") is counts


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("dtoverlay=pwm", True),
        ("dtoverlay=pwm,func=2", True),
        ("dtoverlay=pwm:pin=18,func=2", True),
        ("dtoverlay=pwm\ndtparam=pin=12", False),
        ("dtoverlay=pwm,pin=12,func=4\ndtparam=pin=18\ndtparam=func=2", True),
        ("dtoverlay=pwm-2chan", False),
    ],
)
def test_an_overlay_with_its_parameters(text: str, counts: bool) -> None:
    assert read(text, PI4.filters).has("dtoverlay=pwm,pin=18,func=2") is counts


def test_audio_behind_the_graphics_overlay_is_that_of_hdmi() -> None:
    """Trap: the overlay has a parameter of that name, and the base's stays on."""
    text = "dtparam=audio=on\ndtoverlay=vc4-kms-v3d\ndtparam=audio=off\n"
    assert not read(text, PI4.filters).has("dtparam=audio=off")
    assert read(edited(text, PI4.filters, LINES), PI4.filters).has("dtparam=audio=off")


def test_the_shipped_file() -> None:
    added = edited(CONFIG, PI4.filters, LINES).removeprefix(CONFIG).splitlines()
    assert added == [
        BEGIN,
        "[all]",
        "dtoverlay=",
        "dtparam=spi=on",
        "dtparam=audio=off",
        "dtparam=strict_gpiod",
        "dtparam=watchdog=on",
        "enable_uart=1",
        "dtoverlay=pwm,pin=18,func=2",
        "dtoverlay=disable-bt",
        "dtoverlay=w1-gpio",
        END,
    ]


def test_another_pwm_is_switched_off_and_comes_back() -> None:
    text = "# mine\ndtoverlay=pwm-2chan,pin=12,func=4,pin2=13,func2=4\n"
    once = edited(text, PI4.filters, LINES)
    assert f"{OFF}dtoverlay=pwm-2chan" in once
    assert without_ours(once) == text


def test_another_wiring_replaces_ours() -> None:
    once = edited(CONFIG, PI4.filters, LINES)
    other = edited(once, PI4.filters, [one.line for one in wanted(PI4, Wiring(pilot_pin=12))])
    assert "pin=12,func=4" in other
    assert "pin=18" not in other
    assert "disable-bt" not in other
    assert other.count(BEGIN) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (CMDLINE, CMDLINE.removeprefix("console=serial0,115200 ")),
        ("a console=ttyAMA0\n", "a \n"),
        ("console=serial0,115200 console=ttyS0 x", "x"),
        (
            "console=ttyAMA01 console=tty1 xconsole=serial0\n",
            "console=ttyAMA01 console=tty1 xconsole=serial0\n",
        ),
    ],
)
def test_cmdline(before: str, after: str) -> None:
    assert without_consoles(before) == after
    assert with_consoles_of(after, before) == before


def test_cmdline_that_was_changed_since() -> None:
    changed = without_consoles(CMDLINE).replace("rootwait", "rootwait quiet")
    back = with_consoles_of(changed, CMDLINE)
    assert back == f"console=serial0,115200 {changed}"
    assert with_consoles_of(back, CMDLINE) == back


@given(st.text(st.characters(max_codepoint=255)), st.lists(st.sampled_from(CMDLINE.split())))
def test_any_cmdline(end: str, words: list[str]) -> None:
    text = " ".join(words) + end
    once = without_consoles(text)
    assert not consoles(once)
    assert without_consoles(once) == once
    assert with_consoles_of(once, text) == text


# include


def test_an_included_file_counts_where_its_line_stands() -> None:
    others = {"a.txt": "dtparam=spi=on\ninclude b.txt\n", "b.txt": "dtoverlay=pwm\n[pi5]\n"}
    boot = read("include a.txt\nenable_uart=1\n[all]\ndtparam=audio=off\n", PI4.filters, others)
    assert (boot.included, boot.has("dtparam=spi=on")) == (["a.txt", "b.txt"], True)
    assert boot.has("dtoverlay=pwm,pin=18,func=2")
    assert not boot.has("enable_uart=1")  # the filter of b.txt is in force behind it
    assert boot.has("dtparam=audio=off")
    assert read("[pi5]\ninclude a.txt\n", PI4.filters, others).included == []
    assert included("[pi5]\n include  a b.txt \n#include c.txt\nincludes=1\n") == ["a b.txt"]


def test_what_an_included_file_has_is_not_written_again() -> None:
    text, others = "include a.txt\n", {"a.txt": "dtparam=spi=on\n"}
    once = edited(text, PI4.filters, LINES, others)
    assert "dtparam=spi=on" not in once
    assert "dtparam=spi=on" in edited(text, PI4.filters, LINES)
    assert edited(once, PI4.filters, LINES, others) == once


def test_what_is_in_the_way_in_an_included_file_is_named_and_left_alone() -> None:
    others = {"a.txt": "x=1\ndtoverlay=pwm,pin=12,func=4\n"}
    (overlay,) = in_the_way(read("include a.txt\n", PI4.filters, others), LINES)
    assert (overlay.file, str(overlay)) == ("a.txt", "dtoverlay=pwm,pin=12,func=4")
    assert OFF not in edited("y=1\ninclude a.txt\n", PI4.filters, LINES, others)


def test_files_that_include_each_other_have_an_end() -> None:
    others = {"a.txt": "include b.txt\ninclude b.txt\n", "b.txt": "include a.txt\ninclude b.txt\nx=1\n"}
    assert read("include a.txt\ninclude a.txt\n", PI4.filters, others).settings == {"x": "1"}
