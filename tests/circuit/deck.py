"""PURE: boxes as one netlist for ngspice: docs/circuits/pilot.lib with the values that were drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.circuit.draws import SOURCE_FEEDBACK_OHM, Box, Channel

CIRCUITS = Path(__file__).parents[2] / "docs" / "circuits"
PERIODS = 6  # from a beginning near the steady state; the low-pass of 1 ms has forgotten the rest
DIODE_V = 0.7  # for that beginning only
REFERENCE_V = 3.0  # of the source; the converter's is drawn
END_S = PERIODS * 1e-3
SETTLED_S = (PERIODS - 1) * 1e-3


@dataclass(frozen=True)
class Volts:
    """What one box showed in its last period."""

    pilot_high_v: float  # just before the falling edge: what a car would be judged by
    pilot_low_v: float
    high_pin_v: tuple[float, float, float]  # least, mean, most at the converter
    low_pin_v: tuple[float, float, float]


def deck(boxes: Sequence[Box], duty: float, *, pin_nf: float = 100.0) -> str:
    """All of them side by side, on one PWM. A duty of 1 is x1, 0 is F."""
    lines = [
        "* written by tests/circuit/deck.py",
        f".include {CIRCUITS / 'pilot.lib'}",
        f"Vsupply_p vp 0 15\nVsupply_n vn 0 -15\nVgpio gpio 0 {_gpio(duty)}\nVref ref 0 {REFERENCE_V}",
    ]
    for at, box in enumerate(boxes):
        lines += _box(at, box, duty, pin_nf)
    lines.append(f".tran 10u {END_S:g} 0 20u uic")
    lines.append(".save " + " ".join(f"p{at} h{at} l{at}" for at in range(len(boxes))))
    for at in range(len(boxes)):
        lines += _measures(at, duty)
    return "\n".join([*lines, ".end", ""])


def _gpio(duty: float) -> str:
    if duty in (0.0, 1.0):
        return f"{3.3 * duty:g}"
    return f"PULSE(0 3.3 0 20n 20n {duty * 1e-3 - 40e-9:.9g} 1m)"


def _box(at: int, box: Box, duty: float, pin_nf: float) -> Iterator[str]:
    amplifier = f"ib={box.input_a:g} gbw={box.gbw_hz:g} sr={box.slew_v_s:g} drop={box.drop_v:g}"
    high_v, low_v = _peaks_v(box)
    yield (
        f"Xs{at} gpio p{at} vp vn ref pilot_source {_source(box)} rs={box.series_ohm:g}"
        f" vos={box.source_offset_v:g} {amplifier}"
    )
    yield f"Cb{at} p{at} 0 {box.box_pf:g}p"
    yield (
        f"Xc{at} p{at} cable_and_car metres={box.cable_m:g} car_ohm={box.car_ohm:g} car_pf={box.car_pf:g}"
        f" short_ohm={box.short_ohm:g} temp_c={box.temp_c:g}"
    )
    yield f"Vr{at} r{at} 0 {box.converter.ref_v:g}"
    peaks = (("h", "high", box.high, high_v, duty), ("l", "low", box.low, low_v, 1 - duty))
    for letter, name, channel, peak_v, share in peaks:
        start_v = peak_v if share else 0.0
        yield (
            f"X{letter}{at} p{at} f{letter}{at} vp vn hold_{name} hold_nf={channel.hold_nf:g}"
            f" temp_c={box.temp_c:g} area={channel.area:g} vos={channel.offset_v:g}"
            f" vos_follower={channel.follower_offset_v:g} start_v={start_v:g} {amplifier}"
        )
        tau_s = channel.hold_nf * 200e-6
        mean_v = start_v * (1 - (1 - share) ** 2 * 1e-3 / (2 * tau_s)) if share else 0.0
        yield (
            f"Xd{letter}{at} f{letter}{at} {letter}{at} r{at} divider top={channel.top_ohm:.8g}"
            f" to_ref={channel.to_ref_ohm:.8g} to_0={channel.to_0_ohm:.8g} pin_nf={pin_nf:g}"
            f" leak={channel.leak_a:g} start_v={pin_v(channel, mean_v, box.converter.ref_v):.6g}"
        )


def _peaks_v(box: Box) -> tuple[float, float]:
    """Nearly: the netlist finds its own."""
    if box.state == "E":
        return (box.source_high_v * box.short_ohm / 1000, box.source_low_v * box.short_ohm / 1000)
    behind_diode_v = (box.source_high_v - DIODE_V) * box.car_ohm / (box.car_ohm + box.series_ohm)
    return min(behind_diode_v + DIODE_V, box.source_high_v), box.source_low_v


def pin_v(channel: Channel, held_v: float, ref_v: float, *, leak: float = 1.0) -> float:
    """The divider as algebra. `leak` is the share of the input's leak that flows."""
    siemens = 1 / channel.top_ohm + 1 / channel.to_ref_ohm + 1 / channel.to_0_ohm
    return (held_v / channel.top_ohm + ref_v / channel.to_ref_ohm - leak * channel.leak_a) / siemens


def _source(box: Box) -> str:
    """Resistors that make this source of its 3 V: gain = high to low over 3 V, shift = low."""
    gain = (box.source_high_v - box.source_low_v) / REFERENCE_V
    shift_v = -box.source_low_v / (gain - 1)
    r1 = SOURCE_FEEDBACK_OHM * REFERENCE_V / shift_v
    r2 = 1 / (1 / SOURCE_FEEDBACK_OHM - 1 / r1)
    return f"rf={SOURCE_FEEDBACK_OHM * (gain - 1):.8g} r1={r1:.8g} r2={r2:.8g}"


def _measures(at: int, duty: float) -> Iterator[str]:
    before_edge_s = SETTLED_S + duty * 1e-3 - 1e-6 if duty else END_S
    yield f".meas tran ph{at} find v(p{at}) at={before_edge_s:.9g}"
    yield f".meas tran pl{at} find v(p{at}) at={END_S - 1e-6:.9g}"
    for letter in "hl":
        for what in ("min", "avg", "max"):
            yield (f".meas tran {letter}{what}{at} {what} v({letter}{at}) from={SETTLED_S:g} to={END_S:g}")


def volts(measured: dict[str, float], at: int) -> Volts:
    """Of the box with this place in its deck."""
    return Volts(
        measured[f"ph{at}"],
        measured[f"pl{at}"],
        (measured[f"hmin{at}"], measured[f"havg{at}"], measured[f"hmax{at}"]),
        (measured[f"lmin{at}"], measured[f"lavg{at}"], measured[f"lmax{at}"]),
    )
