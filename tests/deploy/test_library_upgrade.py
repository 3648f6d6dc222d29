"""What the distribution's own security updates do to a box that charges: nothing until its next start.

In booted Debians with unattended-upgrades, and needrestart, which restarts what uses an upgraded library:
`make test-package`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.builds import BuildError, cached, run
from deploy.package.target import Target
from tests.deploy import container as machine
from tests.deploy.container import Container
from tests.deploy.layers import PLAIN_PACKAGES, NoDebianError
from tests.deploy.test_package_installed import Box, charges, last, package

NO_CONTAINER = machine.missing() or machine.refused()
LIBRARY = "libexpat1"  # Debian's Python has it open
ARCHIVE = "/srv/security"  # of the distribution, in small: one upgrade
# The library as it is, as a version that is newer by one.
REPACK = f"""
mkdir -p {ARCHIVE} /tmp/new/DEBIAN
dpkg --listfiles {LIBRARY} | while read -r path; do [ -d "$path" ] || cp --parents -a "$path" /tmp/new; done
dpkg --status {LIBRARY} | sed -e '/^Status:/d' -e 's/^Version: .*/&+1/' > /tmp/new/DEBIAN/control
dpkg-deb --build /tmp/new {ARCHIVE}/new.deb
cd {ARCHIVE}
cat /tmp/new/DEBIAN/control - > Packages <<END
Filename: ./new.deb
Size: $(stat -c %s new.deb)
SHA256: $(sha256sum new.deb | cut -d' ' -f1)
END
. /etc/os-release
cat > Release <<END
Origin: Debian
Label: Debian-Security
Codename: $VERSION_CODENAME-security
Date: $(LC_ALL=C date -u -R | sed 's/+0000/UTC/')
SHA256:
 $(sha256sum Packages | cut -d' ' -f1) $(stat -c %s Packages) Packages
END
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:{ARCHIVE} ./' > /etc/apt/sources.list.d/security.list
apt-get update
"""
RESTARTS = ("needrestart", "-r", "a", "-l")  # as if the owner had told it to restart what it finds
OURS = "/etc/needrestart/conf.d/evse-bridge.conf"
NEEDRESTART_S = 300.0  # it looks at every process

pytestmark = [
    pytest.mark.package,
    pytest.mark.skipif(bool(NO_CONTAINER), reason=f"no container: {NO_CONTAINER}"),
    pytest.mark.timeout(1800),  # once, a root must be fetched
]


def with_needrestart(suite: str) -> Path:
    """What the package depends on, and what upgrades by itself and restarts. Raises NoDebianError."""
    packages = f"{PLAIN_PACKAGES},needrestart,unattended-upgrades"

    def build(folder: Path) -> None:
        run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}", suite, f"{folder}/root")

    try:
        return cached(f"needrestart-{suite}", f"{suite} {packages}".encode(), build) / "root"
    except BuildError as error:
        raise NoDebianError(str(error)) from None


@pytest.fixture(params=["bookworm", "trixie"])
def box(request: pytest.FixtureRequest, short_folder: Path) -> Iterator[Box]:
    target = Target(request.param, "amd64")
    try:
        first = package(target, last())
        debian = Container(short_folder, [with_needrestart(target.suite)])
    except (BuildError, NoDebianError) as error:
        pytest.skip(f"no package: {error}")
    (debian.upper / "root").mkdir()
    shutil.copy(first, debian.upper / "root")
    (debian.upper / "var/log/journal").mkdir(parents=True)
    try:
        debian.boot()
        yield Box(debian, target, first, first)
    finally:
        debian.close()


def test_an_upgrade_of_a_library_restarts_nothing_of_ours(box: Box) -> None:
    debian = box.debian
    charges(box)
    before = debian.pids()
    installed = ("dpkg-query", "--show", "--showformat=${Version}", LIBRARY)
    former = debian.run(*installed).stdout
    debian.run("sh", "-ec", REPACK)
    debian.run("unattended-upgrade", "--verbose", within_s=NEEDRESTART_S)
    assert debian.run(*installed).stdout == f"{former}+1"
    assert debian.pids() == before
    said = debian.run(*RESTARTS, within_s=NEEDRESTART_S)
    for unit in ("evse-safety", "evse-instruments", "evse-bridge"):
        assert f"systemctl restart {unit}.service" in said.stdout + said.stderr  # deferred
    # What an upgrade of systemd or of the C library does.
    for _ in range(3):
        debian.run("systemctl", "daemon-reexec")
    assert debian.pids() == before
    assert debian.mock(do="state")["contactor_closed"]
    asked = debian.run("apt-config", "dump", "Unattended-Upgrade::Automatic-Reboot").stdout
    assert asked == 'Unattended-Upgrade::Automatic-Reboot "false";\n'

    debian.run("mv", OURS, "/root")  # without our word it restarts them all
    debian.run(*RESTARTS, within_s=NEEDRESTART_S)
    debian.until(lambda: not set(debian.pids().values()) & {0, *before.values()}, "restarted")
