"""PURE: the values of OCPP's ChargePointStatus, which every face lists."""

from __future__ import annotations

# OCPP 1.6 4.9, in the order of its table.
STATUSES = (
    "Available", "Preparing", "Charging", "SuspendedEVSE", "SuspendedEV", "Finishing", "Reserved",
    "Unavailable", "Faulted",
)  # fmt: skip
