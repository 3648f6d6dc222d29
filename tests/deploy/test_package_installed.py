"""The package of the last commit in booted Debians, with their own Python: `make test-package`, as root.

It is built for amd64; the first time that takes some minutes for each release.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import pytest

from deploy.builds import ROOT, BuildError, cached, run
from deploy.package.__main__ import build
from deploy.package.commit import Commit, head
from deploy.package.release import Release
from deploy.package.target import Target
from tests.deploy import container as machine
from tests.deploy.container import PROGRAMS, Container
from tests.deploy.layers import TOOLS, NoDebianError, plain, tools_for_tests

NO_CONTAINER = machine.missing() or machine.refused()
SETTLED_S = 10.0  # in which an upgrade that did not wait would have stopped something
TRIAL_S = 300.0
APT_S = 600.0  # it copies 80 MB twice, on a busy machine
NO_DISK = ("(", "-path", "/proc", "-o", "-path", "/sys", "-o", "-path", "/dev", ")", "-prune")
# What was done, by whom; and in /run what systemd itself does all the time.
REMEMBERS = ("/var/log/", "/var/lib/dpkg/", "/var/lib/apt/", "/var/cache/", "/root/", "/run/", "/tmp/")
FORMER = ("/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-", "/etc/subuid-", "/etc/subgid-")
LIVED = """
    cd /var/lib/evse-bridge
    mkdir -p parked/real/etc slots/0.0.0.1.unfinished bridge/firmware safety
    echo parked > parked/real/etc/wallbox.toml
    echo '{"kind": "moved", "why": "it went", "move": "1"}' > bridge/held.json
    echo backup > bridge/box.evse
    echo one > bridge/bridge.sqlite.before-trial
    echo waits > bridge/firmware/archive
    echo before > /etc/evse-bridge/wallbox.toml.before-1
    mkdir -p /etc/systemd/system/evse-bridge.service.d
    echo '[Service]' > /etc/systemd/system/evse-bridge.service.d/mine.conf
    systemctl enable --quiet evse-bridge.target
    ls slots
"""
HERE = ("tests", "docs", "deploy", "systemd", "pyproject.toml", "README.md", "requirements.lock")
MARKED = "pytest.mark.distribution"
MOUNTS = "test_a_disk_that_takes_no_write_keeps_the_bridge_waiting"  # what no ordinary user may do there

pytestmark = [
    pytest.mark.package,
    pytest.mark.skipif(bool(NO_CONTAINER), reason=f"no container: {NO_CONTAINER}"),
    pytest.mark.timeout(1800),  # once, a root must be fetched and compiled in
]


@cache
def last() -> Commit:
    """The commit that is tested, as if it were the first: a clone of CI may have no history."""
    return head(1)


@cache
def package(target: Target, commit: Commit) -> Path:
    """Built once for a commit. Raises BuildError."""
    key = f"{target} {commit}".encode()
    release = Release(target, commit)

    def built(to: Path) -> None:
        build(release, to)

    return cached(f"package-{target.suite}-{target.arch}", key, built) / release.package


def next_commit() -> Commit:
    """The same sources as a version that is newer by one commit."""
    return head(2)


@dataclass(frozen=True, slots=True)
class Box:
    """A booted Debian with two packages in /root: the last commit's, and the next."""

    debian: Container
    target: Target
    first: Path
    second: Path

    def install(self, package: Path, check: bool = True) -> str:
        """What apt said."""
        return self.apt("install", f"/root/{package.name}", check=check)

    def apt(self, *words: str, check: bool = True) -> str:
        """What it said."""
        done = self.debian.run("apt-get", "--yes", *words, check=check, within_s=APT_S)
        return done.stdout + done.stderr

    def files(self) -> set[str]:
        """All that lies anywhere, apart from what remembers that there was something."""
        found = self.debian.run("find", "/", *NO_DISK, "-o", "-print").stdout.splitlines()
        return {path for path in found if not path.startswith((*REMEMBERS, *FORMER))}

    def running(self) -> str:
        """Which units of ours are loaded and active."""
        return self.debian.run("systemctl", "list-units", "--no-legend", "evse-*").stdout


@pytest.fixture(params=["bookworm", "trixie"])
def box(request: pytest.FixtureRequest, short_folder: Path) -> Iterator[Box]:
    target = Target(request.param, "amd64")
    try:
        first, second = package(target, last()), package(target, next_commit())
        debian = Container(short_folder, [tools_for_tests(target), plain(target.suite)])
    except (BuildError, NoDebianError) as error:
        pytest.skip(f"no package: {error}")
    (debian.upper / "root").mkdir()
    for each in (first, second):
        shutil.copy(each, debian.upper / "root")
    (debian.upper / "var/log/journal").mkdir(parents=True)
    try:
        debian.boot()
        yield Box(debian, target, first, second)
    finally:
        debian.close()


def test_is_installed_upgraded_removed_and_purged(box: Box) -> None:
    """On a box that has not been set up: nothing of ours ever runs, and nothing stays."""
    debian = box.debian
    before = box.files()
    box.install(box.first)
    assert box.running() == ""
    assert debian.run("systemctl", "is-enabled", "evse-bridge.target", check=False).stdout == "disabled\n"
    assert debian.run("evse-bridge", "--version").stdout == f"{last().version}\n"
    slots, python = "/var/lib/evse-bridge/slots", f"/usr/bin/python{box.target.python}"
    assert debian.run("readlink", f"{slots}/current").stdout == f"{last().numbers}\n"
    assert debian.run("readlink", f"{slots}/current/bin/python").stdout == f"{python}\n"
    assert (
        debian.run("find", slots, "!", "-user", "root", "-o", "-perm", "/022", "!", "-type", "l").stdout == ""
    )
    for user in PROGRAMS:
        debian.run("id", user)
    for word in ("init", "check"):
        debian.run("evse-bridge", "config", word, "--mock", "--config-dir", "/etc/evse-bridge")

    kept = "/etc/evse-bridge/charge-point.toml", "/var/lib/evse-bridge/kept"
    debian.run("sh", "-c", f"echo '# mine' >> {kept[0]}; echo 1 > {kept[1]}")
    box.install(box.second)
    assert debian.run("evse-bridge", "--version").stdout == f"{next_commit().version}\n"
    assert box.running() == ""
    assert "# mine" in debian.run("cat", *kept).stdout

    box.apt("remove", "evse-bridge")
    debian.run("cat", *kept)
    debian.run("test", "!", "-e", slots)
    debian.run("test", "!", "-e", "/usr/bin/evse-bridge")

    box.install(box.first)
    box.install(box.second)
    assert {last().numbers, next_commit().numbers} <= set(debian.run("sh", "-ec", LIVED).stdout.split())
    box.apt("purge", "evse-bridge")
    assert box.files() == before
    assert debian.run("find", "/run", "-name", "*evse*").stdout == ""
    for user in PROGRAMS:
        assert debian.run("id", user, check=False).returncode != 0


def test_an_upgrade_waits_until_the_car_is_gone(box: Box) -> None:
    """apt does not wait, and interrupts nothing; then the new version proves itself and stays."""
    debian = box.debian
    charges(box)
    before = debian.pids()
    said = box.install(box.second)
    assert f"evse-bridge {next_commit().numbers} is tried as soon as no car charges" in said
    time.sleep(SETTLED_S)
    assert debian.pids() == before
    assert debian.mock(do="state")["contactor_closed"]
    assert debian.run("evse-bridge", "--version").stdout == f"{last().version}\n"

    debian.mock(do="unplug-at-car")
    trial = "/var/lib/evse-bridge/slots/trial.json"
    on_trial = partial(debian.run, "test", "-e", trial, check=False)
    debian.until(lambda: on_trial().returncode == 0, "on trial", within_s=TRIAL_S)
    debian.until(lambda: on_trial().returncode != 0, "decided", within_s=TRIAL_S)
    assert debian.run("evse-bridge", "--version").stdout == f"{next_commit().version}\n"
    assert not set(debian.pids().values()) & {0, *before.values()}


def test_a_removal_stops_a_box_in_order(box: Box) -> None:
    """With a car that charges: the charge point first, then hal.safety, which opens the contactor."""
    debian = box.debian
    charges(box)
    box.apt("purge", "evse-bridge")
    stopped = [entry["UNIT"] for entry in debian.entries("JOB_TYPE=stop", "JOB_RESULT=done")]
    order = [f"{name}.service" for name in ("evse-bridge", "evse-instruments", "evse-safety", "evse-mock")]
    assert [unit for unit in stopped if unit in order] == order
    ending = debian.journal("--unit=evse-safety")
    assert "contactor opens" in ending
    assert box.running() == ""
    assert debian.run("find", "/etc", "/run", "/usr", "/var/lib", "-name", "*evse*").stdout == ""


def test_what_depends_on_the_distribution_holds_in_the_installed_version(box: Box) -> None:
    """As an ordinary user, with Debian's own Python. The clone has no programs: the package's are tested."""
    debian = box.debian
    box.install(box.first)
    clone, python = "/home/owner/clone", "/usr/lib/evse-bridge/current/bin/python"
    debian.run("useradd", "--create-home", "owner")
    root = debian.runtime.parents[1]
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")  # every installed Debian has it
    put_clone(root / clone.lstrip("/"))
    debian.run("chown", "--recursive", "owner:", clone)
    debian.run("find", TOOLS, "-type", "d", "-exec", "chown", "owner:", "{}", "+")  # compiled once, and kept
    as_owner = ("setpriv", "--reuid=owner", "--regid=owner", "--init-groups")
    environment = ("env", f"--chdir={clone}", "HOME=/home/owner", f"PYTHONPATH={TOOLS}", "CI=1")
    tests = [
        str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests").rglob("test_*.py")) if marked(path)
    ]
    which = debian.run(*as_owner, *environment, python, "-c", "import bridge; print(bridge.__file__)").stdout
    assert which.startswith("/usr/lib/evse-bridge/current/lib/")
    marks = ("-m", "distribution and not campaign", "-k", f"not {MOUNTS}")
    pytest_of = (python, "-m", "pytest", "-q", "-n", "2", *marks, *tests)
    done = debian.run(*as_owner, *environment, *pytest_of, check=False, within_s=APT_S)
    assert done.returncode == 0, done.stdout
    print(done.stdout.splitlines()[-1])


def put_clone(folder: Path) -> None:
    """The last commit's, as far as tests of an installed version need it."""
    folder.mkdir()
    archive = subprocess.run(
        ["git", "-C", ROOT, "archive", last().hash, *HERE], check=True, capture_output=True
    ).stdout
    subprocess.run(["tar", "--extract", f"--directory={folder}"], input=archive, check=True)


def marked(path: Path) -> bool:
    return MARKED in path.read_text() and path != Path(__file__)


def charges(box: Box) -> None:
    """Installs, becomes a mock box that runs, and plugs a car in."""
    debian = box.debian
    box.install(box.first)
    become_mock(debian)
    debian.run("systemctl", "enable", "--quiet", "--now", "evse-bridge.target")
    debian.until(lambda: ": bridge connected" in debian.journal("--unit=evse-safety"), "connected")
    debian.mock(do="plug-in")
    debian.until(lambda: debian.mock(do="state")["contactor_closed"], "charging")


def become_mock(debian: Container) -> None:
    """What `evse-bridge setup --mock` does."""
    place = "/usr/share/evse-bridge/mock"
    etc = "/etc/systemd/system"
    debian.run("cp", f"{place}/evse-mock.service", etc)
    for name in PROGRAMS:
        debian.run("install", "-D", "-m", "644", f"{place}/mock.conf", f"{etc}/{name}.service.d/mock.conf")
    debian.run("systemctl", "daemon-reload")
    debian.run("evse-bridge", "config", "init", "--mock", "--config-dir", "/etc/evse-bridge")
    free = "s/#authorization_required = true/authorization_required = false/"
    early = "s/#accept_before_registration = false/accept_before_registration = true/"
    debian.run("sed", "-i", "-e", free, "-e", early, "/etc/evse-bridge/charge-point.toml")


def test_lintian_has_nothing_to_say(tmp_path: Path) -> None:
    """Of the overrides each has its reason beside it."""
    if shutil.which("lintian") is None:
        pytest.skip("lintian is not here; on Debian: apt install lintian")
    built = package(Target("bookworm", "amd64"), last())
    said = run("lintian", "--fail-on", "none", "--tag-display-limit", "0", "--allow-root", str(built))
    assert [line for line in said.splitlines() if line[:2] in ("E:", "W:")] == []
