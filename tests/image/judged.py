"""PURE: what is wrong with a boot, and with the ledger after all power cuts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bridge.demo.ledger import Transaction
from bridge.demo.verdict import TOLERANCE_WH

GROWN_MIB = 2000  # of a card of 4 GiB; the image's own state partition is smaller
ACTIVE = dict.fromkeys(("evse-safety", "evse-instruments", "evse-bridge", "evse-local"), "active")


def boot_faults(
    report: Mapping[str, Any], services: Mapping[str, str] = ACTIVE, versions: Sequence[str] = ()
) -> list[str]:
    """What `inside.as_booted` reported, against a good boot with `services` in these states; without any of
    them, what `on_disk` reported. One version is there; of `versions`, when they are given, all may be."""
    checks: dict[str, Any] = {
        "the first boot did not end": report["first_boot_done"],
        f"the name is {report['name']}": re.fullmatch(r"evse-[0-9a-f]{4}", report["name"]),
        f"the state partition has {report['state_mib']} MiB": report["state_mib"] > GROWN_MIB,
        f"the root is {report['root']}": report["root"].startswith("ext4 ro"),
        f"/etc is {report['etc']}": report["etc"].startswith("overlay rw"),
        f"/var is {report['var']}": report["var"].startswith("ext4 rw,noatime"),
        f"the slots are {report['slots']}, current is {report['current']}": _slots_are_good(report, versions),
        f"swap: {report['swaps']}": not report["swaps"],
    }
    if services:
        checks |= {
            f"the services are {report['services']}": report["services"] == services,
            f"units failed: {report['failed']}": not report["failed"],
            f"ssh is {report['ssh']}": report["ssh"] == "inactive",
        }
    return [fault for fault, right in checks.items() if not right]


def _slots_are_good(report: Mapping[str, Any], versions: Sequence[str]) -> bool:
    found = set(report["slots"])
    return report["current"] in found and found <= set(versions or [report["current"]])


def update_faults(report: Mapping[str, Any], digests: Mapping[str, str]) -> list[str]:
    """What `inside.after_an_update` reported: the current version is whole, and nothing else runs."""
    current = report["current"]
    running = [current] if "active" in report.get("services", {}).values() else []
    checks = {
        f"version {current} is not whole": report["digest"] == digests.get(current),
        f"{report['running']} run, not {running}": report["running"] == running,
        f"the database is not whole: {report['stored']['whole']}": report["stored"]["whole"] == "ok",
    }
    return [fault for fault, right in checks.items() if not right]


def ledger_faults(transactions: Iterable[Transaction], loose: int, received_wh: float) -> list[str]:
    """Each transaction is stopped once, and all that the cars got was billed, to the meter's steps."""
    found = list(transactions)
    faults = [f"transaction {each.id} has {len(each.stops)} stops" for each in found if len(each.stops) != 1]
    if loose:
        faults.append(f"{loose} messages of transactions that the Central System does not know")
    billed_wh = sum(each.energy_wh or 0 for each in found)
    if abs(billed_wh - received_wh) > TOLERANCE_WH * max(1, len(found)):
        faults.append(f"{billed_wh} Wh billed, {received_wh:.0f} Wh received in {len(found)} transactions")
    return faults
