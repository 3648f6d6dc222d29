"""ChargePointStatus of the connector, derived from the present state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from bridge.core.box_view import BoxView
from bridge.core.service import Service
from bridge.core.session import Authorized, Authorizing, Finishing, Idle, Resting, State, Transaction

FIRST_CLOSE_S = 30.0  # so long after StartTransaction the status stays Preparing while nothing has closed


@dataclass(frozen=True, slots=True)
class View:
    """The state that the status is computed from."""

    state: State
    in_service: bool  # registered once, operative, recorded, not being updated, and `hal.safety` is heard
    faulted: bool  # a fault of class open stands
    box_alive: bool  # `hal.safety` is heard
    car_connected: bool
    car_wants_energy: bool  # vehicle state C
    offering: bool  # the pilot offers current, and the contactor does not rest
    contactor_closed: bool
    reserved: bool = False  # nobody but its holder may start
    on_trial: bool = False  # a new version is, so that no session begins, goes on or ends


def view(state: State, service: Service, box: BoxView, now_s: float, *, reserved: bool = False) -> View:
    """Collects the facts of this moment. A wallbox that is not heard is not fit for service."""
    alive = box.alive(now_s)
    # OCPP 1.6 errata 3.49: a connector at rest is Unavailable while no start is taken for an update.
    fit = service.accepted and service.operative and service.recorded and not service.updating
    return View(
        state=state,
        in_service=fit and alive,
        faulted=bool(box.opening_faults),
        box_alive=alive,
        car_connected=box.car_connected,
        car_wants_energy=box.status is not None and box.status.vehicle == "C",
        offering=box.offered_a > 0.0 and not any(fault.id == "contactor_cycling" for fault in box.faults),
        contactor_closed=box.contactor_closed,
        reserved=reserved,
        on_trial=service.on_trial,
    )


def charge_point_status(seen: View, now_s: float) -> str:
    """OCPP 1.6 4.9 for connector 1. Faulted outranks Unavailable outranks the session."""
    if seen.on_trial:
        return "Faulted" if seen.faulted else "Unavailable"
    match seen.state:
        case Transaction(stopping=stopping) if stopping is not None:
            return stopping.held_status
        case Transaction():
            return "Faulted" if seen.faulted else _in_transaction(seen.state, seen, now_s)
        case _ if seen.faulted:
            return "Faulted"
        case _ if not seen.in_service:
            return "Unavailable"
        case Idle() | Finishing():
            return _resting(seen.state, seen)
        case Authorizing(former=former):
            return _resting(former, seen)
        case Authorized():
            return "Preparing"
        case never:
            assert_never(never)


def _resting(state: Resting, seen: View) -> str:
    match state:
        case Finishing():
            return "Finishing"
        case Idle() if seen.reserved:
            return "Reserved"  # with a car too: it is not known to be the holder's
        case Idle():
            return "Preparing" if seen.car_connected else "Available"
        case never:
            assert_never(never)


def _in_transaction(state: Transaction, seen: View, now_s: float) -> str:
    if not state.closed_once and now_s - state.since_s < FIRST_CLOSE_S and not state.deauthorized:
        return "Preparing"
    if not seen.box_alive or not seen.offering:
        return "SuspendedEVSE"  # both sides suspended reads so too
    if seen.car_wants_energy and seen.contactor_closed:
        return "Charging"
    # The car wants energy and the box offers it, but does not close: the box suspends.
    return "SuspendedEVSE" if seen.car_wants_energy else "SuspendedEV"
