"""The CALLs that the core asks for: lane 1, which is emptied while there is no link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One CALL. Transaction messages are not here: they are derived from rows."""

    action: Literal[
        "Authorize",
        "BootNotification",
        "DataTransfer",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "MeterValues",
        "StatusNotification",
    ]
    payload: dict[str, Any]
    ticket: int = 0  # given back with the answer; 0: nobody asks
    after_stop_of: int | None = None  # a row whose StopTransaction goes first, if it can go now
