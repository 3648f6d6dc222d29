"""PURE: what a message on one of our command topics orders, or why it orders nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec

from bridge.core.limits.cap import LEAST_A
from bridge.local.mqtt.topics import Topics
from bridge.local.orders import Reply, SetOwnerLimit, StartCharging, StopCharging
from hal.visible import visible

MOST_BYTES = 64  # an idTag has 20, an amount of amps a few
MOST_A = 80.0  # as all limits of the configuration
ID_TAG_MOST = 20  # OCPP 1.6 7.28 IdToken: CiString20
PRESS = "PRESS"  # what a button of Home Assistant sends
NONE = "none"  # removes the limit

Command = StartCharging | StopCharging | SetOwnerLimit


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that is none; says what came, what is allowed, and what to do."""

    why: str


def command(name: str, payload: bytes, id_tag: str) -> Command | Refused:
    """Reads a command. `id_tag`: mqtt.id_tag, the card of the start button; empty: there is none."""
    if len(payload) > MOST_BYTES:
        return Refused(f"{len(payload)} bytes, must have {MOST_BYTES} at most")
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        return Refused("is no UTF-8 text")
    match name:
        case "start":
            return _start(text, id_tag)
        case "stop":
            return StopCharging()
        case _:
            return _limit(text)


def _start(text: str, id_tag: str) -> Command | Refused:
    chosen = id_tag if text in ("", PRESS) else text
    if not chosen:
        return Refused("no card: send an idTag, or set mqtt.id_tag in charge-point.toml")
    if len(chosen) > ID_TAG_MOST or not chosen.isprintable():
        return Refused(f'"{visible(chosen)}" is no idTag: 1 to {ID_TAG_MOST} visible characters')
    return StartCharging(chosen)


def _limit(text: str) -> Command | Refused:
    if text.lower() == NONE:
        return SetOwnerLimit(None)
    allowed = f"must be 0 (a pause), {LEAST_A:g} to {MOST_A:g} A, or {NONE}"
    try:
        limit_a = float(text)
    except ValueError:
        return Refused(f'"{visible(text)}": {allowed}')
    if not math.isfinite(limit_a) or not (limit_a == 0.0 or LEAST_A <= limit_a <= MOST_A):
        return Refused(f'"{visible(text)}": {allowed}')
    return SetOwnerLimit(limit_a)


class Answer(msgspec.Struct, frozen=True):
    """What came of a command. `result`: Accepted, Rejected (by the box), or Refused (it was no command)."""

    command: str
    result: str
    why: str = ""


def answer(name: str, outcome: Refused | Reply) -> Answer:
    """Returns the answer to a command; a Reply without a status failed."""
    match outcome:
        case Refused(why=why):
            return Answer(name, "Refused", why)
        case Reply(status=status, why=why):
            return Answer(name, status or "Rejected", why)


def commanded(topics: Topics, topic: str, *, retained: bool) -> str | None:
    """Returns the command that a message gives. A retained one is old: it gives none."""
    return None if retained else topics.command_of(topic)
