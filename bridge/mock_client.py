"""One question to the mock wallbox and its answer, over mock.sock."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from bridge.folders import CommandError
from hal.contract import MOCK_SOCKET_NAME

ANSWER_S = 10.0  # it answers at once, unless the machine is very busy


def ask(runtime_dir: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Returns the answer. Raises CommandError when nobody answers or the mock says no."""
    path = runtime_dir / MOCK_SOCKET_NAME
    try:
        answer = json.loads(_exchange(path, json.dumps(request).encode() + b"\n"))
    except (FileNotFoundError, ConnectionRefusedError):
        why = "start one with `evse-bridge run --mock`, use sudo if units run it, or name its --runtime-dir"
        raise CommandError(f"MOCK {request['do']}: no mock wallbox listens at {path}; {why}") from None
    except (OSError, ValueError) as error:
        raise CommandError(f"MOCK {request['do']}: no answer from {path}: {error}") from None
    if not answer.get("ok"):
        raise CommandError(f"MOCK {request['do']}: {answer.get('error', answer)}")
    return {name: value for name, value in answer.items() if name != "ok"}


def _exchange(path: Path, line: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(ANSWER_S)
        link.connect(str(path))
        link.sendall(line)
        with link.makefile("rb") as lines:
            return lines.readline()
