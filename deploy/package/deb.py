"""The Debian package of a folder of files: what Debian must know of it, and the archive itself."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from deploy.builds import run
from deploy.package.contents import MAINTAINER
from deploy.package.release import Release

SCRIPTS = ("postinst", "prerm", "postrm")
_DESCRIPTION = """\
Description: OCPP 1.6J charge point for a home-built wallbox
 Drives control pilot, contactor and cable lock of a wallbox, reads its meter
 and cards, and speaks OCPP 1.6J to a Central System.
 .
 Nothing is started by the installation: evse-bridge setup comes first.
"""


def control(release: Release, size_kib: int) -> str:
    """Returns the fields. All that it depends on is in a plain Raspberry Pi OS Lite and in Debian."""
    depends = (
        f"python{release.target.python}",
        f"libc6 (>= {release.target.libc})",
        "libstdc++6",
        "libsystemd0",
        "systemd",
        "udev",
        "ca-certificates",
    )
    fields = {
        "Package": "evse-bridge",
        "Version": release.debian_version,
        "Architecture": release.target.arch,
        "Maintainer": MAINTAINER,
        "Installed-Size": str(size_kib),
        "Depends": ", ".join(depends),
        "Suggests": "unattended-upgrades, bash-completion",
        "Section": "misc",
        "Priority": "optional",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items()) + _DESCRIPTION


def build(release: Release, scripts: Path, root: Path, to: Path) -> Path:
    """Writes the package of `root` into the folder `to`, and returns it. Raises BuildError."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    places = {path: path.relative_to(root).as_posix() for path in files}
    debian = root / "DEBIAN"
    debian.mkdir()
    size_kib = sum(-(-path.stat().st_size // 1024) for path in files)
    (debian / "control").write_text(control(release, size_kib))
    (debian / "md5sums").write_text("".join(f"{_md5(path)}  {place}\n" for path, place in places.items()))
    etc = (place for place in places.values() if place.startswith("etc/"))
    (debian / "conffiles").write_text("".join(f"/{place}\n" for place in etc))
    for name in SCRIPTS:
        shutil.copy(scripts / name, debian / name)
    for path in debian.iterdir():
        path.chmod(0o755 if path.name in SCRIPTS else 0o644)
    debian.chmod(0o755)
    package = to / release.package
    # One thread: another number of them gives other bytes.
    built = ("dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(root), str(package))
    run("env", f"SOURCE_DATE_EPOCH={release.commit.time_s}", "DPKG_DEB_THREADS_MAX=1", *built)
    return package


def _md5(path: Path) -> str:
    """Policy: debsums and dpkg --verify compare them; they protect against no attacker."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
