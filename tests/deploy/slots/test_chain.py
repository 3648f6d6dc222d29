"""Updates of the installed package as one chain, in booted Debians: `make test-package`.

The package and a bundle are built as they are released; a Central System on the host asks, answers and bills.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest

from bridge.core.rows import TransactionRow, TransactionStarted, TransactionStopped
from bridge.demo.central_system import Refused
from bridge.folders import CommandError
from bridge.jobs.manifest import SUFFIX
from bridge.outcome import read as read_outcome
from bridge.store import Database
from deploy.builds import BuildError, run
from deploy.package.target import Target
from tests.deploy import container as machine
from tests.deploy.container import Container
from tests.deploy.layers import NoDebianError, plain
from tests.deploy.slots.partner import CARD, Partner, url
from tests.deploy.slots.versions import (
    CONDUCT,
    NEXT,
    ODD,
    RELEASED,
    Manifest,
    Versions,
    sign,
    version,
    versions,
)  # fmt: skip
from tests.deploy.test_package_installed import become_mock, package

NO_CONTAINER = machine.missing() or machine.refused()
UPDATE_S = 900.0  # one update, on a busy machine
SLOTS = "/var/lib/evse-bridge/slots"
ETC = "/etc/evse-bridge"
DROP_IN = "/etc/systemd/system/evse-update.service.d/patience.conf"
BACKLOG, BACKLOG_WH = 100, 500_000
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
AUTHORIZED = f"""
sed -i -e 's/authorization_required = false/authorization_required = true/' \\
  -e 's/#mode = "cloud"/mode = "native"/' {ETC}/charge-point.toml
cat >> {ETC}/charge-point.toml <<END
[timing]
registration_retry_s = 1
transaction_time_out_s = 20
back_off_max_s = 1
END
"""

pytestmark = [
    pytest.mark.package,
    pytest.mark.skipif(bool(NO_CONTAINER), reason=f"no container: {NO_CONTAINER}"),
    pytest.mark.timeout(1800),  # once, a root must be fetched and compiled in
]


@dataclass
class Box:
    """A booted mock box with the package, its owner's bundles in /root, and its Central System."""

    debian: Container
    partner: Partner
    made: Versions

    @property
    def root(self) -> Path:
        """Its files as this process sees them."""
        return self.debian.runtime.parents[1]

    def sh(self, script: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.debian.run("sh", "-ec", script, check=check, within_s=UPDATE_S)

    def until(self, holds: Callable[[], object], what: str) -> None:
        self.debian.until(lambda: bool(holds()), what, every_s=0.2, within_s=UPDATE_S)

    def boots(self) -> None:
        self.debian.boot()
        self.partner.listen(int(self.debian.runtime.parts[2]))

    def loses_power(self) -> None:
        """All is killed at once."""
        self.debian.close()
        self.partner.leave()

    def patience(self, steady_s: float, within_s: float) -> None:
        lines = (
            f"[Service]\\nEnvironment=EVSE_TRIAL_STEADY_S={steady_s:g} EVSE_TRIAL_WITHIN_S={within_s:g}\\n"
        )
        self.sh(f"mkdir -p $(dirname {DROP_IN}); printf '{lines}' > {DROP_IN}; systemctl daemon-reload")

    def update(self, what: str, *more: str) -> tuple[int, str]:
        """The owner's command; its exit code, and the last line that it said."""
        done = self.debian.run("evse-bridge", "update", *more, what, check=False, within_s=UPDATE_S)
        return done.returncode, (done.stdout + done.stderr).strip().splitlines()[-1]

    @contextmanager
    def updating(self, what: str) -> Iterator[Callable[[], tuple[int, str]]]:
        """The owner's command, which goes on meanwhile; gives what waits for its end."""
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(self.update, what)
            yield lambda: asked.result(UPDATE_S)

    @property
    def current(self) -> str:
        return self.debian.run("readlink", f"{SLOTS}/current").stdout.strip()

    @property
    def answer(self) -> str:
        return self.debian.run("cat", "/run/evse-bridge/update-answer", check=False).stdout.strip()

    def on_trial(self) -> bool:
        return (self.debian.runtime / "trial").exists()

    def begins_session(self) -> None:
        self.debian.mock(do="plug-in")
        self.debian.mock(do="swipe", tag=CARD)
        self.until(lambda: self.partner.status == "Charging", "charging")

    def ends_session(self) -> None:
        stop = {"transactionId": self.partner.transactions[-1].id}
        assert self.partner.call("RemoteStopTransaction", stop) == {"status": "Accepted"}
        self.until(self.leaves, "the lock lets go")
        self.until(lambda: self.partner.status not in ("Charging", "Finishing"), "the car is gone")

    def leaves(self) -> bool:
        try:
            self.debian.mock(do="plug-out")
        except CommandError:  # it is still locked
            return False
        return True

    def billed(self, sessions: int) -> None:
        """So many, each once and to its end."""
        done = lambda: [len(one.stops) for one in self.partner.transactions] == [1] * sessions  # noqa: E731
        self.until(done, f"{sessions} sessions, not {self.partner.transactions}")
        assert self.partner.central_system.ledger.loose == []

    def is_well(self, number: int) -> None:
        """That version runs, nothing of an update is left, and the Central System sees it ready."""
        ended = lambda: self.debian.show("evse-update", "ActiveState") == "inactive"  # noqa: E731
        self.until(ended, "the update's program has ended")  # what is old goes last
        self.until(lambda: self.partner.status == "Available", "available")
        assert self.current == numbers(number)
        assert self.partner.boots[-1] == numbers(number)
        assert not self.on_trial()
        left = self.sh(f"cd {SLOTS}; ls -d *.part trial.json before-trial wanted.json 2>/dev/null || true")
        assert left.stdout == ""
        assert self.sh("systemctl list-units --failed --no-legend").stdout == ""


def numbers(number: int) -> str:
    return version(number).numbers


@pytest.fixture(params=["bookworm", "trixie"])
def box(request: pytest.FixtureRequest, short_folder: Path) -> Iterator[Box]:
    target = Target(request.param, "amd64")
    try:
        first, made = package(target, version(1)), versions(target)
        debian = Container(short_folder, [plain(target.suite)])
    except (BuildError, NoDebianError) as error:
        pytest.skip(f"no package: {error}")
    home = debian.upper / "root"
    home.mkdir()
    shutil.copy(first, home)
    for number in (RELEASED, NEXT, ODD):
        for name in ("", SUFFIX):
            shutil.copy(f"{made.archive(number)}{name}", home)
    (debian.upper / "etc/evse-bridge").mkdir(parents=True)
    (debian.upper / "etc/evse-bridge/firmware.pem").write_bytes(made.public_key())
    (debian.upper / "var/log/journal").mkdir(parents=True)
    partner = Partner(home)
    try:
        box = Box(debian, partner, made)
        box.boots()
        installed(box, first.name)
        yield box
    finally:
        debian.close()
        partner.close()


def installed(box: Box, first: str) -> None:
    """A mock box as after `setup`, with short trials."""
    box.sh(f"apt-get --yes install /root/{first}")
    become_mock(box.debian)
    box.sh(AUTHORIZED)
    box.patience(steady_s=2, within_s=120)
    box.sh("systemctl enable --quiet --now evse-bridge.target")
    box.until(lambda: box.partner.boots, "booted")
    box.is_well(1)


def test_the_chain(box: Box) -> None:
    the_central_system_updates(box)
    the_owner_updates(box)
    what_is_wrong_is_refused_by_name(box)
    a_backlog_and_a_card_survive_a_bad_trial(box)
    what_does_not_prove_itself_comes_back(box)
    a_cut_and_a_broken_package_take_no_way_back(box)
    assert box.partner.central_system.violations == []


# From the Central System


def asks(box: Box, location: str) -> None:
    now = f"{datetime.now(UTC) - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"
    given = {"location": location, "retrieveDate": now, "retries": 0}
    assert box.partner.call("UpdateFirmware", given) == {}


def the_central_system_updates(box: Box) -> None:
    """While a car charges: it goes on charging, and the update waits for its end."""
    partner = box.partner
    box.begins_session()
    with pytest.raises(Refused, match="must be one of http, https"):
        asks(box, "ftp://127.0.0.1/2.tar.xz")
    asks(box, url(f"{RELEASED}.tar.xz"))
    box.until(lambda: partner.firmware == ["Downloading", "Downloaded"], "downloaded")
    assert partner.status == "Charging"
    assert box.debian.mock(do="state")["contactor_closed"]
    box.ends_session()
    box.until(lambda: partner.firmware[2:] == ["Installing", "Installed"], "installed")
    assert partner.boots == [numbers(1), numbers(RELEASED)]
    box.is_well(RELEASED)
    assert "Unavailable" in partner.central_system.ledger.statuses()  # in its trial, and just before
    box.begins_session()
    box.ends_session()
    box.billed(2)


# By the owner


def the_owner_updates(box: Box) -> None:
    """From an address while a car charges: the command waits, and says so. Back by the owner's word alone.

    The Central System is told nothing of what the owner does.
    """
    box.begins_session()
    with box.updating(url(f"{NEXT}.tar.xz")) as ended:
        box.until(lambda: box.answer == "waiting: a car charges", "waiting")
        assert box.partner.status == "Charging"
        box.ends_session()
        assert ended() == (0, f"installed {numbers(NEXT)}")
    box.is_well(NEXT)
    heard = box.partner.firmware
    asks(box, url(f"{RELEASED}.tar.xz"))
    too_old = [*heard, "Downloading", "InstallationFailed"]
    box.until(lambda: box.partner.firmware == too_old, "too old")
    code, said = box.update(f"/root/{RELEASED}.tar.xz")
    assert (code, f"{numbers(RELEASED)} is older than {numbers(NEXT)}" in said) == (1, True), said
    assert "--allow-older" in said
    assert box.update(f"/root/{RELEASED}.tar.xz", "--allow-older") == (0, f"installed {numbers(RELEASED)}")
    box.is_well(RELEASED)
    assert box.partner.firmware == too_old
    box.billed(3)


# What must not be installed


def what_is_wrong_is_refused_by_name(box: Box) -> None:
    """Each says what is wrong; nothing is stopped, and nothing stays."""
    before = box.debian.pids()
    other = next(name for name in ("bookworm", "trixie") if name != box.made.target.suite)
    key = box.root / "root" / "stranger.pem"
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key))
    for said, how in (
        ("on aarch64; this box is", Manifest(Target(box.made.target.suite, "arm64"))),
        (f"is for {other} on x86_64; this box is {box.made.target.suite}", Manifest(Target(other, "amd64"))),
        ("the signature expired on 2026-01-02", Manifest(expires=date(2026, 1, 2))),
        ("is not signed with the key of /etc/evse-bridge/firmware.pem", Manifest(secret=key)),
    ):
        sign(wrong(box), box.made, NEXT, how)
        refused(box, "/root/wrong.tar.xz", said)
    sign(wrong(box), box.made, NEXT)
    subprocess.run(["truncate", "--size=-1", box.root / "root" / "wrong.tar.xz"], check=True)
    refused(box, "/root/wrong.tar.xz", "the archive was cut off")
    refused(box, "/root/none.tar.xz", "an archive and its manifest lie side by side")
    refused(box, url("half/wrong.tar.xz"), "not fetched: 127.0.0.1")
    refused(box, "http://127.0.0.1:1/x", "not fetched: 127.0.0.1")
    refused(box, "http://updates.example/x", "not fetched: updates.example")  # there is no network
    box.sh("mount -t tmpfs -o size=1m tmpfs /var/tmp")
    refused(box, url(f"{NEXT}.tar.xz"), "No space left on device")
    box.sh("umount /var/tmp")
    with full_card(box):
        refused(box, f"/root/{NEXT}.tar.xz", "the card is full: the archive needs")
    box.sh(f"cp -p {ETC}/charge-point.toml /root; echo 'pace_s = 1' >> {ETC}/charge-point.toml")
    refused(box, f"/root/{NEXT}.tar.xz", f"{numbers(NEXT)} is not tried: it refuses the configuration")
    assert "charge-point.toml" in box.answer
    assert "timing.pace_s" in box.answer
    box.sh(f"cp -p /root/charge-point.toml {ETC}")
    assert box.debian.pids() == before

    seen = len(box.partner.firmware)
    firmware = "/var/lib/evse-bridge/bridge/firmware"
    box.sh(f"mount -t tmpfs -o size=1m,mode=750,uid=$(id -u evse-bridge) tmpfs {firmware}")
    asks(box, url(f"{NEXT}.tar.xz"))
    box.until(lambda: box.partner.firmware[seen:] == ["Downloading", "DownloadFailed"], "full")
    box.sh(f"umount {firmware}")
    asks(box, url("wrong.tar.xz"))
    words = ["Downloading", "Downloaded", "InstallationFailed"]
    box.until(lambda: box.partner.firmware[seen + 2 :] == words, "not genuine")
    assert box.debian.pids() == before
    box.is_well(RELEASED)


@contextmanager
def full_card(box: Box) -> Iterator[None]:
    """The slots, with the version that runs, lie on a card that has no room for another."""
    card, running = "/run/full", box.current
    box.sh(
        f"mkdir {card}; mount -t tmpfs -o size=70m tmpfs {card}; mkdir {card}/{running}; "
        f"mount --bind {SLOTS}/{running} {card}/{running}; ln -s {running} {card}/current; "
        f"mount --rbind {card} {SLOTS}"
    )
    yield
    box.sh(f"umount --recursive {SLOTS}; umount --recursive {card}; rmdir {card}")


def wrong(box: Box) -> Path:
    """A copy of an archive, on the box."""
    return Path(shutil.copy(box.made.archive(NEXT), box.root / "root" / "wrong.tar.xz"))


def refused(box: Box, what: str, why: str) -> None:
    code, said = box.update(what)
    assert (code != 0, why in said) == (True, True), said


# What does not prove itself


def a_backlog_and_a_card_survive_a_bad_trial(box: Box) -> None:
    """Sessions that nobody was told of yet, a Central System that comes back in the trial, a card in it."""
    partner, debian = box.partner, box.debian
    before = len(partner.transactions)
    partner.central_system.script.refuse = HTTPStatus.SERVICE_UNAVAILABLE
    partner.drop()
    box.sh("systemctl stop evse-bridge")
    store_backlog(box)
    box.sh("systemctl start evse-bridge")
    box.patience(steady_s=600, within_s=600)
    with box.updating(f"/root/{NEXT}.tar.xz") as ended:
        box.until(box.on_trial, "on trial")
        partner.central_system.script.refuse = None
        box.until(lambda: partner.boots[-1] == numbers(NEXT), "reached in the trial")
        box.until(lambda: partner.status == "Unavailable", "unavailable")
        debian.mock(do="plug-in")
        debian.mock(do="swipe", tag=CARD)
        box.until(lambda: any(CARD in line and "on trial" in line for line in said_by_bridge(box)), "refused")
        assert len(partner.central_system.requests("StartTransaction")) == before
        box.sh("systemctl kill --signal=KILL evse-bridge")
        why = "evse-bridge.service ended by itself and had to be started again"
        assert ended() == (1, f"failed: {numbers(NEXT)} was taken back, {numbers(RELEASED)} runs: {why}")
    box.billed(before + BACKLOG)
    starts = [one.start["meterStart"] for one in partner.transactions[before:]]
    assert starts == [BACKLOG_WH + number for number in range(BACKLOG)]
    debian.mock(do="unplug-at-car")  # until then its cable is locked
    box.until(box.leaves, "the lock lets go")
    box.is_well(RELEASED)
    box.begins_session()
    box.ends_session()
    box.billed(before + BACKLOG + 1)


def said_by_bridge(box: Box) -> list[str]:
    return box.debian.journal("--unit=evse-bridge").splitlines()


def store_backlog(box: Box) -> None:
    """As a box that was offline has them; the bridge is stopped."""
    path = box.root / "var/lib/evse-bridge/bridge/bridge.sqlite"
    assert not path.with_name("bridge.sqlite-wal").exists()
    outside = shutil.copy(path, box.debian.upper.parent)  # SQLite follows no /proc/PID/root
    with closing(Database(outside)) as store:
        first = store.next_row_id()
        for number in range(BACKLOG):
            began, wh = BEGAN + timedelta(minutes=number), BACKLOG_WH + number
            row = TransactionRow(first + number, "before", 1, CARD, None, wh, began)
            stop = TransactionStopped(row.row_id, began + timedelta(seconds=30), wh + 1, "Local", CARD, False)
            store.apply([TransactionStarted(row), stop])
    path.write_bytes(Path(outside).read_bytes())


def what_does_not_prove_itself_comes_back(box: Box) -> None:
    """By itself; the Central System is told, and the owner finds why, also later."""
    box.patience(steady_s=10, within_s=120)
    seen = len(box.partner.firmware)
    conduct(box, "does not start")
    asks(box, url(f"{ODD}.tar.xz"))
    words = ["Downloading", "Downloaded", "Installing", "InstallationFailed"]
    box.until(lambda: box.partner.firmware[seen:] == words, "taken back")
    assert numbers(ODD) not in box.partner.boots
    box.is_well(RELEASED)
    for how, why in (("crashes", "evse-bridge.service"), ("does not tick", "evse-safety.service")):
        conduct(box, how)
        code, said = box.update(f"/root/{ODD}.tar.xz")
        assert (code, said.startswith(f"failed: {numbers(ODD)} was taken back")) == (1, True), said
        assert why in said
        box.is_well(RELEASED)
        assert outcome(box) == said
        assert json.dumps(said)[1:-1] in box.sh("evse-bridge doctor --mock --json", check=False).stdout
        assert said in box.debian.journal("--unit=evse-update")
    assert numbers(ODD) not in box.sh(f"ls {SLOTS}").stdout


def outcome(box: Box) -> str:
    """What whoever looks later finds: the owner's side too, which tells of it."""
    found = read_outcome(box.root / "var/lib/evse-bridge")
    told = box.debian.run("cat", f"{SLOTS}/outcome.json", user="evse-local").stdout
    assert found is not None
    assert json.loads(told)["text"] == found.text
    return found.text


def conduct(box: Box, word: str) -> None:
    (box.root / CONDUCT.lstrip("/")).write_text(word)


def a_cut_and_a_broken_package_take_no_way_back(box: Box) -> None:
    """The way back is walked by the version before, whatever became of the package's programs."""
    box.sh("rm -r /usr/lib/evse-bridge/application/lib/python3*/site-packages/deploy")
    conduct(box, "does not start")
    assert box.update(f"/root/{ODD}.tar.xz")[1].startswith(f"failed: {numbers(ODD)} was taken back")
    box.is_well(RELEASED)

    box.patience(steady_s=600, within_s=600)
    with box.updating(f"/root/{NEXT}.tar.xz"):
        box.until(lambda: box.on_trial() and box.partner.boots[-1] == numbers(NEXT), "on trial")
        unpacking = box.root / "usr/lib/evse-bridge/application/bin/python.dpkg-new"
        with ThreadPoolExecutor(1) as pool:
            pool.submit(box.sh, "dpkg --unpack /root/evse-bridge_*.deb", check=False)
            box.debian.until(unpacking.is_symlink, "dpkg unpacks", every_s=0.01)
            box.loses_power()
    box.boots()
    assert "half-installed" in box.sh("dpkg --status evse-bridge").stdout
    box.until(lambda: box.partner.boots[-1] == numbers(RELEASED), "back")
    box.is_well(RELEASED)
    assert re.match(rf"failed: {numbers(NEXT)} was taken back.* started again", outcome(box))

    mended = box.sh("dpkg --install /root/evse-bridge_*.deb").stdout
    assert f"evse-bridge {numbers(RELEASED)} stays: the package's {numbers(1)} is older" in mended
    box.is_well(RELEASED)
