"""What each part alone moves: the exact box with one part at the ends of its tolerance, at 6 A."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from tests.circuit.deck import deck, volts
from tests.circuit.draws import (
    BOX_PF,
    CABLE_M,
    CAR,
    CAR_PF,
    COLDEST_C,
    CONVERTER_BEND,
    CONVERTER_GAIN,
    CONVERTER_LEAK_A,
    CONVERTER_OFFSET,
    HOTTEST_C,
    OFFSET_V,
    PRECISE_DIVIDER,
    REFERENCE,
    SERIES,
    SET_DIVIDER,
    SOURCE,
    TAU,
    Box,
    Channel,
    Converter,
    State,
    exact,
)
from tests.circuit.shown import ADC, shown
from tests.circuit.spice import measured
from tests.hal.core.world import fraction

BUDGET_STATES: tuple[State, ...] = ("A", "B", "C")
OFFER_A = 6.0
_ENDS = (-1, 1)

Budget = dict[str, dict[str, float]]


def budget() -> Budget:
    """[part][state] -> the greatest change of the judged volts. Raises SpiceError."""
    table: Budget = {}
    for state in BUDGET_STATES:
        right_v, *_ = _judged_v([exact(state)])
        for part, boxes in _variants(exact(state)):
            table.setdefault(part, {})[state] = max(abs(found_v - right_v) for found_v in _judged_v(boxes))
    return table


def _judged_v(boxes: list[Box]) -> list[float]:
    results = measured(deck(boxes, fraction(OFFER_A)))
    return [shown(box, volts(results, at), OFFER_A).high_v[1] for at, box in enumerate(boxes)]


def _variants(box: Box) -> Iterator[tuple[str, list[Box]]]:
    yield "source ± 5 %", [replace(box, source_high_v=12 * (1 + end * SOURCE)) for end in _ENDS]
    yield "1 kΩ ± 3 %", [replace(box, series_ohm=1000 * (1 + end * SERIES)) for end in _ENDS]
    yield "the car's resistors ± 3 %", [replace(box, car_ohm=box.car_ohm * (1 + end * CAR)) for end in _ENDS]
    yield "reference ± 0.2 %", [_converter(box, ref_v=ADC.max_voltage_v * (1 + e * REFERENCE)) for e in _ENDS]
    yield "divider 0.1 %", _dividers(box, PRECISE_DIVIDER)
    yield "divider 1 %, not set", _dividers(box, SET_DIVIDER)
    yield "time constant ± 10 %", [_high(box, hold_nf=100 * (1 + end * TAU)) for end in _ENDS]
    yield "0 to 60 °C (diodes)", [replace(box, temp_c=temp_c) for temp_c in (COLDEST_C, HOTTEST_C)]
    yield (
        "amplifiers, ± 5 mV each",
        [_high(box, offset_v=end * OFFSET_V, follower_offset_v=end * OFFSET_V) for end in _ENDS],
    )
    yield (
        "converter: offset, gain, bend",
        [
            _converter(
                box, offset=end * CONVERTER_OFFSET, gain=end * CONVERTER_GAIN, bend=end * CONVERTER_BEND
            )
            for end in _ENDS
        ],
    )
    yield "converter: leak of 1 µA", [_high(box, leak_a=end * CONVERTER_LEAK_A) for end in _ENDS]
    yield (
        "cable 0 to 10 m, capacitors of box and car",
        [
            replace(box, cable_m=0.0, car_pf=0.0, box_pf=BOX_PF[0]),
            replace(box, cable_m=CABLE_M, box_pf=BOX_PF[1]),
        ]
        + [replace(box, cable_m=CABLE_M, car_pf=CAR_PF, box_pf=BOX_PF[1])] * (box.state != "A"),
    )


def _dividers(box: Box, within: float) -> list[Box]:
    channel = box.high
    return [
        _high(
            box,
            top_ohm=channel.top_ohm * (1 + top * within),
            to_ref_ohm=channel.to_ref_ohm * (1 + to_ref * within),
            to_0_ohm=channel.to_0_ohm * (1 + to_0 * within),
        )
        for top, to_ref, to_0 in product(_ENDS, repeat=3)
    ]


def _high(box: Box, **changes: float) -> Box:
    channel: Channel = replace(box.high, **changes)
    return replace(box, high=channel)


def _converter(box: Box, **changes: float) -> Box:
    converter: Converter = replace(box.converter, **changes)
    return replace(box, converter=converter)
