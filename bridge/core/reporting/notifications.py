"""StatusNotification: which one it is time to send, and its form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bridge.core.now import Now, is_dated, timestamp
from bridge.core.reporting.faults import NO_ERROR, Report

# OCPP 1.6 4.9 has none of these moves, so each is two: the status between them stands for one step.
_THROUGH = {
    ("Preparing", "Reserved"): "Available",
    ("Preparing", "Unavailable"): "Available",
    ("Unavailable", "Finishing"): "Preparing",
    ("Unavailable", "Reserved"): "Available",  # a reservation outlasts the trial of a new version
}
BETWEEN_THEM = frozenset({"Charging", "SuspendedEV", "SuspendedEVSE"})  # what MinimumStatusDuration delays


# OCPP 1.6 6.47: "the time for which the status is reported"; evcc ignores a status older than 60 s. For so
# long a status that began on this connection is sent with its begin; after that with the present time.
NEWS_S = 30.0


@dataclass(frozen=True, slots=True)
class Notice:
    """One status with its time, sent or to be sent."""

    status: str
    report: Report
    since: Now


class Notifier:
    """Knows which status of connector 1 was last sent, and when the present one began. Nothing is queued
    while offline."""

    def __init__(self) -> None:
        self._standing: Notice | None = None
        self._sent: Notice | None = None
        self._connected_s = 0.0

    @property
    def standing(self) -> Notice | None:
        """Returns the present status and when it began."""
        return self._standing

    def observe(self, status: str, report: Report, now: Now) -> None:
        """Notes the status at every step."""
        if self._standing is not None:
            status = _THROUGH.get((self._standing.status, status), status)
        if self._standing is None or (self._standing.status, self._standing.report) != (status, report):
            self._standing = Notice(status, report, now)

    def date(self, now: Now) -> None:
        """Dates what stands: time is known now."""
        if self._standing is not None:
            since = self._standing.since
            self._standing = replace(self._standing, since=replace(since, utc=now.place(since.utc)))

    def due(self, minimum_s: float, now: Now) -> Notice | None:
        """Returns what to notify now. MinimumStatusDuration delays only those of a running transaction."""
        standing, sent = self._standing, self._sent
        if standing is None:
            return None
        if sent is not None and (sent.status, sent.report) == (standing.status, standing.report):
            return None
        between = sent is not None and sent.status in BETWEEN_THEM and standing.status in BETWEEN_THEM
        same_report = sent is not None and sent.report == standing.report
        if between and same_report and now.s - standing.since.s < minimum_s:
            return None
        self._sent = standing
        news = standing.since.s >= self._connected_s and now.s - standing.since.s <= NEWS_S
        return standing if news else replace(standing, since=now)

    def connected(self, now: Now) -> None:
        """Forgets what was sent, for a new connection: the current status is sent again, never history."""
        self._sent, self._connected_s = None, now.s


def notification(connector_id: int, notice: Notice) -> dict[str, Any]:
    """Makes StatusNotification.req with the time of the notice, without one while that is unknown."""
    at = notice.since.utc
    optional = {
        "timestamp": timestamp(at) if is_dated(at) else None,
        "info": notice.report.info,
        "vendorErrorCode": notice.report.vendor_error_code,
    }
    return {
        "connectorId": connector_id,
        "errorCode": notice.report.error_code,
        "status": notice.status,
        **{name: value for name, value in optional.items() if value is not None},
    }


def box_notification(operative: bool, now: Now, report: Report = NO_ERROR) -> dict[str, Any]:
    """Makes that of connector 0, the charge point itself: Available or Unavailable, never Faulted."""
    status = "Available" if operative else "Unavailable"
    return notification(0, Notice(status, report, now))
