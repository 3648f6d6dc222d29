"""Who may connect: the mode of the socket. Who may be what is in test_requests.py."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hal.contract import SOCKET_NAME
from hal.safety.journal import Journal
from hal.safety.server.server import Server
from tests.hal.safety.server.box import BOX

pytestmark = pytest.mark.distribution


@pytest.mark.parametrize("umask", [0o000, 0o027, 0o077])
def test_the_socket_is_for_owner_and_group_whatever_the_umask(
    runtime_dir: Path, journal: Journal, umask: int
) -> None:
    before = os.umask(umask)
    try:
        server = Server(runtime_dir, BOX, journal)
    finally:
        os.umask(before)
    assert stat.S_IMODE((runtime_dir / SOCKET_NAME).stat().st_mode) == 0o660
    server.close()
