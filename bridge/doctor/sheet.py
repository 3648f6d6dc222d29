"""PURE: an examination as a commissioning sheet: one HTML file to print, sign and store."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import groupby

from bridge.doctor.check import Check, Examination, Patient

# What no software can see. IEC 60364-6 names the tests of an installation.
BY_HAND = (
    ("Protective earth is continuous, socket to main earth", "Ω"),
    ("Insulation resistance", "MΩ"),
    ("Residual current device trips: AC 30 mA", "ms"),
    ("Residual current device trips: DC 6 mA", "ms"),
    ("Circuit breaker or fuse: rating and curve", "A"),
    ("Terminals tightened to the makers' torque", "Nm"),
    ("Phase order and neutral at the socket", ""),
    ("Session at 6 A with a car or tester in C: contactor closes", ""),
    ("... tester from C to B: then no voltage at the socket", "ms"),
    ("... tester with diode fault, pilot short: contactor opens", ""),
    ("Supply of the Raspberry Pi pulled while charging: contactor opens", ""),
)

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { font: 9.5pt/1.4 system-ui, "Liberation Sans", Arial, sans-serif; color: #1b1f24; background: #eef0f3;
  margin: 0; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
main { background: #fff; max-width: 210mm; margin: 8mm auto; padding: 14mm 15mm; }
section { break-inside: avoid; }
.mock { background: #ffd400; color: #000; font-weight: 700; text-align: center; padding: 2.5mm;
  margin: 0 0 6mm; border: 1px solid #000; }
/* Fixed: printed on each page. */
.watermark { position: fixed; inset: 0; display: grid; place-items: center; font-size: 130pt;
  font-weight: 800; letter-spacing: .1em; color: #d9a400; opacity: .13; transform: rotate(-35deg);
  pointer-events: none; }
header { display: flex; justify-content: space-between; align-items: flex-start; gap: 8mm; }
h1 { font-size: 19pt; line-height: 1.1; margin: 0 0 1mm; letter-spacing: -.01em; }
h2 { font-size: 11pt; margin: 7mm 0 1.5mm; break-after: avoid; }
.at { color: #57606a; margin: 0; }
.verdict { border-radius: 2mm; padding: 2mm 4mm; font-weight: 700; white-space: nowrap; text-align: center; }
.verdict small { display: block; font-weight: 400; white-space: normal; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .6mm 5mm; margin: 5mm 0 6mm; }
dt { color: #57606a; } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th { text-align: left; font-weight: 600; }
thead th { color: #57606a; font-size: 8.5pt; padding-bottom: 1mm; }
.topic th { font-size: 11pt; padding: 4.5mm 0 1.2mm; break-after: avoid; }
td { padding: .9mm 2mm .9mm 0; vertical-align: top; overflow-wrap: anywhere; }
.checks tbody tr:first-child td { border-top: .25mm solid #d8dee4; }
tbody { break-inside: avoid; }
.c1 { width: 25mm; } .c2 { width: 34mm; } .c4 { width: 44mm; }
.badge { display: block; width: 22mm; border-radius: 1mm; font-size: 8.5pt; font-weight: 600;
  text-align: center; }
.ok .badge, .verdict.ok { background: #dafbe1; color: #0b5c1f; }
.warning .badge, .verdict.warning { background: #fff3c4; color: #6b4700; }
.fault .badge, .verdict.fault { background: #c9252d; color: #fff; }
.unchecked .badge { background: #eaeef2; color: #424a53; }
.do td { padding-top: 0; padding-bottom: 1.6mm; } .fault .do, .warning .do { font-weight: 600; }
.fault td { background: #fdf0f0; } .expected { color: #57606a; }
.hand td { height: 8mm; vertical-align: bottom; } .hand .box { width: 8mm; } .hand .value { width: 42mm; }
.hand .box i { display: block; width: 4mm; height: 4mm; border: .3mm solid #1b1f24; }
.hand .value { border-bottom: .3mm solid #1b1f24; text-align: right; color: #57606a; padding-right: 0; }
.sign { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8mm; margin-top: 16mm;
  break-inside: avoid; }
.sign div { border-top: .3mm solid #1b1f24; color: #57606a; font-size: 8.5pt; padding-top: 1mm; }
footer { color: #57606a; font-size: 8.5pt; margin-top: 8mm; }
@page { size: A4; margin: 12mm 13mm; }
@media print { body { background: #fff; } main { margin: 0; padding: 0; max-width: none; } }
"""

_WORDS = {"ok": "ok", "warning": "warning", "fault": "FAULT", "not checked": "not checked"}
_MOCK = (
    '<div class="watermark" aria-hidden="true">MOCK</div>'
    '<p class="mock">MOCK: car, wallbox and mains are simulated; this is not the sheet of a real wallbox.</p>'
)


def html(examination: Examination) -> str:
    """Writes the whole file. Nothing is fetched from anywhere; everything measured is escaped."""
    patient = examination.patient
    title = f"{'MOCK ' if patient.mock else ''}Commissioning sheet"
    parts = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body><main>",
        _MOCK if patient.mock else "",
        _head(title, examination),
        _who(patient),
        *_checks(examination.checks),
        _by_hand(),
        f"<footer>Made by evse-bridge doctor {escape(patient.software)}. It replaces none of the tests "
        "that an electrician must make by the rules of your country.</footer></main></body></html>\n",
    )
    return "\n".join(part for part in parts if part)


def _head(title: str, examination: Examination) -> str:
    at = f"{examination.at:%Y-%m-%d %H:%M %Z}"
    verdict = "no fault found" if examination.result != "fault" else "FAULT FOUND"
    return (
        f'<header><div><h1>{title}</h1><p class="at">Wallbox on a Raspberry Pi, {escape(at)}</p></div>'
        f'<div class="verdict {_class(examination.result)}">{verdict}'
        f"<small>{escape(examination.summary)}</small></div></header>"
    )


def _who(patient: Patient) -> str:
    rows = {
        "Charge point": patient.charge_point,
        "Central System": patient.central_system,
        "Serial number of the Pi": patient.box_serial,
        "Box": "; ".join(patient.facts),
        "Software": f"evse-bridge {patient.software}",
    }
    cells = (f"<dt>{name}</dt><dd>{escape(value or 'unknown')}</dd>" for name, value in rows.items())
    return f"<dl>{''.join(cells)}</dl>"


def _checks(checks: tuple[Check, ...]) -> Iterator[str]:
    yield (
        '<table class="checks"><thead><tr><th class="c1">Result</th><th class="c2">What</th><th>Measured</th>'
        '<th class="c4">Expected</th></tr></thead>'
    )
    for topic, group in groupby(checks, key=lambda check: check.topic):
        yield f'<tbody><tr class="topic"><th colspan="4">{escape(topic)}</th></tr></tbody>'
        yield from (_rows(check) for check in group)
    yield "</table>"


def _rows(check: Check) -> str:
    """Writes one table body, so that what to do is never torn off."""
    name = _class(check.result)
    do = f'<tr class="do"><td colspan="2"></td><td colspan="2">→ {escape(check.do)}</td></tr>'
    measured, expected = escape(check.measured), escape(check.expected)
    seen = f'<td>{measured}</td><td class="expected">{expected}</td>'
    if not expected:
        seen = f'<td colspan="2">{measured}</td>'
    return (
        f'<tbody class="{name}"><tr><td><span class="badge">{_WORDS[check.result]}</span></td>'
        f"<td>{escape(check.what)}</td>{seen}</tr>{do if check.do else ''}</tbody>"
    )


def _class(result: str) -> str:
    return result.replace("not checked", "unchecked")


def _by_hand() -> str:
    rows = (
        f'<tr><td class="box"><i></i></td><td>{escape(what)}</td><td class="value">{escape(unit)}</td></tr>'
        for what, unit in BY_HAND
    )
    fields = ("Place, date", "Name of the electrician", "Signature")
    signs = "".join(f"<div>{field}</div>" for field in fields)
    return (
        f'<section><h2>By hand, with instruments</h2><table class="hand">{"".join(rows)}</table>'
        f'<div class="sign">{signs}</div></section>'
    )
