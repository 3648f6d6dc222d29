"""`evse-bridge datatransfer`: one DataTransfer to the Central System, through the running bridge."""

from __future__ import annotations

import socket
from pathlib import Path

from bridge.cli.folders import CliError, MisuseError
from bridge.local import orders
from bridge.local.orders import Reply, SendDataTransfer

LIMITS = {"VENDOR": 255, "MESSAGE": 50}  # OCPP 1.6 6.17
WORDS = {
    "Accepted": "Accepted",
    "Rejected": "Rejected by the Central System",
    "UnknownMessageId": "UnknownMessageId: the Central System knows the vendor, but not this message",
    "UnknownVendorId": "UnknownVendorId: the Central System does not know this vendor",
}


def send(runtime_dir: Path, order: SendDataTransfer) -> list[str]:
    """What to tell when it was accepted. Raises CliError when not, MisuseError for what cannot be sent."""
    for name, value in (("VENDOR", order.vendor_id), ("MESSAGE", order.message_id or "")):
        if len(value) > LIMITS[name] or (name == "VENDOR" and not value):
            raise MisuseError(f"{name} has {len(value)} characters: 1 to {LIMITS[name]} are allowed")
    reply = _asked(runtime_dir / orders.SOCKET_NAME, order)
    if reply.status is None:
        raise CliError(f"DataTransfer: {reply.why}")
    told = [WORDS.get(reply.status, reply.status), *([f"data: {reply.data}"] if reply.data else [])]
    if reply.status != "Accepted":
        raise CliError("\n".join(told))
    return told


def _asked(path: Path, order: SendDataTransfer) -> Reply:
    """Waits as long as the bridge does: MessageTimeout after its turn has come."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(path))
            link.sendall(orders.encode(order))
            with link.makefile("rb") as lines:
                return orders.reply(lines.readline())
    except (FileNotFoundError, ConnectionRefusedError):
        why = "start it with `evse-bridge run`, or name its --runtime-dir"
        raise CliError(f"DataTransfer: no bridge listens at {path}; {why}") from None
    except (OSError, ValueError) as error:
        raise CliError(f"DataTransfer: no reply from {path}: {error}") from None
