"""`evse-bridge datatransfer`: one DataTransfer to the Central System, through the running bridge."""

from __future__ import annotations

from pathlib import Path

from bridge.cli.asking import asked
from bridge.folders import CommandError, MisuseError
from bridge.local.orders import Reply, SendDataTransfer

LIMITS = {"VENDOR": 255, "MESSAGE": 50}  # OCPP 1.6 6.17
WORDS = {
    "Accepted": "Accepted",
    "Rejected": "Rejected by the Central System",
    "UnknownMessageId": "UnknownMessageId: the Central System knows the vendor, but not this message",
    "UnknownVendorId": "UnknownVendorId: the Central System does not know this vendor",
}


def send(runtime_dir: Path, order: SendDataTransfer) -> list[str]:
    """Says what came of an accepted one. Raises CommandError if not, MisuseError if it cannot be sent."""
    for name, value in (("VENDOR", order.vendor_id), ("MESSAGE", order.message_id or "")):
        if len(value) > LIMITS[name] or (name == "VENDOR" and not value):
            raise MisuseError(f"{name} has {len(value)} characters: 1 to {LIMITS[name]} are allowed")
    reply = asked(runtime_dir, order, Reply)
    if reply.status is None:
        raise CommandError(f"DataTransfer: {reply.why}")
    lines = [WORDS.get(reply.status, reply.status), *([f"data: {reply.data}"] if reply.data else [])]
    if reply.status != "Accepted":
        raise CommandError("\n".join(lines))
    return lines
