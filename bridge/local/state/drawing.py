"""PURE: draws the State from the parts that decide. It changes none of them, and remembers nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

import msgspec

from bridge.core.box_view import BoxView
from bridge.core.charge_point import ChargePoint
from bridge.core.charging_profile import NEVER
from bridge.core.limits.cap import LEAST_A, Cap
from bridge.core.now import SINCE_BOOT, Now, is_dated, timestamp
from bridge.core.session import Authorized, Authorizing, Finishing, Idle, Transaction
from bridge.local.state.state import (
    Connector,
    FaultSeen,
    Limit,
    Link,
    Meter,
    Refusal,
    Service,
    Session,
    State,
    Step,
    Wallbox,
)
from bridge.local.why.why import why

MEASURED_S = 5.0  # so long after closing a reading shows whether the car draws
NO_CURRENT_A = 0.5  # less than a car that charges draws on any phase
REFUSAL_SHOWN_S = 60.0  # a card that was refused longer ago is forgotten
OF_HAL = (
    "cable",
    "temperature",
    "simplified_pilot",
)  # names in Status.limits_a that the bridge does not have


@dataclass(frozen=True, slots=True)
class LinkLook:
    """How it stands with the Central System; moments in seconds of Now.s."""

    connected: bool
    standing: str
    since_s: float | None
    heard_s: float | None


def drawn(charge_point: ChargePoint, link: LinkLook, now: Now) -> State:
    """Returns what is so. The owner of the store adds the queue."""
    box = _wallbox(charge_point.box, now)
    meter = _meter(charge_point.box, now)
    state = State(
        at=_iso(now, now.s),
        version=charge_point.provisioning.firmware_version,
        mock=charge_point.box.status is not None and charge_point.box.status.mock,
        charges=_charges(box, meter),
        connector=_connector(charge_point, now),
        session=_session(charge_point, now),
        limits=_limits(charge_point, now),
        box=box,
        meter=meter,
        service=_service(charge_point),
        link=_link(charge_point, link, now),
    )
    return msgspec.structs.replace(state, why=why(state))


def _wallbox(box: BoxView, now: Now) -> Wallbox:
    status, about = box.status, box.box
    alive, silent_s = box.alive(now.s), max(0.0, box.silent_s(now.s))
    if status is None:
        return Wallbox(alive=alive, silent_s=silent_s)
    temperatures = box.temperatures
    return Wallbox(
        alive=alive,
        silent_s=silent_s,
        vehicle=status.vehicle,
        car=box.car_connected,
        car_in_doubt=box.car_in_doubt,
        lock=status.lock,
        cable_rating_a=status.cable_rating_a,
        contactor_closed=status.contactor_closed,
        contactor_for_s=max(0.0, now.s - status.contactor_changed_at_s),
        offered_a=box.offered_a,
        offered_for_s=_ago(box.offering_since_s, now),
        withheld_by=status.withheld_by,
        faults=tuple(
            FaultSeen(
                id=fault.id,
                occurrence=fault.occurrence,
                for_s=max(0.0, now.s - fault.since_s),
                clears=fault.clears,
                opens=fault.opens,
            )
            for fault in box.faults
        ),
        closings=status.counters.closings,
        phases=about.phases if about is not None else 3,
        socket=about.socket if about is not None else True,
        serial=about.serial if about is not None else None,
        contacts_c=temperatures.contacts_c if temperatures is not None else None,
    )


def _meter(box: BoxView, now: Now) -> Meter | None:
    reading = box.reading
    if reading is None:
        return None
    return Meter(
        fresh=box.fresh_reading(now.s) is not None,
        age_s=max(0.0, now.s - reading.at_s),
        energy_wh=reading.energy_wh,
        power_w=reading.power_w,
        current_a=reading.current_a,
        voltage_v=reading.voltage_v,
        serial=reading.meter_serial,
    )


def _charges(box: Wallbox, meter: Meter | None) -> bool:
    """Says whether current flows. A meter that says nothing yet does not count."""
    if not (box.alive and box.contactor_closed and box.vehicle == "C"):
        return False
    if meter is None or not meter.fresh or box.contactor_for_s - meter.age_s < MEASURED_S:
        return True
    return max(meter.current_a) >= NO_CURRENT_A


def _connector(charge_point: ChargePoint, now: Now) -> Connector:
    connector, configuration = charge_point.connector, charge_point.configuration
    held, unlock = connector.reservations.held, connector.unlock_outcome
    bare = Connector(
        step=_step(charge_point),
        status=connector.status(now),
        unlocked=unlock == "Unlocked",
        unlocking=unlock == "open",
        locked_for_good=configuration.is_on("LockCablePermanently"),
        free_charging=configuration.free_charging,
        refusal=_refusal(charge_point, now),
        reserved_for=held.id_tag if held is not None else None,
        reserved_until=timestamp(held.expires_at) if held is not None else None,
    )
    return _with_session(bare, charge_point, now)


def _step(charge_point: ChargePoint) -> Step:
    match charge_point.state:
        case Idle():
            return "Idle"
        case Authorizing():
            return "Authorizing"
        case Authorized():
            return "Authorized"
        case Transaction():
            return "Transaction"
        case Finishing():
            return "Finishing"
        case never:
            assert_never(never)


def _with_session(bare: Connector, charge_point: ChargePoint, now: Now) -> Connector:
    match charge_point.state:
        case Authorizing() as state:
            return msgspec.structs.replace(
                bare, id_tag=state.id_tag, source=state.source, for_s=now.s - state.since_s
            )
        case Authorized() as state:
            lapses_in_s = None if state.expires_s is None else max(0.0, state.expires_s - now.s)
            return msgspec.structs.replace(
                bare,
                id_tag=state.id_tag,
                source=state.source,
                for_s=now.s - state.since_s,
                lapses_in_s=lapses_in_s,
            )
        case Transaction() as state:
            return msgspec.structs.replace(
                bare,
                id_tag=state.id_tag,
                for_s=now.s - state.since_s,
                stopping=state.stopping.reason if state.stopping is not None else None,
                deauthorized=state.deauthorized,
            )
        case Finishing() as state:
            kept_for = state.kept_for.id_tag if state.kept_for is not None else None
            return msgspec.structs.replace(bare, kept_for=kept_for, goes_on=state.goes_on)
        case _:
            return bare


def _refusal(charge_point: ChargePoint, now: Now) -> Refusal | None:
    last = charge_point.connector.refusal
    if last is None or now.s - last.at_s > REFUSAL_SHOWN_S:
        return None
    return Refusal(id_tag=last.id_tag, why=last.why, ago_s=now.s - last.at_s, online=last.online)


def _session(charge_point: ChargePoint, now: Now) -> Session | None:
    state, reading = charge_point.state, charge_point.box.reading
    if not isinstance(state, Transaction):
        return None
    register_wh = reading.energy_wh if reading is not None else state.meter_start_wh
    dated = is_dated(state.started_at)
    return Session(
        number=state.row_id,
        transaction_id=state.transaction_id,
        id_tag=state.id_tag,
        started_at=timestamp(state.started_at) if dated else None,
        for_s=max(0.0, (now.utc - state.started_at).total_seconds() if dated == now.dated else 0.0),
        energy_wh=max(0, register_wh - state.meter_start_wh),
    )


def _limits(charge_point: ChargePoint, now: Now) -> tuple[Limit, ...]:
    box = charge_point.box
    ruling, until = charge_point.profiles.foresee(charge_point.state, box, now, LEAST_A)
    name = "installation" if ruling.profile_id is None else "profile"
    named = [
        Limit(
            name=name,
            limit_a=ruling.limit_a,
            profile_id=ruling.profile_id,
            until=_iso_of_moment(until, now),
            until_s=None if until == NEVER else max(0.0, until - (now.utc - SINCE_BOOT).total_seconds()),
        )
    ]
    if ruling.profile_id is not None:
        named.append(Limit(name="installation", limit_a=box.installation_a))
    named += [_of_cap(cap, now) for cap in charge_point.caps(now)]
    if box.status is not None:
        of_hal = {each: box.status.limits_a[each] for each in OF_HAL if each in box.status.limits_a}
        if of_hal.get("cable") == 0.0:
            del of_hal["cable"]  # its rating is not known yet
        named += [Limit(name=each, limit_a=limit_a) for each, limit_a in of_hal.items()]
    return tuple(sorted(named, key=lambda limit: limit.limit_a))


def _of_cap(cap: Cap, now: Now) -> Limit:
    until_s = None if cap.until_s is None else max(0.0, cap.until_s - now.s)
    return Limit(name=cap.name, limit_a=cap.limit_a, until=_iso(now, cap.until_s), until_s=until_s)


def _service(charge_point: ChargePoint) -> Service:
    service = charge_point.service
    return Service(
        accepted=service.accepted,
        operative=service.operative,
        recorded=service.recorded,
        start_unrecorded=charge_point.start_unrecorded,
        restarting=service.restarting,
        updating=service.updating,
        trial=service.trial,
    )


def _link(charge_point: ChargePoint, link: LinkLook, now: Now) -> Link:
    return Link(
        connected=link.connected,
        registered=charge_point.service.online,
        standing=link.standing,
        since_s=_ago(link.since_s, now),
        since=_iso(now, link.since_s),
        heard_s=_ago(link.heard_s, now),
        heard_at=_iso(now, link.heard_s),
    )


def _ago(s: float | None, now: Now) -> float | None:
    return None if s is None else max(0.0, now.s - s)


def _iso(now: Now, s: float | None) -> str | None:
    """Writes a moment of the clock of durations; None: nobody knows the time."""
    return timestamp(now.at(s)) if s is not None and now.dated else None


def _iso_of_moment(moment: float, now: Now) -> str | None:
    """Writes a moment of a charging profile; None: it never comes, or nobody knows the time."""
    if moment == NEVER or not now.dated:
        return None
    try:
        return timestamp(SINCE_BOOT + timedelta(seconds=moment))
    except OverflowError:  # beyond the calendar
        return None
