"""`evse-bridge doctor` against a whole running mock world, sound and broken."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bridge.doctor.check import RESULTS, TOPICS
from tests.system.programs import EVSE_BRIDGE
from tests.system.waiting import until
from tests.system.world import CARD, World, world

pytestmark = pytest.mark.real

# What the machine of a test may be short of.
OF_THE_MACHINE = {
    "programs.real_time",
    "machine.clock",
    "machine.wear",
    "machine.free_space",
    "machine.state_folder",
}
OPEN = {"box.session", "senses.card", "senses.lamp", "central_system.tls"}  # nobody is there; no session yet

TEXT = {"type": "string"}
CHECK: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "pattern": rf"^({'|'.join(TOPICS)})(\.[a-z0-9_]+)+$"},
        "topic": {"enum": list(TOPICS.values())},
        "what": TEXT, "measured": TEXT, "expected": TEXT, "do": TEXT,
        "result": {"enum": list(RESULTS)},
        "values": {"type": "object", "additionalProperties": {"type": "number"}},
    },
}  # fmt: skip
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "format": {"const": 1}, "mock": {"const": True}, "at": TEXT, "software": TEXT, "box_serial": TEXT,
        "box_facts": {"type": "array", "items": TEXT}, "charge_point": TEXT, "central_system": TEXT,
        "result": {"enum": ["ok", "warning", "fault"]}, "exit_code": {"enum": [0, 1, 2]},
        "checks": {"type": "array", "items": CHECK},
    },
}  # fmt: skip


class Visit:
    """What one run of the doctor has found, from its JSON."""

    def __init__(self, code: int, out: bytes) -> None:
        whole = json.loads(out)
        jsonschema.validate(whole, SCHEMA)
        assert whole.keys() == SCHEMA["properties"].keys()
        assert all(check.keys() == CHECK["properties"].keys() for check in whole["checks"])
        assert whole["exit_code"] == code
        self.code = code
        self.checks: dict[str, dict[str, Any]] = {check["id"]: check for check in whole["checks"]}
        assert len(self.checks) == len(whole["checks"]), "an id twice"

    def named(self, result: str) -> set[str]:
        """The ids of all that ended so."""
        return {name for name, check in self.checks.items() if check["result"] == result}

    def says(self, name: str, measured: str, do: str) -> None:
        """A fault, with these words among others."""
        check = self.checks[name]
        assert check["result"] == "fault", check
        assert measured in check["measured"]
        assert do in check["do"]


async def visit(w: World, *options: str) -> Visit:
    """A run without a person."""
    doctor = await asyncio.create_subprocess_exec(
        *EVSE_BRIDGE, "doctor", "--mock", *w.run.arguments, "--json", *options,
        stdin=DEVNULL, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    out, err = await doctor.communicate()
    assert err == b""
    assert doctor.returncode is not None
    return Visit(doctor.returncode, out)


class Terminal:
    """A run with a person in front of it."""

    def __init__(self, master: int, doctor: asyncio.subprocess.Process) -> None:
        self.doctor = doctor
        self._master = master
        self._text = ""
        os.set_blocking(master, False)

    @property
    def text(self) -> str:
        """All that was shown."""
        with contextlib.suppress(BlockingIOError, OSError):  # EIO: it has ended
            while received := os.read(self._master, 65_536):
                self._text += received.decode(errors="replace")
        return self._text

    async def answers(self, question: str, answer: str) -> None:
        """Once it is asked."""
        await until(lambda: question in self.text, question)
        os.write(self._master, f"{answer}\n".encode())


async def terminal(w: World) -> Terminal:
    """Of 100 columns."""
    master, slave = pty.openpty()
    doctor = await asyncio.create_subprocess_exec(
        *EVSE_BRIDGE, "doctor", "--mock", *w.run.arguments, stdin=slave, stdout=slave, stderr=slave,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(slave)
    return Terminal(master, doctor)


async def test_a_sound_box_and_its_sheet(tmp_path: Path) -> None:
    async with world() as w:
        sheet = tmp_path / "sheet.html"
        found = await visit(w, "--yes", "--report", str(sheet))
        assert found.code == 0
        assert found.named("fault") == set()
        assert set(found.checks) - found.named("ok") - OF_THE_MACHINE == OPEN
        assert found.checks["box.lock"]["values"]["locked_s"] > 0
        assert found.checks["central_system.ocpp"]["measured"].startswith("the bridge is connected")
        assert w.central_system.connections == 1
        text = sheet.read_text()
        assert text.count("MOCK") >= 3
        assert text.count('<span class="badge">') == len(found.checks)


async def test_a_person_at_the_terminal() -> None:
    async with world() as w:
        await w.charge()  # so that the contactor has a session to be judged by
        await w.stop_with_card()
        shown = await terminal(w)
        await shown.answers("Keep fingers away. Go on? [y/N]", "y")
        await until(lambda: "PRESENT A CARD NOW" in shown.text, "the card is asked for")
        await w.do("swipe", tag=CARD)
        code = await shown.doctor.wait()
        text = shown.text
        assert code == 0, text
        assert "MOCK: car, wallbox and mains are simulated" in text
        plain = " ".join(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).split())
        for line in ("cable lock locked in", "contactor opened in", "card /"):
            assert f"✓ ok {line}" in plain
        assert f"card {CARD}" in plain or f"card read at the set speed {CARD}" in plain
        assert "not checked lamp a mock box has no lamp to look at" in plain
        assert "MOCK: no fault" in text
        assert len(w.central_system.ledger.transactions) == 1  # the doctor's card reached nobody


async def test_what_is_broken_is_named_with_what_to_do() -> None:
    async with world() as w:
        # an idle box: bolt, meter, password
        await w.central_system.stop_listening()
        w.central_system.script.refuse = HTTPStatus.UNAUTHORIZED
        await w.central_system.listen()
        await w.do("fault", name="lock_jam")
        await w.do("fault", name="meter_silent")
        found = await visit(w, "--yes")
        assert found.code == 1
        found.says("box.lock", "the feedback never said locked", "Check the motor's plug and supply")
        found.says("senses.meter", "no answer from unit 1", "Check A and B")
        found.says("senses.meter", "", "MOCK: evse-bridge mock state lists the faults that are set")
        found.says("senses.readings", "", "Check A and B")
        found.says(
            "central_system.ocpp",
            "requires a password (HTTP 401)",
            "Compare charge_point.id and the password",
        )
        assert found.checks["box.pilot"]["result"] == "ok"

        # a car with a broken diode; then no Central System at all
        for name in ("lock_jam", "meter_silent"):
            await w.do("clear", name=name)
        w.central_system.script.refuse = None
        boots = w.central_system.connections
        await w.until(lambda: w.central_system.connections > boots, "connected again")
        await w.do("fault", name="diode")
        await w.do("plug-in")
        await w.do("swipe", tag=CARD)
        await w.until(
            lambda: "diode_missing" in [one.id for one in w.observer.status.faults], "diode_missing"
        )
        await w.central_system.stop_listening()
        found = await visit(w)
        assert found.code == 1
        found.says("box.faults.diode_missing", "no diode was seen in the car", "Try another car or tester")
        found.says("box.would_close", "the end of a fault", "See the faults above")
        found.says("central_system.tcp", "Connection refused", "Does the Central System run?")
        for name in ("box.pilot", "box.lock", "box.rcm"):
            assert found.checks[name]["measured"] == "a car is there: unplug it (evse-bridge mock plug-out)"


async def test_without_programs_it_says_how_to_start_them(tmp_path: Path, short_folder: Path) -> None:
    arguments = [
        "--config-dir",
        str(tmp_path),
        "--state-dir",
        str(tmp_path),
        "--runtime-dir",
        str(short_folder),
    ]
    made = await asyncio.create_subprocess_exec(
        *EVSE_BRIDGE, "config", "init", "--mock", "--config-dir", str(tmp_path), stdout=DEVNULL
    )
    await made.wait()
    doctor = await asyncio.create_subprocess_exec(
        *EVSE_BRIDGE, "doctor", "--mock", *arguments, stdin=DEVNULL, stdout=PIPE, stderr=sys.stderr
    )
    out, _ = await doctor.communicate()
    text = " ".join(out.decode().split())
    assert doctor.returncode == 1
    assert "✗ FAULT hal.safety there is no" in text
    assert "evse-bridge run" in text


async def test_a_wrong_configuration_exits_2(tmp_path: Path, short_folder: Path) -> None:
    arguments = [
        "--config-dir",
        str(tmp_path),
        "--state-dir",
        str(tmp_path),
        "--runtime-dir",
        str(short_folder),
    ]
    doctor = await asyncio.create_subprocess_exec(
        *EVSE_BRIDGE, "doctor", *arguments, "--json", stdin=DEVNULL, stdout=PIPE
    )
    out, _ = await doctor.communicate()
    assert doctor.returncode == 2
    checks = json.loads(out)["checks"]
    faulty = [check["id"] for check in checks if check["result"] == "fault"]
    assert faulty[:2] == ["configuration.wallbox", "configuration.charge_point"]
    assert all("config init" in check["measured"] for check in checks[:2])
