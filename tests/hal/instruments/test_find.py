"""The meter of a box found on its bus: by unit, baud rate and make; and said in words when none is sure."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from hal.configuration import wallbox_file
from hal.configuration.meter_map import MeterName, model_names
from hal.contract import WALLBOX_FILE
from hal.found_meters import FoundMeter, PortHeard
from hal.instruments import find
from hal.instruments.meter import scan
from hal.instruments.meter.model import models
from hal.instruments.meter.scan import Heard, Setting
from hal.mock.plant.plant import Plant
from hal.mock.simulated_box import SimulatedBox
from tests.hal.instruments.bus import Bus, BusTime, Unit, meter

CARD_FRAME = b"\x020004AABBCC11\x03"


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """Of a box at rest."""
    path = tmp_path / WALLBOX_FILE
    path.write_text(wallbox_file.new_file(mock=True))
    return SimulatedBox(wallbox_file.load(path, mock=True), tmp_path).plant


@contextmanager
def bus(link: Path, *units: Unit, unasked: bytes = b"", time: BusTime | None = None) -> Iterator[Bus]:
    served = Bus(link, *units, unasked=unasked, time=time)
    try:
        yield served
    finally:
        served.close()


def found(*ports: Path) -> list[PortHeard]:
    """What the program prints, as the bridge starts it."""
    command = [sys.executable, "-I", "-m", "hal.instruments.find", *map(str, ports)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=300)
    return [msgspec.json.decode(line, type=PortHeard) for line in done.stdout.splitlines()]


async def looked(port: Path, *units: Unit, unasked: bytes = b"") -> tuple[PortHeard, float]:
    """Who is found on a bus, and the seconds that it takes on a wire."""
    time = BusTime(find.patience_s)
    with bus(port, *units, unasked=unasked, time=time):
        return await find.look(find.Line(str(port), time), find.SCAN_S), time.now_s()


async def test_the_meter_beside_another_device_within_a_minute(tmp_path: Path, plant: Plant) -> None:
    """A heat pump answers too; the meter has another unit and another baud rate than as shipped."""
    units = (Unit(2, None), Unit(5, meter("eastron_sdm630", plant), baud=19200))
    heard, took_s = await looked(tmp_path / "rs485", *units)
    assert 10.0 < took_s < 60.0
    assert [(one.unit, one.baud, bool(one.models)) for one in heard.meters] == [
        (2, 9600, False),
        (5, 19200, True),
    ]
    assert "eastron_sdm630" in heard.meters[1].models
    assert heard.meters[1].shows.startswith("230 V, 230 V, 230 V; 0 W; 12345")


async def test_a_card_reader_is_no_meter(tmp_path: Path) -> None:
    """Nobody answers: the time that there is ends the search, in the middle of the list."""
    heard, took_s = await looked(tmp_path / "reader", unasked=CARD_FRAME)
    assert heard.meters == ()
    assert "unasked: a card reader" in heard.heard
    assert find.SCAN_S <= took_s < find.SCAN_S + 1.0


async def test_nothing_sure_is_said_in_words(tmp_path: Path) -> None:
    heard, _ = await looked(tmp_path / "rs485", Unit(1, None))
    assert [(one.unit, one.models) for one in heard.meters] == [(1, ())]
    assert heard.heard == "somebody answers, but shows the values of no known meter"
    assert "cannot be used" in found(tmp_path / "absent")[0].heard


@pytest.mark.parametrize("model", model_names())
async def test_each_make_is_recognised(model: MeterName, tmp_path: Path, plant: Plant) -> None:
    """Alone, or with makes that keep their numbers at the same places."""
    port = tmp_path / "rs485"
    with bus(port, Unit(7, meter(model, plant))):
        named = await find.recognised(str(port), 7, Setting(9600, "N", 1))
    assert model in named
    shown = {name: models()[name].map for name in named}
    assert all(
        shown[name].voltage.at[:1] == shown[model].voltage.at[:1]
        and shown[name].power.at == shown[model].power.at
        for name in named
    ), list(named)


def test_what_is_asked_first_is_what_makes_are_shipped_with() -> None:
    order = scan.settings(find.shipped())
    shipped = set(find.shipped())
    assert set(order[: len(shipped)]) == shipped
    assert order[0] == Setting(9600, "N", 1)
    assert len(order) == len(set(order))


@pytest.mark.parametrize(
    ("unit", "setting"),
    [
        (1, Setting(9600, "E", 1)),
        (126, Setting(19200, "N", 2)),
        (20, Setting(9600, "O", 1)),
        (247, Setting(2400, "N", 1)),
    ],
)
def test_every_unit_and_setting_is_reached(unit: int, setting: Setting) -> None:
    """On a wire with parity, which a pty has not: asked and answered by rule alone."""
    heard = Heard()
    for question in scan.questions(scan.settings(find.shipped()), heard):
        if (question.unit, question.setting) == (unit, setting):
            heard.units[unit] = setting
    assert heard.units == {unit: setting}


def test_a_unit_that_answered_is_not_asked_again() -> None:
    heard, asked = Heard(), []
    for question in scan.questions(scan.settings(find.shipped()), heard):
        asked.append(question)
        heard.units.setdefault(question.unit, question.setting)
    assert len({one.unit for one in asked}) == len(asked)


def test_it_prints_one_json_object_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find.main([str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    assert [json.loads(line)["port"] for line in capsys.readouterr().out.splitlines()] == [
        str(tmp_path / "a"),
        str(tmp_path / "b"),
    ]
    assert FoundMeter((), 1, 9600, "N", 1).shows == ""
