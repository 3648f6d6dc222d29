"""The command's end of the bridge's own socket."""

from __future__ import annotations

import math
import socket
import time
from pathlib import Path

from bridge import version
from bridge.folders import CommandError
from bridge.local import orders
from bridge.local.exchange import exchange
from bridge.local.orders import Identify, Identity, Order, ReplyKind
from hal.visible import visible

WITHIN_S = 10.0  # what needs no Central System
VERSION_MOST = 40  # characters of what a bridge calls its version


class NoBridgeError(CommandError):
    """No bridge listens in that runtime folder."""


def asked(runtime_dir: Path, order: Order, kind: type[ReplyKind], within_s: float | None = None) -> ReplyKind:
    """Waits as long as the bridge does, or so long. Raises NoBridgeError; CommandError without a reply."""
    path = runtime_dir / orders.SOCKET_NAME
    until_s = math.inf if within_s is None else time.monotonic() + within_s
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(within_s)
            link.connect(str(path))
            line = exchange(link, orders.encode(order), until_s)
        if line:
            return orders.reply(line, kind)
    except (FileNotFoundError, ConnectionRefusedError):
        why = "start it with `evse-bridge run`, or name its --runtime-dir"
        raise NoBridgeError(f"no bridge listens at {path}; {why}") from None
    except PermissionError:
        raise CommandError(f"no permission for {path}: use sudo, or join the group evse") from None
    except OSError as error:
        raise CommandError(f"no reply from {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise CommandError(f"no reply from {path}: {error}") from None
    raise CommandError(_unanswered(runtime_dir, order))


def _unanswered(runtime_dir: Path, order: Order) -> str:
    """Says why the bridge ended the connection without a word: to what it does not know it says none."""
    closed = f"no reply from {runtime_dir / orders.SOCKET_NAME}: the bridge ended the connection"
    if isinstance(order, Identify):
        return closed
    try:
        running = visible(identity(runtime_dir).version, VERSION_MOST) or "unknown"
    except CommandError:
        return closed
    if running == version.numbers():
        return f"{closed}; ask again, and if that does not help restart the bridge"
    return (
        f"the bridge that runs has version {running} and does not know this command of version "
        f"{version.numbers()}: restart it (sudo systemctl restart evse-bridge)"
    )


def identity(runtime_dir: Path) -> Identity:
    """Says which bridge listens. Raises NoBridgeError; CommandError without a reply."""
    return asked(runtime_dir, Identify(), Identity, WITHIN_S)


def is_mock(runtime_dir: Path) -> bool:
    """Says whether the bridge that listens there is a mock box's; False without one. Raises CommandError."""
    try:
        return identity(runtime_dir).mock
    except NoBridgeError:
        return False
