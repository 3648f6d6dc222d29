"""A booted Debian with our units, as a test sees it: systemd is its process 1, our services run unchanged."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bridge import settings as charge_point
from bridge.mock_client import ask
from deploy.builds import ROOT, in_overlay
from hal.configuration import wallbox_file
from hal.contract import WALLBOX_FILE
from hal.mock.pi.line_map import LineMap
from tests.deploy.layers import application, base, unit_files

CONTACTOR = 17  # of wallbox_file.new_file
AFTER_FAULT_S = 4.0
PATIENCE_S = 60.0  # a busy machine
REBOOT = 133  # systemd-nspawn's exit code
SOURCES = "/usr/src/evse-bridge"  # what `deploy/install-units` needs
PROGRAMS = ("evse-safety", "evse-instruments", "evse-bridge")
_NEEDED = ("systemd-nspawn", "mmdebstrap", "unshare", "nsenter")
_PATH = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


def missing() -> str:
    """Which part a container needs that is not here; empty when all are."""
    if os.geteuid() != 0:
        return "needs root"
    if absent := [name for name in _NEEDED if shutil.which(name) is None]:
        return f"needs {', '.join(absent)}; on Debian: apt install systemd-container mmdebstrap"
    return ""


def refused() -> str:
    """Which right this machine withholds, as a container for CI may; empty when a container can boot here."""
    tried = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/run"],
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode != 0:
        return tried.stderr.strip()
    try:
        _new_cgroup().rmdir()
    except (OSError, LookupError) as error:
        return f"no cgroup of version 2 can be made: {error}"
    return ""


class Container:
    """Not booted yet. What it writes stays in `folder` from one boot to the next."""

    def __init__(self, folder: Path, below: list[Path]) -> None:
        self._folder = folder
        self._below = below
        self.upper = folder / "upper"  # what is put here before the first boot lies in the container
        self.upper.mkdir()
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._leader = 0
        self._cgroup = Path()

    def boot(self) -> None:
        """Until systemd says that it is up; whether all went well is for the test to ask."""
        nspawn = (
            *("systemd-nspawn", "--quiet", "--boot", "--directory", f"{self._folder}/merged"),
            *("--register=no", "--keep-unit", f"--machine=evse-{os.getpid()}", "--console=pipe"),
            *("--private-network", "--link-journal=no"),
            # What a Pi has and a container is not given: the call that locks memory, and a limit that can be
            # raised, if this machine may raise its own; and the question whether the clock is synchronized.
            *("--system-call-filter=@memlock adjtimex clock_adjtime", "--rlimit=MEMLOCK=64M"),
        )
        self._cgroup = _new_cgroup()
        inside = f'echo $$ > {self._cgroup}/cgroup.procs && mount -t tmpfs tmpfs /run && exec "$@"'
        with (self._folder / "console").open("ab") as console:
            self._nspawn = subprocess.Popen(
                in_overlay(self._below, self._folder, "sh", "-c", inside, "sh", *nspawn),
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        self.until(self._is_up, "booted")

    def _is_up(self) -> bool:
        assert self._nspawn is not None
        assert self._nspawn.poll() is None, (self._folder / "console").read_text()
        family = _first_children(self._nspawn.pid)  # unshare -> systemd-nspawn -> its process 1
        if len(family) < 2:
            return False
        self._leader = family[1]
        said = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return said in ("running", "degraded")

    def power_off(self) -> None:
        """An orderly shutdown, to its end."""
        os.kill(self._leader, signal.SIGRTMIN + 4)  # systemd(1): poweroff.target
        assert self.ends() == 0

    def ends(self) -> int:
        """Waits for the end of it all: 0 for a poweroff, REBOOT for a reboot."""
        assert self._nspawn is not None
        code = self._nspawn.wait(PATIENCE_S)
        self._nspawn = None
        _remove_cgroup(self._cgroup)
        return code

    def close(self) -> None:
        """Whatever still runs is killed."""
        if self._nspawn is not None:
            self._nspawn.kill()  # and with it all its processes (unshare --kill-child)
            self.ends()

    def run(
        self, *command: str, user: str = "root", check: bool = True, within_s: float = PATIENCE_S
    ) -> subprocess.CompletedProcess[str]:
        """A command inside."""
        enter = ["nsenter", f"--target={self._leader}", "--all"]
        as_user = ["setpriv", f"--reuid={user}", "--init-groups"] if user != "root" else []
        done = subprocess.run(
            [*enter, *as_user, *command],
            env=_PATH,
            capture_output=True,
            text=True,
            check=False,
            timeout=within_s,
        )
        assert done.returncode == 0 or not check, f"{command}: {done.stdout}{done.stderr}"
        return done

    def can(self, program: str, *command: str, user: str = "") -> bool:
        """Whether it succeeds with the view of the files that a program has; as its user unless told."""
        view = ("nsenter", "--mount", f"--target={self.pid(program)}")
        who = ("setpriv", f"--reuid={user or program}", f"--regid={user or program}", "--init-groups")
        return self.run(*view, *who, *command, check=False).returncode == 0

    def until(
        self, holds: Callable[[], bool], what: str, every_s: float = 0.05, within_s: float = PATIENCE_S
    ) -> float:
        """Seconds until it holds."""
        began_s = time.monotonic()
        while not holds():
            assert time.monotonic() - began_s < within_s, f"not {what}\n{self.journal()}"
            time.sleep(every_s)
        return time.monotonic() - began_s

    @property
    def runtime(self) -> Path:
        """The runtime folder inside, as this process sees it."""
        return Path(f"/proc/{self._leader}/root/run/evse-bridge")

    def mock(self, **request: Any) -> dict[str, Any]:
        """A word with the simulated wallbox."""
        return ask(self.runtime, request)

    def line_map(self) -> LineMap:
        """The wires of the simulated wallbox, for a look at any moment. Close it."""
        return LineMap.open(self.runtime / "line-map")

    def show(self, program: str, name: str) -> str:
        """A property of a service."""
        return self.run(
            "systemctl", "show", "--property", name, "--value", f"{program}.service"
        ).stdout.strip()

    def pid(self, program: str) -> int:
        """Of its main process, as seen inside; 0 for none."""
        return int(self.show(program, "MainPID"))

    def pids(self) -> dict[str, int]:
        return {program: self.pid(program) for program in PROGRAMS}

    def status(self, program: str) -> dict[str, str]:
        """/proc/PID/status of its main process."""
        lines = self.run("cat", f"/proc/{self.pid(program)}/status").stdout.splitlines()
        return {name: rest.strip() for name, _, rest in (line.partition(":") for line in lines)}

    def journal(self, *options: str) -> str:
        """What was said, also after the end."""
        folder = self._folder / "upper" / "var" / "log" / "journal"
        command = [
            "journalctl",
            f"--directory={folder}",
            "--output=short-monotonic",
            "--no-hostname",
            *options,
        ]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def entries(self, *options: str) -> list[dict[str, str]]:
        """The same as systemd keeps it, first to last."""
        return [json.loads(line) for line in self.journal("--output=json", *options).splitlines()]


def mock_box(folder: Path) -> Container:
    """The units in mock mode, installed as from a clone."""
    debian = base()
    box = Container(folder, [application(debian), debian / "root"])
    configure(box.upper / "etc" / "evse-bridge")
    _put_sources(box.upper / SOURCES.removeprefix("/"))
    return box


def configure(folder: Path) -> None:
    """Every car charges at the mock box, with or without a Central System: there is none."""
    folder.mkdir(parents=True)
    after_fault = f"after_fault_s = {AFTER_FAULT_S}"
    box = wallbox_file.new_file(mock=True).replace("after_fault_s = 1.0", after_fault)
    assert after_fault in box
    (folder / WALLBOX_FILE).write_text(box)
    free = charge_point.new_file(mock=True)
    free = free.replace("#authorization_required = true", "authorization_required = false")
    free = free.replace("#accept_before_registration = false", "accept_before_registration = true")
    (folder / charge_point.FILE_NAME).write_text(free)


def _put_sources(folder: Path) -> None:
    for file in unit_files():
        target = folder / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)


def _first_children(pid: int) -> list[int]:
    """Its child, the child of that, and so on; the first one where there are more. A boot has some that are
    gone when they are looked at."""
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            pid = int(children[0])
            found.append(pid)
    return found


def _new_cgroup() -> Path:
    """Of its own, so that two containers never meet in one; below that of this process.

    Raises OSError, and LookupError where there are none of version 2.
    """
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    own = [line.removeprefix("0::/") for line in lines if line.startswith("0::/")]
    root = _cgroup_mounts("cgroup2")[0] / own[0]
    return Path(tempfile.mkdtemp(prefix="evse-test-", dir=root))


def _remove_cgroup(cgroup: Path) -> None:
    """In all hierarchies: systemd-nspawn may have made it in systemd's old one too."""
    within = cgroup.relative_to(_cgroup_mounts("cgroup2")[0])
    give_up_s = time.monotonic() + PATIENCE_S
    for mount in _cgroup_mounts("cgroup2") + _cgroup_mounts("cgroup"):
        while (mount / within).exists():
            try:
                for folder, _, _ in os.walk(mount / within, topdown=False):
                    Path(folder).rmdir()
            except OSError:  # the last processes are still on their way out
                assert time.monotonic() < give_up_s, f"{mount / within}: still in use"
                time.sleep(0.05)


def _cgroup_mounts(kind: str) -> list[Path]:
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [Path(words[1]) for words in mounts if words[2] == kind]


if __name__ == "__main__":  # .ci/run asks
    print(refused())
