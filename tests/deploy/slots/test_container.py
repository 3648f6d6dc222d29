"""An update on a booted mock box, with its real units: one that is kept, one that comes back, a power cut.

Two small versions are made of the same wheel, with other numbers in its metadata.
"""

from __future__ import annotations

import contextlib
import platform

import pytest

from bridge.cli.asking import identity
from bridge.jobs.manifest import SUFFIX
from tests.bridge.jobs.archive import Signer
from tests.deploy import container as machine
from tests.deploy.container import PROGRAMS, Container
from tests.deploy.layers import SUITE, VENV
from tests.deploy.test_container import charge

NO_CONTAINER = machine.missing() or machine.refused()
APPLICATION = "/usr/lib/evse-bridge/application"
SLOTS = "/var/lib/evse-bridge/slots"
FIRST, SECOND, BAD, CUT = "0.1.0.10", "0.1.0.11", "0.1.0.12", "0.1.0.13"
LEFT = [FIRST, SECOND, "current", "outcome.json"]  # in the folder of the slots, once one was taken back
FIRMWARE = "/var/lib/evse-bridge/bridge/firmware"
PACK = (
    "import os, sys, tarfile; tar = tarfile.open('/tmp/box', 'w:xz', preset=0); os.chdir(sys.argv[1]); "
    "[tar.add(name) for name in sorted(os.listdir())]; tar.close()"
)
UPDATE = ("update", "/tmp/box")  # the owner's command
DROP_IN = "/etc/systemd/system/evse-update.service.d/short.conf"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(bool(NO_CONTAINER), reason=f"no container: {NO_CONTAINER}"),
    pytest.mark.timeout(900),
]


@pytest.fixture
def box(booted: Container) -> Container:
    """As the package leaves it; the programs run from the first slot."""
    make_slots(booted)
    return booted


def sh(box: Container, script: str) -> str:
    return box.run("sh", "-ec", script).stdout


def make_slots(box: Container) -> None:
    sh(box, f"systemctl stop evse-bridge.target {' '.join(PROGRAMS)}; cp -a {VENV} {APPLICATION}")
    becomes(box, FIRST)
    sh(box, f"ln -sfn {SLOTS}/current /usr/lib/evse-bridge/current")
    assert f"{FIRST} is installed" in sh(box, f"{APPLICATION}/bin/python -I -m deploy.slots adopt")
    patience(box, steady_s=2)
    sh(box, "systemctl start evse-bridge.target")
    until_runs(box, FIRST)


def becomes(box: Container, version: str, break_bridge: bool = False) -> None:
    """The package of another version is unpacked."""
    packages = f"{APPLICATION}/lib/python3.11/site-packages"
    sh(box, f"sed -i 's/^Version: .*/Version: {version}/' {packages}/evse_bridge*/METADATA")
    if break_bridge:
        sh(box, f"echo 'raise SystemExit(1)' > {packages}/bridge/__main__.py")


def patience(box: Container, steady_s: float) -> None:
    lines = f"[Service]\\nEnvironment=EVSE_TRIAL_STEADY_S={steady_s} EVSE_TRIAL_WITHIN_S=120\\n"
    sh(box, f"mkdir -p $(dirname {DROP_IN}); printf '{lines}' > {DROP_IN}; systemctl daemon-reload")


def until_runs(box: Container, version: str) -> None:
    def runs() -> bool:
        active = box.run("systemctl", "is-active", *PROGRAMS, check=False).stdout == "active\n" * 3
        return active and identity(box.runtime).version == version

    box.until(runs, f"running {version}", every_s=0.5)


def current(box: Container) -> str:
    return box.run("readlink", f"{SLOTS}/current").stdout.strip()


def answer(box: Container) -> str:
    return box.run("cat", "/run/evse-bridge/update-answer", check=False).stdout.strip()


def until_answered(box: Container, begins: str) -> None:
    for _ in range(4):  # a busy machine
        with contextlib.suppress(AssertionError):
            box.until(lambda: answer(box).startswith(begins), f"answered {begins}", every_s=0.5)
            return
    raise AssertionError(f"answered {answer(box)!r}, not {begins!r}\n{box.journal('--unit=evse-update')}")


def sign(box: Container, version: str) -> None:
    """Makes the manifest of /tmp/box."""
    root, signer = box.runtime.parents[1], Signer()
    signer.public_key(root / "etc" / "evse-bridge")
    lines = f"suite {SUITE}\nmachine {platform.machine()}\n"
    archive = root / "tmp" / "box"
    archive.with_suffix(SUFFIX).write_bytes(signer.manifest(archive.read_bytes(), version, box=lines))


def put_bundle(box: Container, version: str) -> None:
    """What the bridge has downloaded: as its user, in its own folder."""
    box.run("python3", "-c", PACK, APPLICATION)
    sign(box, version)
    put = (
        f"mkdir -p {FIRMWARE}; cp /tmp/box {FIRMWARE}/archive; cp /tmp/box{SUFFIX} {FIRMWARE}/archive{SUFFIX}"
    )
    box.run("sh", "-ec", put, user="evse-bridge")


def test_an_update_is_kept_a_bad_one_comes_back_and_so_does_a_power_cut(box: Container) -> None:
    becomes(box, SECOND)
    put_bundle(box, SECOND)
    box.run("sh", "-c", "echo install > /run/evse-bridge/update", user="evse-bridge")  # its one word
    until_answered(box, f"installed {SECOND}")
    until_runs(box, SECOND)
    assert current(box) == SECOND
    assert not (box.runtime / "trial").exists()
    assert not box.can("evse-bridge", "touch", f"{SLOTS}/x")
    assert not box.can("evse-bridge", "touch", f"{SLOTS}/{SECOND}/x")

    becomes(box, BAD, break_bridge=True)
    assert f"{BAD} is tried as soon as no car charges" in adopted(box)
    box.run("systemctl", "start", "--no-block", "evse-update")
    until_answered(box, f"failed: {BAD} was taken back, {SECOND} runs: ")
    until_runs(box, SECOND)
    assert (current(box), sh(box, f"ls {SLOTS}").split()) == (SECOND, LEFT)
    box.until(lambda: box.show("evse-update", "ActiveState") == "inactive", "the update's program ended")
    assert box.run("systemctl", "is-system-running").stdout == "running\n"

    sh(box, f"rm -r {APPLICATION}; cp -a {SLOTS}/{SECOND} {APPLICATION}")
    becomes(box, CUT)
    patience(box, steady_s=600)
    adopted(box)
    box.run("systemctl", "start", "--no-block", "evse-update")
    until_runs(box, CUT)
    assert (box.runtime / "trial").read_text() == f"{CUT}\n"
    box.close()  # all is killed at once
    box.boot()
    until_runs(box, SECOND)
    assert (current(box), sh(box, f"ls {SLOTS}").split()) == (SECOND, LEFT)
    assert f"{CUT} had not proven itself: back to {SECOND}" in box.journal("--unit=evse-update-boot")


def test_a_car_that_charges_keeps_its_current(box: Container) -> None:
    """A version waits for the end of the session, or for the next boot: what waits is not lost."""
    charge(box)
    becomes(box, SECOND)
    adopted(box)
    box.run("systemctl", "start", "--no-block", "evse-update")
    until_answered(box, "waiting: a car charges")
    assert box.mock(do="state")["contactor_closed"]
    assert current(box) == FIRST
    box.close()
    box.boot()
    until_answered(box, f"installed {SECOND}")
    until_runs(box, SECOND)

    sh(box, "echo garbage > /tmp/box")
    for version, why in ((SECOND, f"{SECOND} is already the current version"), (FIRST, f"{FIRST} is older")):
        sign(box, version)
        said = box.run(f"{APPLICATION}/bin/python", "-I", "-m", "bridge.cli.main", *UPDATE, check=False)
        assert (said.returncode, said.stdout) == (1, "")
        assert said.stderr.startswith(f"install: {why}")


def adopted(box: Container) -> str:
    return sh(box, f"{APPLICATION}/bin/python -I -m deploy.slots adopt")
