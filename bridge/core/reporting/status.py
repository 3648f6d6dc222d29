"""ChargePointStatus, derived; and which StatusNotification it is time to send."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, assert_never

from bridge.core.box_view import BoxView
from bridge.core.now import Now, is_dated, timestamp
from bridge.core.reporting.faults import NO_ERROR, Report
from bridge.core.session import Authorized, Authorizing, Finishing, Idle, Resting, State, Transaction

FIRST_CLOSE_S = 30.0  # so long after StartTransaction the status stays Preparing while nothing has closed
# OCPP 1.6 4.9 has none of these moves, so each is two: the status between them stands for one step.
_THROUGH = {
    ("Preparing", "Reserved"): "Available",
    ("Preparing", "Unavailable"): "Available",
    ("Unavailable", "Finishing"): "Preparing",
}
BETWEEN_THEM = frozenset({"Charging", "SuspendedEV", "SuspendedEVSE"})  # what MinimumStatusDuration delays


@dataclass(slots=True)
class Service:
    """What the charge point as a whole is fit for; shared by its connectors."""

    accepted: bool  # this Central System has accepted us once
    operative: bool  # ChangeAvailability
    online: bool = False  # a registered link
    restarting: bool = False  # a Reset was accepted
    updating: bool = False  # new firmware waits for the end of a transaction, or is being installed
    recorded: bool = True  # the store takes what is decided
    settled: bool = True  # and has taken all of it

    @property
    def writing(self) -> bool:
        """What was decided is on its way to the disk: nothing is read back from there meanwhile."""
        return self.recorded and not self.settled

    @property
    def may_start(self) -> bool:
        """Whether a new authorization is looked at."""
        fit = self.accepted and self.operative and self.recorded
        return fit and not (self.restarting or self.updating)


@dataclass(frozen=True, slots=True)
class View:
    """All that the status depends on."""

    state: State
    in_service: bool  # registered once, operative, recorded, and `hal.safety` is heard
    faulted: bool  # a fault of class open stands
    box_alive: bool  # `hal.safety` is heard
    car_connected: bool
    car_wants_energy: bool  # vehicle state C
    offering: bool  # the pilot offers current
    contactor_closed: bool
    reserved: bool = False  # nobody but its holder may start


def view(state: State, service: Service, box: BoxView, now_s: float, *, reserved: bool) -> View:
    """The facts of this moment. A wallbox that is not heard is not fit for service."""
    alive = box.alive(now_s)
    return View(
        state=state,
        in_service=service.accepted and service.operative and service.recorded and alive,
        faulted=bool(box.opening_faults),
        box_alive=alive,
        car_connected=box.car_connected,
        car_wants_energy=box.status is not None and box.status.vehicle == "C",
        offering=box.offered_a > 0.0,
        contactor_closed=box.contactor_closed,
        reserved=reserved,
    )


def charge_point_status(seen: View, now_s: float) -> str:
    """OCPP 1.6 4.9 for connector 1. Faulted outranks Unavailable outranks the session."""
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


@dataclass(frozen=True, slots=True)
class Told:
    """One status as it was, or is to be, notified."""

    status: str
    report: Report
    since: Now


class Notifier:
    """What connector 1 last told, and when what stands now began. Nothing is queued while offline."""

    def __init__(self) -> None:
        self._standing: Told | None = None
        self._told: Told | None = None

    @property
    def standing(self) -> Told | None:
        """The present status and when it began."""
        return self._standing

    def observe(self, status: str, report: Report, now: Now) -> None:
        """To be called at every step."""
        if self._standing is not None:
            status = _THROUGH.get((self._standing.status, status), status)
        if self._standing is None or (self._standing.status, self._standing.report) != (status, report):
            self._standing = Told(status, report, now)

    def date(self, now: Now) -> None:
        """Time is known now: what stands began at a moment of the calendar."""
        if self._standing is not None:
            since = self._standing.since
            self._standing = replace(self._standing, since=replace(since, utc=now.place(since.utc)))

    def due(self, minimum_s: float, now: Now) -> Told | None:
        """What to notify now. MinimumStatusDuration delays only the three of a running transaction."""
        standing, told = self._standing, self._told
        if standing is None:
            return None
        if told is not None and (told.status, told.report) == (standing.status, standing.report):
            return None
        between = told is not None and told.status in BETWEEN_THEM and standing.status in BETWEEN_THEM
        same_report = told is not None and told.report == standing.report
        if between and same_report and now.s - standing.since.s < minimum_s:
            return None
        self._told = standing
        return standing

    def forget(self) -> None:
        """A new connection: the current status is told again, never history."""
        self._told = None


def notification(connector_id: int, told: Told) -> dict[str, Any]:
    """StatusNotification.req; the timestamp is when the status began: none while nobody knew the time."""
    began_at = told.since.utc
    optional = {
        "timestamp": timestamp(began_at) if is_dated(began_at) else None,
        "info": told.report.info,
        "vendorErrorCode": told.report.vendor_error_code,
    }
    return {
        "connectorId": connector_id,
        "errorCode": told.report.error_code,
        "status": told.status,
        **{name: value for name, value in optional.items() if value is not None},
    }


def box_notification(operative: bool, now: Now, report: Report = NO_ERROR) -> dict[str, Any]:
    """Connector 0, the charge point itself: Available or Unavailable, never Faulted."""
    status = "Available" if operative else "Unavailable"
    return notification(0, Told(status, report, now))
