"""The strict Central System on the host, with a server of files: both listen in a container's network."""

from __future__ import annotations

import asyncio
import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bridge.demo.central_system import HOST, CentralSystem
from bridge.demo.ledger import Tag, Transaction

OCPP_PORT, FILES_PORT = 9000, 8000  # of the container's own network: nobody else is in it
CARD = "0004AABBCC"
CALL_S = 60.0  # a busy machine
_NEW_NET = 0x40000000  # CLONE_NEWNET of setns(2)
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def network_of(pid: int) -> Iterator[None]:
    """What this thread makes of sockets is in the network of that process."""
    own, other = (os.open(path, os.O_RDONLY) for path in ("/proc/thread-self/ns/net", f"/proc/{pid}/ns/net"))
    try:
        _enter(other)
        yield
    finally:
        _enter(own)
        os.close(own)
        os.close(other)


def _enter(network: int) -> None:
    if _libc.setns(network, _NEW_NET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class _Files(SimpleHTTPRequestHandler):
    """Files of a folder; `/half/NAME` ends in the middle."""

    def do_GET(self) -> None:
        if not self.path.startswith("/half/") or self.path.endswith(".manifest"):
            self.path = self.path.removeprefix("/half")
            with suppress(ConnectionError):  # whoever fetches it has enough
                super().do_GET()
            return
        content = Path(self.directory, self.path.rpartition("/")[2]).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])

    def log_message(self, *_: object) -> None:
        pass


class Partner:
    """Listens for one boot of a container at a time; what it knows outlasts them."""

    def __init__(self, files: Path) -> None:
        self.central_system = CentralSystem({CARD: Tag()}, port=OCPP_PORT)
        self._files = partial(_Files, directory=str(files))
        self._loop = asyncio.new_event_loop()
        self._server: ThreadingHTTPServer | None = None
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def listen(self, pid: int) -> None:
        """Both listen in the network of that process."""
        self._do(self._listen_there(pid))
        with network_of(pid):
            self._server = ThreadingHTTPServer((HOST, FILES_PORT), self._files)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    async def _listen_there(self, pid: int) -> None:
        with network_of(pid):  # the one coroutine of this thread that makes a socket
            await self.central_system.listen()

    def leave(self) -> None:
        """Neither listens any more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self._do(self.central_system.stop_listening())

    def close(self) -> None:
        self.leave()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The charge point's answer. Raises as `CentralSystem.call`."""
        answer: dict[str, Any] = self._do(self.central_system.call(action, payload, timeout_s=CALL_S))
        return answer

    def drop(self) -> None:
        """The connection is gone."""
        self._loop.call_soon_threadsafe(self.central_system.drop_socket)

    def _do(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(2 * CALL_S)

    # What it knows

    @property
    def transactions(self) -> list[Transaction]:
        return list(self.central_system.ledger.transactions.values())

    @property
    def status(self) -> str:
        """The last of connector 1."""
        return next(reversed(self.central_system.ledger.statuses()), "")

    @property
    def firmware(self) -> list[str]:
        """What FirmwareStatusNotification said so far."""
        return [one["status"] for one in self.central_system.requests("FirmwareStatusNotification")]

    @property
    def boots(self) -> list[str]:
        """The version of each BootNotification."""
        return [one["firmwareVersion"] for one in self.central_system.requests("BootNotification")]


def url(name: str) -> str:
    return f"http://{HOST}:{FILES_PORT}/{name}"
