"""PURE: what is let in: a CALL strictly, an answer for what is needed of it, every number within bounds.

A number that keeps its bounds here can be counted with, added to any clock of ours and stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from bridge.central_system.frames import (
    CallError,
    CallResult,
    OcppError,
    check_request,
    check_response,
)
from bridge.central_system.schemas import Needed, Payload, needed
from bridge.core.errand import INTERVAL_LEAST_S, INTERVAL_MOST_S, MOST_RETRIES
from bridge.core.id_tag import without_empty
from hal.visible import visible

# OCPP 1.6 leaves integers without bounds; these are what every language of a Central System holds.
INT32 = (-(2**31), 2**31 - 1)
EXACT = (-(2**53), 2**53)  # of JSON numbers, RFC 8259 6: beyond it two programs may read two numbers
WIDE = ("transactionId",)  # given by the Central System, used verbatim
REGISTRATION_MOST_S = 86_400
LONG = 10**30  # such a number is not written out
SHOWN = 200  # characters of what was left out of an answer, for the log


@dataclass(frozen=True, slots=True)
class Request:
    """What a CALL asks, and what was made of it, for the log."""

    payload: Payload
    notes: tuple[str, ...]


PASSING = ("InternalError", "GenericError")  # OCPP-J 1.6 4.2.3: not the message's fault, or not known to be


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message was not taken, and whether that may pass by itself."""

    why: str
    passing: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What an answer says. `payload` None: nothing, for the reason of `refusal`."""

    payload: Payload | None
    refusal: Refusal | None
    notes: tuple[str, ...]


def request(
    action: str, payload: Payload, supported: Collection[str], interval_least_s: int = INTERVAL_LEAST_S
) -> Request:
    """Checks a CALL of the Central System. Raises OcppError for whatever is wrong with it."""
    payload = _without_empty(action, payload)
    check_request(action, payload, supported)
    for fault in _beyond(payload):
        raise OcppError("PropertyConstraintViolation", f"{action}.{fault}")
    if action not in ("GetDiagnostics", "UpdateFirmware"):
        return Request(payload, ())
    bounds = {"retries": (0, MOST_RETRIES), "retryInterval": (interval_least_s, INTERVAL_MOST_S)}
    return Request(*_clamped(action, payload, bounds))


def reply(action: str, answer: CallResult | CallError) -> Reply:
    """Checks the answer to our own `action`. One that is not sound is no better than a CALLERROR."""
    broken = (f"{action}: an answer that is no frame of OCPP-J ({answer.fault})",) if answer.fault else ()
    if isinstance(answer, CallError):
        why = visible(f"{answer.code} {answer.description}".strip())
        return Reply(None, Refusal(why, answer.code in PASSING), broken)
    found = needed(action, answer.payload)
    notes = (*broken, *_left_out(action, found))
    payload = without_empty(found.payload)
    try:
        check_response(action, payload)
        for fault in _beyond(payload):
            raise OcppError("PropertyConstraintViolation", f"{action}.conf: {fault}")
    except OcppError as error:
        return Reply(None, Refusal(f"a CALLRESULT that breaks its schema ({error})", passing=False), notes)
    if action == "BootNotification":
        payload, clamped = _clamped(action, payload, {"interval": (0, REGISTRATION_MOST_S)})
        notes = (*notes, *clamped)
    return Reply(payload, None, notes)


def _without_empty(action: str, payload: Payload) -> Payload:
    """Drops what OCPP 1.6 does not speak of: an empty parentIdTag, or an empty date that may be absent."""
    match action:
        case "ReserveNow":
            return without_empty(payload)
        case "SendLocalList":
            return _each_without_empty(payload, "localAuthorizationList")
        case "GetDiagnostics":
            return _dated(payload, ("startTime", "stopTime"))
        case "SetChargingProfile":
            return _profile_without_empty(payload, "csChargingProfiles")
        case "RemoteStartTransaction":
            return _profile_without_empty(payload, "chargingProfile")
        case _:
            return payload


def _each_without_empty(payload: Payload, name: str) -> Payload:
    entries = payload.get(name)
    if not isinstance(entries, list):
        return payload
    return {**payload, name: [without_empty(each) if isinstance(each, dict) else each for each in entries]}


def _profile_without_empty(payload: Payload, name: str) -> Payload:
    profile = payload.get(name)
    if not isinstance(profile, dict):
        return payload
    profile = _dated(profile, ("validFrom", "validTo"))
    if isinstance(schedule := profile.get("chargingSchedule"), dict):
        profile["chargingSchedule"] = _dated(schedule, ("startSchedule",))
    return {**payload, name: profile}


def _dated(node: Payload, dates: Collection[str]) -> Payload:
    """Returns a copy without those dates that are empty or null."""
    return {name: each for name, each in node.items() if name not in dates or each not in ("", None)}


def _beyond(node: object, place: str = "") -> Iterator[str]:
    """Yields the numbers out of bounds in a payload that has passed its schema."""
    if isinstance(node, dict):
        for name, each in node.items():
            yield from _beyond(each, f"{place}.{name}" if place else name)
    elif isinstance(node, list):
        for number, each in enumerate(node):
            yield from _beyond(each, f"{place}[{number}]")
    elif isinstance(node, int | float) and not isinstance(node, bool):
        least, most = EXACT if place.rpartition(".")[2] in WIDE else INT32
        if not least <= node <= most:
            given = str(node) if -LONG < node < LONG else "a number without end"
            yield f"{place} = {given}: {least} to {most} is allowed"


def _clamped(
    action: str, payload: Payload, bounds: Mapping[str, tuple[int, int]]
) -> tuple[Payload, tuple[str, ...]]:
    kept, notes = dict(payload), []
    for name, (least, most) in bounds.items():
        if name in kept and not least <= kept[name] <= most:
            kept[name] = max(least, min(most, kept[name]))
            notes.append(f"{action}: {name} = {payload[name]} is taken for {kept[name]}")
    return kept, tuple(notes)


def _left_out(action: str, found: Needed) -> Iterator[str]:
    for names, why in ((found.unknown, "unknown properties"), (found.null, "null, read as absent")):
        if names:
            yield f"{action}.conf: {why}: {', '.join(map(repr, names))}"[:SHOWN]
