"""The doctor's judgement of meter, card reader, lamp and thermometers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bridge.doctor import senses
from bridge.doctor.check import Result
from hal.contract import Answer, Temperatures
from tests.bridge.doctor.doctored import BOX, INSTRUMENTS, answer, reading, status

NOTHING = "no answer from unit 1 on /dev/ttyUSB0 (9600 baud, 8N1)"


@pytest.mark.parametrize(
    ("given", "result", "do"),
    [
        (answer("unit 1 on /dev/ttyUSB0 (9600 baud, 8N1) answers", voltage_l1_v=230.0), "ok", ""),
        (answer(NOTHING, ok=False), "fault", "Serial ports here: /dev/ttyUSB0, /dev/ttyAMA0."),
        (
            answer(f"{NOTHING}; as shipped: unit 1 answers", ok=False, power_w=0.0),
            "fault",
            "set the meter as",
        ),
        (answer("probe-meter: refused while the contactor is closed", ok=False), "not checked", "again"),
        (answer("probe-meter: hal.instruments is not connected", ok=False), "not checked", "again"),
    ],
)
def test_who_answers(given: Answer, result: Result, do: str) -> None:
    check = senses.meter(given, ["/dev/ttyUSB0", "/dev/ttyAMA0"])
    assert check.result == result
    assert do in check.do


@pytest.mark.parametrize(("health", "measured", "do"), [
    ("implausible: power = -7 W; the meter is wired the other way round: swap", "power = -7 W",
     "the meter is wired the other way round: swap"),
    ("implausible: voltage L2 = 0 V: 115 to 300", "voltage L2 = 0 V: 115 to 300", "Check A and B"),
])  # fmt: skip
def test_what_the_instruments_refuse_or_have_found(health: str, measured: str, do: str) -> None:
    (check,) = senses.count(msgspec.structs.replace(INSTRUMENTS, meter_health=health))
    assert (check.result, check.measured) == ("fault", measured)
    assert check.do.startswith(do)


def test_of_a_meter_that_is_well_nothing_more_is_said() -> None:
    for health in ("ok", "silent for 3 polls and more: no answer"):
        assert list(senses.count(msgspec.structs.replace(INSTRUMENTS, meter_health=health))) == []


@pytest.mark.parametrize(
    ("changed", "phases", "faulty"),
    [
        ({}, 3, set()),
        ({"voltage_v": (207.0, 253.0, 230.0)}, 3, set()),
        ({"voltage_v": (206.9, 230.0, 230.0)}, 3, {"voltage"}),
        ({"voltage_v": (230.0, 230.0, 0.0)}, 3, {"voltage"}),
        ({"voltage_v": (230.0, 0.0, 0.0)}, 1, set()),
        ({"current_a": (0.0, 0.6, 0.0)}, 3, {"current"}),
        ({"current_a": (0.0, 0.0, 9.0)}, 1, set()),
        ({"current_a": (-0.6, 0.0, 0.0)}, 3, {"current"}),
        ({"power_w": 400.0}, 3, {"current"}),
        ({"energy_wh": 999}, 3, {"energy"}),
    ],
)
def test_values_with_an_open_contactor(changed: dict[str, Any], phases: int, faulty: set[str]) -> None:
    heard = [reading(98.0), reading(99.0, **changed)]
    box = msgspec.structs.replace(BOX, phases=phases)
    checks = list(senses.readings(heard, box, status(), 100.0))
    found = {check.id.removeprefix("senses.") for check in checks if check.result == "fault"}
    assert found == faulty
    assert [check.id for check in checks] == [
        f"senses.{name}" for name in ("readings", "voltage", "current", "energy")
    ]


def test_the_phase_that_is_wrong_is_named() -> None:
    (check,) = [
        check
        for check in senses.readings([reading(voltage_v=(230.0, 3.0, 230.0))], BOX, status(), 100.0)
        if check.id == "senses.voltage"
    ]
    assert "Measure L2" in check.do
    assert check.values == {"l1_v": 230.0, "l2_v": 3.0, "l3_v": 230.0}
    assert check.expected == "207 to 253 V"


def test_a_charging_car_may_draw() -> None:
    charging = status(contactor_closed=True, contactor_commanded=True)
    heard = [reading(current_a=(16.0, 16.0, 16.0), power_w=11_000.0)]
    assert all(check.result == "ok" for check in senses.readings(heard, BOX, charging, 100.0))


@pytest.mark.parametrize(
    ("heard", "words"), [([], "no reading at all"), ([reading(90.0)], "the last reading is 10 s old")]
)
def test_a_silent_meter_has_no_values(heard: Any, words: str) -> None:
    (check,) = senses.readings(heard, BOX, status(), 100.0)
    assert (check.result, check.measured) == ("fault", words)


@pytest.mark.parametrize(
    ("changed", "result"),
    [
        ({}, "ok"),
        ({"reader": None, "reader_health": "none"}, "not checked"),
        ({"reader_health": "/dev/ttyAMA0: no such file"}, "fault"),
        ({"dropped_frames": 4}, "warning"),
    ],
)
def test_reader(changed: dict[str, Any], result: Result) -> None:
    assert senses.reader(msgspec.structs.replace(INSTRUMENTS, **changed)).result == result


@pytest.mark.parametrize(
    ("given", "result"),
    [
        (answer("/dev/ttyAMA0 at 9600 baud: card 0004AABBCC"), "ok"),
        (answer("/dev/ttyAMA0 at 115200 baud: the reader answers; no card was presented"), "warning"),
        (answer("/dev/ttyAMA0 at 9600 baud: nothing heard; was a card presented?", ok=False), "warning"),
        (
            answer("/dev/ttyAMA0 at 9600 baud: no card, heard 02 33; is it the right model?", ok=False),
            "fault",
        ),
        (answer("/dev/ttyAMA0 at 9600 baud: cannot be opened: no such file", ok=False), "fault"),
        (
            answer(
                "a at 4800 baud: nothing heard; was a card presented?; a at 9600 baud: card 0004AABBCC",
                ok=False,
            ),
            "fault",
        ),
        (answer("probe-reader: refused while the contactor is closed", ok=False), "not checked"),
    ],
)
def test_card(given: Answer, result: Result) -> None:
    assert senses.card(given).result == result


def test_lamp() -> None:
    assert senses.lamp(answer("lamp: asked"), seen=True).result == "ok"
    assert senses.lamp(answer("lamp: asked"), seen=False).result == "fault"
    assert (
        senses.lamp(answer("lamp: the contactor is not open", ok=False), seen=False).result == "not checked"
    )
    lines = [
        senses.lamp_lines(msgspec.structs.replace(INSTRUMENTS, lamp_health=health))
        for health in ("ok", "none", "GPIO 12 is taken")
    ]
    assert [line and line.result for line in lines] == [None, "not checked", "fault"]


@pytest.mark.parametrize(
    ("health", "contacts_c", "result"),
    [
        ("ok", 21.0, "ok"),
        ("ok", 51.0, "warning"),
        ("ok", -26.0, "warning"),
        ("28-01 gives no value", None, "fault"),
        ("none", None, "not checked"),
    ],
)
def test_contacts(health: str, contacts_c: float | None, result: Result) -> None:
    instruments = msgspec.structs.replace(INSTRUMENTS, thermometer_health=health)
    assert senses.contacts(instruments, Temperatures(at_s=1.0, contacts_c=contacts_c)).result == result


def test_no_temperatures_at_all_is_no_value() -> None:
    assert senses.contacts(INSTRUMENTS, None).result == "fault"


@pytest.mark.parametrize(
    ("health", "results"),
    [("none", []), ("ok", ["ok"]), ("no reading yet", ["fault"]), ("silent for 3 polls", ["fault"])],
)
def test_a_house_meter_is_judged_where_there_is_one(health: str, results: list[str]) -> None:
    found = senses.house(msgspec.structs.replace(INSTRUMENTS, house_meter_health=health))
    assert [check.result for check in found] == results
