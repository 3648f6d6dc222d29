"""setup, doctor, backup and restore of the package in a booted Debian: `make test-package`, as root.

One Debian for each release, in which a mock box is set up once; the tests follow each other in it. The
Central System runs on this machine, in the network of the container.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bridge.demo.central_system import CentralSystem
from bridge.demo.ledger import Tag, Transaction
from bridge.folders import CommandError
from deploy.builds import BuildError
from deploy.package.target import Target
from tests.deploy.container import REBOOT, Container
from tests.deploy.layers import NoDebianError, plain
from tests.deploy.test_package_installed import APT_S, NO_CONTAINER, last, package

PORT = 9180
COMMAND_S = 300.0  # setup waits for the programs, doctor for readings; on a busy machine
CLONE_NEWNET = 0x40000000  # setns(2)
ORDER = ("evse-mock", "evse-safety", "evse-instruments", "evse-bridge")
PASSPHRASE = "correct horse battery"
OWN = ("--mock", "--config-dir", "/etc/evse-bridge")  # the units' box, also while it does not run
FREE = "OF-THE-HOUSE"  # whoever plugs in charges with this card
MOCK = f"""
[setup]
leave_mock = true
test_central_system = {{tested}}
start = {{start}}
doctor = {{start}}
[charge-point.central_system]
url = "ws://127.0.0.1:{PORT}/ocpp"
accept_before_registration = true
[charge-point.charge_point]
id = "CP0001"
serial_number = "MOCK0001"
[charge-point.zaptec]
authorization_required = false
[charge-point.ocpp.keys]
FreeChargingIdTag = "{FREE}"
[charge-point.timing]
back_off_max_s = 1.0
"""
REAL = """
[setup]
leave_mock = true
reboot = false
[wallbox.cable]
kind = "socket"
[wallbox.meter]
model = "eastron_sdm630"
port = "/dev/ttyUSB0"
[charge-point.central_system]
url = "ws://127.0.0.1:9/ocpp"
[charge-point.charge_point]
id = "CP0002"
serial_number = "SN0002"
"""
# What a Raspberry Pi 4 with Raspberry Pi's kernel shows of itself, for one command; and its boot partition.
AS_A_PI = """set -e
    mount -t tmpfs tmpfs /sys
    tree=/sys/firmware/devicetree/base
    mkdir -p $tree/__overrides__ $tree/system
    printf 'Raspberry Pi 4 Model B Rev 1.5\\0' > $tree/model
    printf '\\000\\263\\061\\025' > $tree/system/linux,revision
    exec evse-bridge "$@"
"""
CONFIG_TXT = "dtparam=audio=on\n[all]\n"
CMDLINE_TXT = "console=serial0,115200 console=tty1 root=/dev/mmcblk0p2 rootwait\n"
MACHINE_WELL = tuple(f"machine.{one}" for one in ("board", "config_txt", "console", "groups", "reboot"))
MACHINE_LACKS = ("machine.devices", "machine.watchdog")
# A restore that is killed with so many operations on the disk done.
KILLED = """
import os, signal, sys
from pathlib import Path
from bridge.backup import restore, sealed_file
from bridge.backup.disk import Disk
from bridge.backup.judging import Answers
from bridge.backup.places import places
from bridge.folders import of_running
left = int(sys.argv[1])
class Dying(Disk):
    def rename(self, path, target):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        super().rename(path, target)
folders = of_running((Path("/etc/evse-bridge"), None, None), mock=True)
content = restore.opened(Path(sys.argv[2]), sealed_file.Passphrase(sys.argv[3]))
asked = restore.Asked(content, folders, places(folders), Answers(), lambda refusal: False)
restore.require_allowed(asked)
restore.restore(asked, Dying())
"""

pytestmark = [
    pytest.mark.package,
    pytest.mark.in_order,
    pytest.mark.skipif(bool(NO_CONTAINER), reason=f"no container: {NO_CONTAINER}"),
    pytest.mark.timeout(1800),
]


@contextmanager
def listening(system: CentralSystem, network: Path) -> Iterator[None]:
    """In a thread, whose sockets are in that network."""
    begun, ending = threading.Event(), threading.Event()

    async def serve() -> None:
        async with system:
            begun.set()
            await asyncio.to_thread(ending.wait)

    def run() -> None:
        with network.open() as namespace:
            assert ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) == 0
        asyncio.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert begun.wait(60.0)
        yield
    finally:
        ending.set()
        thread.join()


def sessions(system: CentralSystem) -> list[Transaction]:
    """Those that have ended, as the Central System knows them."""
    return [one for one in system.ledger.transactions.values() if one.stops]


@dataclass
class Box:
    """A booted Debian with the package, and its Central System."""

    debian: Container
    system: CentralSystem = field(default_factory=lambda: CentralSystem({FREE: Tag()}, port=PORT))

    def say(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`evse-bridge ...` as root."""
        return self.debian.run("evse-bridge", *words, check=False, within_s=COMMAND_S)

    def say_as_a_pi(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same on what looks like one."""
        seen = ("unshare", "--mount", "sh", "-c", AS_A_PI, "sh")
        return self.debian.run(*seen, *words, check=False, within_s=COMMAND_S)

    def inside(self, path: str) -> Path:
        """That file, as this process sees it."""
        return self.debian.runtime.parents[1] / path.lstrip("/")

    def put(self, path: str, text: str) -> None:
        """Writes a file inside."""
        target = self.inside(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def read(self, path: str) -> bytes:
        return self.inside(path).read_bytes()

    @property
    def network(self) -> Path:
        """Of the container, since its last boot."""
        return self.debian.runtime.parents[2] / "ns/net"

    @contextmanager
    def central(self) -> Iterator[CentralSystem]:
        """Lets the box's Central System listen."""
        with listening(self.system, self.network):
            yield self.system

    def checks(self, *words: str, as_a_pi: bool = False) -> tuple[int, dict[str, dict[str, Any]]]:
        """Doctor's exit code and checks by their id; of several with one id the first."""
        done = (self.say_as_a_pi if as_a_pi else self.say)("doctor", "--json", *words)
        found: dict[str, dict[str, Any]] = {}
        for check in json.loads(done.stdout)["checks"]:
            found.setdefault(check["id"], check)
        return done.returncode, found

    def session(self, ended: Callable[[], bool]) -> None:
        """A car comes, charges, and goes."""
        self.come()
        self.leave()
        self.debian.until(ended, "the session has ended")

    def come(self) -> None:
        """A car is plugged in, and charges."""
        self.debian.mock(do="plug-in")
        self.debian.mock(do="ready")
        self.debian.until(lambda: self.debian.mock(do="state")["contactor_closed"], "charging")

    def leave(self) -> None:
        """The driver ends it at the car and takes the plug out."""
        self.debian.mock(do="pause")
        self.debian.until(lambda: not self.debian.mock(do="state")["contactor_closed"], "the contactor open")
        self.debian.mock(do="unplug-at-car")
        self.debian.until(self._plugged_out, "the plug is out")

    def _plugged_out(self) -> bool:
        try:
            self.debian.mock(do="plug-out")
        except CommandError:  # the lock still holds it
            return False
        return True


@contextmanager
def debian_of(folder: Path, suite: str, upper: Path | None = None) -> Iterator[Box]:
    """A Debian; one that starts from the files that another has written if `upper` is given."""
    folder.mkdir()
    debian = Container(folder, [plain(suite)])
    if upper is not None:
        subprocess.run(["cp", "--archive", f"{upper}/.", debian.upper], check=True)
        (debian.upper / "etc/machine-id").write_text(f"{os.urandom(16).hex()}\n")
    else:
        (debian.upper / "root").mkdir()
        (debian.upper / "var/log/journal").mkdir(parents=True)
    try:
        debian.boot()
        yield Box(debian)
    finally:
        debian.close()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """On a disk: three systems lie in it."""
    made = Path(tempfile.mkdtemp(prefix="evse-", dir="/tmp"))
    yield made
    shutil.rmtree(made)


@dataclass
class Boxes:
    """Box `a` is set up; `clean` are the files of one with the package and nothing else."""

    a: Box
    clean: Path
    suite: str
    said: str = ""
    code: int = -1


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def boxes(request: pytest.FixtureRequest, folder: Path) -> Iterator[Boxes]:
    suite = request.param
    try:
        built = package(Target(suite, "amd64"), last())
        plain(suite)
    except (BuildError, NoDebianError) as error:
        pytest.skip(f"no package: {error}")
    with debian_of(folder / f"a-{suite}", suite) as a:
        shutil.copy(built, a.inside("/root"))
        a.debian.run("apt-get", "--yes", "install", f"/root/{built.name}", within_s=APT_S)
        a.inside(f"/root/{built.name}").unlink()
        clean = folder / f"clean-{suite}"
        subprocess.run(["cp", "--archive", a.debian.upper, clean], check=True)
        a.put("/root/box.toml", MOCK.format(tested="true", start="true"))
        with a.central():
            done = a.say("setup", "--mock", "--answers", "/root/box.toml")
        yield Boxes(a, clean, suite, done.stdout + done.stderr, done.returncode)


def test_setup_starts_a_mock_box_and_doctor_finds_it_well(boxes: Boxes) -> None:
    """The wallbox before its programs, what ends an update before all."""
    assert boxes.code == 0, boxes.said
    assert "FAULT" not in boxes.said
    assert "hal.safety         start" in boxes.said
    run = boxes.a.debian.run
    assert run("systemctl", "is-enabled", "evse-bridge.target").stdout == "enabled\n"
    since = [
        int(boxes.a.debian.show(unit, "ActiveEnterTimestampMonotonic"))
        for unit in ("evse-update-boot", *ORDER)
    ]
    assert since == sorted(since)
    assert 0 not in since
    assert (
        run("stat", "-c", "%a %U:%G", "/etc/evse-bridge/charge-point.toml").stdout == "640 root:evse-bridge\n"
    )


def test_a_whole_session_reaches_the_central_system(boxes: Boxes) -> None:
    a = boxes.a
    with a.central() as central:
        a.debian.until(lambda: central.identity is not None, "connected")
        a.session(lambda: bool(sessions(central)))
        told = ["Charging", "Finishing", "Available"]
        a.debian.until(lambda: central.ledger.statuses()[-3:] == told, "all is told")
    (session,) = central.ledger.transactions.values()
    assert session.start["idTag"] == FREE
    assert session.stops[0]["meterStop"] >= session.start["meterStart"]
    assert len(session.stops) == 1
    assert central.violations == []


def test_doctor_says_why_a_unit_ends_again_and_again(boxes: Boxes) -> None:
    a, file = boxes.a, "/etc/evse-bridge/charge-point.toml"
    good = a.read(file)
    a.put(file, f"{good.decode()}\n[nonsense]\n")
    a.debian.run("systemctl", "restart", "--no-block", "evse-bridge")
    a.debian.until(lambda: int(a.debian.show("evse-bridge", "NRestarts") or 0) > 1, "restarted")
    code, found = a.checks("--mock")
    a.put(file, good.decode())
    assert code == 2
    bridge = found["programs.bridge"]
    assert bridge["result"] == "fault"
    assert "its last line" in bridge["measured"]
    assert "nonsense" in bridge["measured"]
    assert "systemctl status evse-bridge" in bridge["do"]
    assert f"hal.safety {last().version}" in found["programs.versions"]["measured"]
    assert found["programs.safety"]["result"] == "ok"
    a.debian.until(lambda: a.debian.show("evse-bridge", "ActiveState") == "active", "active again")


def test_a_box_that_charges_is_backed_up_but_not_moved_or_replaced(boxes: Boxes) -> None:
    a = boxes.a
    a.put("/root/passphrase", f"{PASSPHRASE}\n")
    secret = ("--passphrase-file", "/root/passphrase", "--mock")
    with a.central() as central:
        a.debian.until(lambda: central.identity is not None, "connected")
        a.come()
        before = a.debian.pids()
        backup = a.say("backup", "/root/charging.backup", *secret)
        assert backup.returncode == 0, backup.stderr
        for refused in (
            a.say("backup", "--move", "/root/no.backup", *secret),
            a.say("restore", "/root/charging.backup", *secret),
        ):
            assert (refused.returncode, "a car charges" in refused.stderr) == (1, True), refused.stderr
        assert a.debian.pids() == before
        assert a.debian.mock(do="state")["contactor_closed"]
        a.leave()
        a.debian.until(lambda: len(sessions(central)) == 2, "ended")


def test_a_moved_box_sends_each_session_once(boxes: Boxes, folder: Path) -> None:
    """Two sessions wait while nobody listens. The restore is killed half way; the boot ends it."""
    a, secret = boxes.a, ("--passphrase-file", "/root/passphrase", *OWN)
    for _ in range(2):
        a.session(lambda: not a.debian.mock(do="state")["plugged"])
    moved = a.say("backup", "--move", "/root/move.backup", *secret)
    assert moved.returncode == 0, moved.stderr
    code, found = a.checks("--mock")
    assert (code, found["programs.held"]["result"]) == (1, "fault")
    assert "moved away" in found["programs.held"]["measured"]

    with debian_of(folder / f"b-{boxes.suite}", boxes.suite, boxes.clean) as b:
        for name in ("move.backup", "charging.backup", "passphrase"):
            shutil.copy(a.inside(f"/root/{name}"), b.inside("/root"))
        b.put("/root/box.toml", MOCK.format(tested="false", start="false"))
        assert b.say("setup", "--mock", "--answers", "/root/box.toml").returncode == 0
        twice = b.say("restore", "/root/charging.backup", *secret)
        assert (twice.returncode, "two boxes with one identity" in twice.stderr) == (1, True), twice.stderr
        python = "/usr/lib/evse-bridge/current/bin/python"
        killed = b.debian.run(python, "-I", "-c", KILLED, "4", "/root/move.backup", PASSPHRASE, check=False)
        assert killed.returncode == 137 or killed.returncode == -9, killed.stderr
        b.debian.run("systemctl", "enable", "--quiet", "evse-bridge.target")
        b.debian.run("systemctl", "reboot", check=False)
        assert b.debian.ends() == REBOOT
        b.debian.boot()
        before = a.system.connections
        with b.central() as of_b, a.central() as of_a:
            b.debian.until(lambda: len(sessions(of_b)) == 2, "both sessions are there")
            b.debian.until(lambda: bool(of_b.ledger.statuses()), "its state is there")
            assert "the interrupted restore is complete" in b.debian.journal("--unit=evse-restore")
            _, found = b.checks("--mock")
            assert found["programs.held"]["result"] == "ok"
            all_of_them = (*of_a.ledger.transactions.values(), *of_b.ledger.transactions.values())
            begun = Counter((one.start["timestamp"], one.start["meterStart"]) for one in all_of_them)
            assert sorted(begun.values()) == [1, 1, 1, 1]
            assert [len(one.stops) for one in all_of_them] == [1, 1, 1, 1]
            assert of_b.violations == []
            assert a.system.connections == before


def test_a_mock_box_becomes_a_real_one_and_undo_brings_the_boot_files_back(boxes: Boxes) -> None:
    """On a container that looks like a Pi 4, without its chips: what is true there is what doctor says."""
    a, config = boxes.a, "/boot/firmware/config.txt"
    a.put(config, CONFIG_TXT)
    a.put("/boot/firmware/cmdline.txt", CMDLINE_TXT)
    a.put("/root/real.toml", REAL)
    first = a.say_as_a_pi("setup", "--answers", "/root/real.toml")
    assert (first.returncode, "the same command goes on after it" in first.stdout) == (3, True), first
    a.debian.run("systemctl", "reboot", check=False)
    assert a.debian.ends() == REBOOT
    a.debian.boot()
    done = a.say_as_a_pi("setup", "--answers", "/root/real.toml")
    assert done.returncode == 1, done.stderr  # there is no chip
    assert "MOCK" not in done.stdout
    units = a.debian.run("systemctl", "cat", "evse-safety", "evse-instruments", "evse-bridge").stdout
    assert "mock.conf" not in units
    assert "EVSE_MOCK=--mock" not in units
    assert a.debian.run("systemctl", "is-active", "evse-mock", check=False).stdout != "active\n"
    a.debian.run("test", "-e", "/var/lib/evse-bridge/parked/mock/bridge/bridge.sqlite")
    code, found = a.checks(as_a_pi=True)
    assert code == 1
    well = ("configuration.wallbox", "configuration.charge_point", *MACHINE_WELL)
    assert {name: found[name]["result"] for name in well} == dict.fromkeys(well, "ok")
    assert {found[name]["result"] for name in MACHINE_LACKS} == {"fault"}
    assert "restarted" in found["programs.safety"]["measured"]
    assert "this is no Raspberry Pi" in found["programs.safety"]["measured"]
    assert "journalctl -u evse-safety" in found["programs.safety"]["do"]
    assert found["programs.bridge"]["result"] == "not checked"
    a.put(config, a.read(config).decode().replace("dtparam=strict_gpiod\n", ""))
    _, found = a.checks(as_a_pi=True)
    lacks = found["machine.config_txt"]
    assert (lacks["result"], "strict_gpiod" in lacks["measured"]) == ("warning", True)
    assert a.say_as_a_pi("setup", "--undo").returncode == 0
    assert (a.read(config).decode(), a.read("/boot/firmware/cmdline.txt").decode()) == (
        CONFIG_TXT,
        CMDLINE_TXT,
    )
