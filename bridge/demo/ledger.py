"""What the embedded Central System has stored about its charge point, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Payload = dict[str, Any]
Registration = Literal["Accepted", "Pending", "Rejected"]


@dataclass(frozen=True, slots=True)
class Tag:
    """What Authorize and StartTransaction say about an idTag. Tags that are not in the table are Invalid."""

    status: Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"] = "Accepted"
    parent: str | None = None

    @property
    def info(self) -> Payload:
        """Returns the idTagInfo of an answer."""
        parent = {} if self.parent is None else {"parentIdTag": self.parent}
        return {"status": self.status, **parent}


@dataclass(slots=True)
class Transaction:
    """As sent to us, message by message; a repeated StartTransaction is a second transaction."""

    id: int
    start: Payload
    values: list[Payload] = field(default_factory=list)
    stops: list[Payload] = field(default_factory=list)

    @property
    def energy_wh(self) -> int | None:
        """Returns meterStop - meterStart, by the first StopTransaction; None before it."""
        return int(self.stops[0]["meterStop"] - self.start["meterStart"]) if self.stops else None


def utc_now() -> str:
    """Writes the time with milliseconds, as many Central Systems do."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Ledger:
    """Everything the charge point said, sorted. Messages of transactions that we do not know are `loose`."""

    def __init__(self, tags: Mapping[str, Tag], utc: Callable[[], str] = utc_now) -> None:
        """Takes the time from `utc`, the Central System's clock."""
        self.boots: list[Payload] = []
        self.status_notifications: list[Payload] = []
        self.transactions: dict[int, Transaction] = {}
        self.loose: list[Payload] = []
        self._tags = {id_tag.upper(): tag for id_tag, tag in tags.items()}
        self._utc = utc

    def statuses(self, connector_id: int = 1) -> list[str]:
        """Returns the history of one connector, repetitions included."""
        return [one["status"] for one in self.status_notifications if one["connectorId"] == connector_id]

    def tag(self, id_tag: str) -> Tag:
        """Finds a tag; upper and lower case are the same (OCPP 1.6 CiString)."""
        return self._tags.get(id_tag.upper(), Tag("Invalid"))

    def set_tag(self, id_tag: str, tag: Tag) -> None:
        """Sets a tag, from the next question on."""
        self._tags[id_tag.upper()] = tag

    def answer(self, action: str, asked: Payload) -> Payload:
        """Returns the usual answer. Nothing is written down."""
        match action:
            case "BootNotification":
                return self.boot_answer("Accepted", 0)
            case "Heartbeat":
                return {"currentTime": self._utc()}
            case "Authorize":
                return {"idTagInfo": self.tag(asked["idTag"]).info}
            case "StartTransaction":
                new_id = max(self.transactions, default=0) + 1
                return {"transactionId": new_id, "idTagInfo": self.tag(asked["idTag"]).info}
            case "StopTransaction":
                return {"idTagInfo": self.tag(asked["idTag"]).info} if "idTag" in asked else {}
            case "DataTransfer":
                return {"status": "UnknownVendorId"}
            case "SignCertificate":
                return {"status": "Rejected"}
            case _:
                return {}

    def boot_answer(self, status: Registration, interval_s: int) -> Payload:
        """Makes BootNotification.conf; with 0 the charge point keeps its own interval (OCPP 1.6 6.4)."""
        return {"status": status, "currentTime": self._utc(), "interval": interval_s}

    def write_down(self, action: str, payload: Payload, answer: Payload) -> None:
        """Notes a request that was not refused, and what it was or would have been answered."""
        match action:
            case "BootNotification":
                self.boots.append(payload)
            case "StatusNotification":
                self.status_notifications.append(payload)
            case "StartTransaction":
                self.transactions[answer["transactionId"]] = Transaction(answer["transactionId"], payload)
            case "MeterValues" | "StopTransaction":
                self._write_to_transaction(action, payload)
            case _:
                pass

    def _write_to_transaction(self, action: str, payload: Payload) -> None:
        transaction = self.transactions.get(payload.get("transactionId", -1))
        if transaction is None:
            self.loose.append(payload)
        elif action == "StopTransaction":
            transaction.stops.append(payload)
        else:
            transaction.values.append(payload)
