"""The verbs of mock.sock, one for each value of `do`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Amps = Annotated[float, Meta(ge=6, le=80)]  # IEC 61851-1 Annex A: what a pilot can offer


Load = Annotated[float, Meta(ge=0, le=400)]


def _dashed(name: str) -> str:
    """Turns PlugIn into plug-in."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


class _Verb(msgspec.Struct, frozen=True, tag_field="do", tag=_dashed, forbid_unknown_fields=True):
    """Base of all verbs."""


class PlugIn(_Verb, frozen=True):
    """The car comes; it asks for energy as soon as it is offered."""


class PlugOut(_Verb, frozen=True):
    """Disconnects the car; refused while the lock holds the plug."""


class Ready(_Verb, frozen=True):
    """Lets the car ask for energy again."""


class Pause(_Verb, frozen=True):
    """Lets the car ask for no energy until `ready`."""


class Swipe(_Verb, frozen=True):
    """A card is shown for 0.3 s."""

    tag: str


class Fault(_Verb, frozen=True):
    """Something breaks: a name of `hal.mock.plant.fault_names`."""

    name: str


class Clear(_Verb, frozen=True):
    """The part that broke is mended."""

    name: str


class Car(_Verb, frozen=True):
    """The car's charger; what is left out stays."""

    phases: Literal[1, 3] | None = None
    amps: Amps | None = None


class House(_Verb, frozen=True):
    """What the house draws, A of each phase, and what its roof gives; what is left out stays."""

    load_a: tuple[Load, Load, Load] | None = None
    solar_w: Annotated[float, Meta(ge=0, le=100_000)] | None = None


class PowerCut(_Verb, frozen=True):
    """The box loses its mains."""


class PowerOn(_Verb, frozen=True):
    """The mains come back: a boot."""


class State(_Verb, frozen=True):
    """Asks for all that is true in the simulated world."""


class Kernel(_Verb, frozen=True):
    """What becomes of the outputs of a dead process."""

    policy: Literal["keeps", "releases"]


class UnplugAtCar(_Verb, frozen=True):
    """Unplugs the cable at the car; it stays in the socket."""


class Copper(_Verb, frozen=True):
    """Tolerances: as new, then drawn, then these parts; answers all of them."""

    parts: dict[str, float] = {}
    draw: int | None = None
    nominal: bool = False


class CpOpen(_Verb, frozen=True):
    """The contact of the control pilot is open for so long, once."""

    ms: Annotated[float, Meta(ge=0.5, le=60_000)]


class Disturb(_Verb, frozen=True):
    """Samples of an input are bad by a pattern of 0 and 1, a digit each 10 ms; 0 ends it."""

    input: str
    pattern: str


class KernelHang(_Verb, frozen=True):
    """All programs of the Pi stand still until the watchdog bites after so many seconds, if it is there."""

    bites_after_s: Annotated[float, Meta(ge=0, le=3600)] | None = None


class Edge(_Verb, frozen=True):
    """The car leaves C at once; answers the milliseconds until the contactor's line fell."""


class Watch(_Verb, frozen=True):
    """Answers the view, then a line for each change of it until the connection ends."""


OfThePi = PowerCut | PowerOn | Kernel | KernelHang
Plugging = PlugIn | PlugOut | UnplugAtCar
Action = Plugging | Ready | Pause | Fault | Clear | Car | House | CpOpen | Disturb | OfThePi
Question = Swipe | State | Copper | Edge | Watch  # those whose answer says something
Verb = Action | Question
_FIELDS = {
    "plug-in": "", "plug-out": "", "ready": "", "pause": "", "swipe": " (tag)", "fault": " (name)",
    "clear": " (name)", "car": " (phases, amps)", "house": " (load_a, solar_w)",
    "power-cut": "", "power-on": "", "state": "",
    "kernel": " (policy)", "edge": "", "watch": "", "unplug-at-car": "", "copper": " (parts, draw, nominal)",
    "cp-open": " (ms)", "disturb": " (input, pattern)", "kernel-hang": " (bites_after_s)",
}  # fmt: skip
LIST = ", ".join(verb + fields for verb, fields in _FIELDS.items())
_decoder: msgspec.json.Decoder[Verb] = msgspec.json.Decoder(Verb)


class BadLineError(Exception):
    """Not a verb; the text says what is wrong and lists the verbs."""


def parse(line: bytes) -> Verb:
    """Decodes one line. Raises BadLineError."""
    try:
        return _decoder.decode(line)
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, not a verb, nested beyond reason
        raise BadLineError(f"{error}; one JSON object a line, `do` is one of: {LIST}") from None
