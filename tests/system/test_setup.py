"""`evse-bridge setup --mock` at a terminal: to a box that charges; nonsense, Ctrl-C, SIGKILL anywhere."""

from __future__ import annotations

import asyncio
import itertools
import signal
import subprocess
from pathlib import Path

import pytest

from bridge import settings
from bridge.demo.central_system import CentralSystem
from hal.configuration import wallbox_file
from hal.contract import WALLBOX_FILE
from tests.system import folders
from tests.system.configured import with_values
from tests.system.programs import EVSE_BRIDGE, Programs
from tests.system.setting_up import Setting, answered, files
from tests.system.world import TAGS, World

pytestmark = pytest.mark.real

NOWHERE = {"Address of the Central System": "ws://127.0.0.1:9/ocpp", "Keep this address": "y"}
NONSENSE: list[str | bytes] = ["40e9", "-1", "ä\u0000", "../..", "\u2603", "yes no", b"\xff\xfe"]


def usable(config: Path) -> settings.ChargePoint:
    """Both files can be used; the second one."""
    wallbox_file.load(config / WALLBOX_FILE, mock=True)
    return settings.load(config / settings.FILE_NAME, mock=True)


async def test_a_whole_dialogue_to_a_box_that_charges() -> None:
    folder = folders.new()
    box = Programs(folder)
    async with CentralSystem(TAGS, call_timeout_s=9.9) as central_system:
        setting = Setting("--mock", *box.arguments)
        answers = {"Greatest current": "13", "watchdog line": "16", "Address of": central_system.url}
        code = await asyncio.to_thread(answered, setting, answers)
        assert code == 0, setting.text
        assert "ok: OCPP: accepted, and closed again" in setting.text
        assert "evse-bridge run --mock" in setting.text
        assert "Traceback" not in setting.text
        assert usable(box.config).central_system.url == central_system.url
        box_file = wallbox_file.load(box.config / WALLBOX_FILE, mock=True)
        assert box_file.installation.max_current_a == 13
        assert box_file.contactor.watchdog_pin == 16
        assert files(box.state) == {}
        one = World(folder, central_system)
        try:
            await one.start()
            await one.charge()
            await one.stop_with_card()
            await one.billed_rightly()
            assert await one.end() == 0
        except BaseException:
            one.tell()
            raise
        finally:
            orphans = one.run.kill_orphans()
            folders.remove(folder)
    assert orphans == []
    assert central_system.violations == []


def test_nonsense_is_refused_with_what_is_allowed(tmp_path: Path) -> None:
    box = Programs(tmp_path)
    setting = Setting("--mock", *box.arguments)
    code = answered_with_nonsense(setting)
    assert code == 0, setting.text
    assert "Traceback" not in setting.text
    assert "must be 6 to 32" in setting.text
    usable(box.config)


def answered_with_nonsense(setting: Setting) -> int:
    """Texts that may be anything (a name, a password) take what is no control character."""
    free = ("Name of this", "Serial number", "Password")
    while (question := setting.question()) is not None:
        for words in NONSENSE * (not any(part in question for part in free)):
            setting.answer(words)
            assert setting.question() == question, setting.text
        setting.answer(next((said for part, said in NOWHERE.items() if part in question), ""))
    return setting.end()


@pytest.mark.parametrize("there", [False, True])
def test_stopped_at_each_question_nothing_is_half_written(there: bool, tmp_path: Path) -> None:
    """Each run is stopped at its first new question, by Ctrl-C or SIGKILL; the next goes on there."""
    box = Programs(tmp_path)
    if there:
        box.config.mkdir()
        (box.config / WALLBOX_FILE).write_text(wallbox_file.new_file(mock=True))
        old = with_values(settings.new_file(mock=True), {"central_system.password": "a secret of 16 c"})
        (box.config / settings.FILE_NAME).write_text(old)
    before = files(box.config)
    asked: list[str] = []
    for stop in itertools.cycle((Setting.interrupt, Setting.kill)):
        setting = Setting("--mock", *box.arguments)
        question = setting.question()
        if question is not None and question.startswith("Go on where"):
            setting.answer("")
            question = setting.question()
        if question is not None and asked:
            setting.answer(next((said for part, said in NOWHERE.items() if part in question), ""))
            question = setting.question()
        if question is None:
            assert setting.end() == 0, setting.text
            break
        asked.append(question)
        assert stop(setting) != 0
        assert "Traceback" not in setting.text
        assert files(box.config) == before
    assert len(asked) > 8, asked
    charge_point = usable(box.config)
    assert charge_point.central_system.url == NOWHERE["Address of the Central System"]
    assert charge_point.central_system.password == ("a secret of 16 c" if there else "")
    if there:
        assert (box.config / f"{settings.FILE_NAME}.before-1").read_bytes() == before[settings.FILE_NAME]
    assert files(box.state) == {}


@pytest.mark.parametrize("options", [[], ["--mock"]])
def test_without_a_terminal(options: list[str], tmp_path: Path) -> None:
    box = Programs(tmp_path)
    done = subprocess.run(
        [*EVSE_BRIDGE, "setup", *options, *box.arguments],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--answers" in done.stderr
    assert files(box.config) == {}


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_terminal_that_goes_away(number: signal.Signals, tmp_path: Path) -> None:
    box = Programs(tmp_path)
    setting = Setting("--mock", *box.arguments)
    setting.question()
    assert setting.end_by(number) == 1
    assert "setup was stopped; no file was half changed" in setting.text
    assert files(box.config) == {}
