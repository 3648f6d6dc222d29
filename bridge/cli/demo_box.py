"""The box of the demo: new folders, a mock configuration, `evse-bridge run --mock`, and ears on its sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec

from bridge import settings
from bridge.cli import config
from bridge.cli.child import DRAIN_S, show, started
from bridge.cli.client import SOCKET_NAME as MOCK_SOCKET
from bridge.cli.client import ask
from bridge.cli.demo_session import Stage, StepError
from bridge.cli.folders import Folders
from hal import contract
from hal.contract import Hello, LineBuffer

SAMPLE_INTERVAL_S = 5
RUN_ENDS_S = 40.0  # the patience of `run` with its four programs, and some
RETRY_S = 0.1
LEDGER_S = 10.0
READ_BYTES = 65_536

CHARGE_POINT = """\
# MOCK: written by `evse-bridge demo`.
[central_system]
url = "{url}"

[charge_point]
id = "MOCKDEMO"
serial_number = "MOCKDEMO"

[ocpp.keys]
MeterValueSampleInterval = {interval_s}
"""


@contextlib.contextmanager
def new_folders() -> Any: ...


class DemoBox:
    """Use as `async with DemoBox(stage, url) as box`: it runs then; afterwards it and its folders are gone."""
