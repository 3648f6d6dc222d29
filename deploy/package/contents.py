"""The files of the package below a folder, as they will lie on the box."""

from __future__ import annotations

import gzip
import os
import shutil
import sys
from email.utils import formatdate
from pathlib import Path

from deploy.builds import run
from deploy.package.bundled import copyright_file
from deploy.package.release import Release

MAINTAINER = "The evse-bridge authors <evse-bridge@noreply.invalid>"
LIB = Path("usr/lib/evse-bridge")
DOC = Path("usr/share/doc/evse-bridge")
# In deploy/package/debian, and where it lies on the box.
_AS_IT_IS = {
    "evse-bridge": "usr/bin/evse-bridge",
    "lintian-overrides": "usr/share/lintian/overrides/evse-bridge",
    "needrestart.conf": "etc/needrestart/conf.d/evse-bridge.conf",
    "apt.conf": "etc/apt/apt.conf.d/52evse-bridge",
}
# In deploy; for the owner's own Grafana and Prometheus.
_EXAMPLES = ("grafana/evse-bridge.json", "prometheus/evse-bridge.rules.yml")
# A laptop's watchdog and its kernel's panics are not ours.
_WALLBOX_ONLY = ("usr/lib/systemd/system.conf.d", "usr/lib/sysctl.d")


def put(release: Release, sources: Path, root: Path) -> None:
    """Puts all beside the application itself, which is there already, below `root`. Raises BuildError."""
    run(str(sources / "deploy" / "install-units"), str(root))
    if release.target.arch == "amd64":
        for folder in _WALLBOX_ONLY:
            shutil.rmtree(root / folder)
    debian = sources / "deploy" / "package" / "debian"
    for name, place in _AS_IT_IS.items():
        _put(root / place, (debian / name).read_bytes())
    (root / LIB / "current").symlink_to("/var/lib/evse-bridge/slots/current")
    shutil.copytree(sources / "systemd" / "mock", root / "usr/share/evse-bridge/mock")
    _documents(release, sources, root)
    _settle(root, release.commit.time_s)


def _documents(release: Release, sources: Path, root: Path) -> None:
    site_packages = root / LIB / "application/lib" / f"python{release.target.python}" / "site-packages"
    _put(root / DOC / "copyright", copyright_file((sources / "LICENSE").read_text(), site_packages).encode())
    _put(root / DOC / "changelog.gz", _compressed(changelog(release)))
    _put(root / DOC / "CHANGELOG.md", (sources / "CHANGELOG.md").read_bytes())
    for name in _EXAMPLES:
        _put(root / DOC / "examples" / Path(name).name, (sources / "deploy" / name).read_bytes())
    pages = (sys.executable, "-m", "deploy.package.pages", release.commit.version, str(release.commit.time_s))
    run(*pages, str(root), cwd=sources)


def changelog(release: Release) -> str:
    """Returns it as Debian's policy 4.4 wants it. What changed for a user is in CHANGELOG.md."""
    commit = release.commit
    return (
        f"evse-bridge ({release.debian_version}) {release.target.suite}; urgency=medium\n\n"
        f"  * Commit {commit.hash}.\n  * What changed: CHANGELOG.md in this folder.\n\n"
        f" -- {MAINTAINER}  {formatdate(commit.time_s)}\n"
    )


def _compressed(text: str) -> bytes:
    """Without name and time, so that the same text gives the same bytes (gzip -n)."""
    return gzip.compress(text.encode(), 9, mtime=0)


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _settle(root: Path, time_s: int) -> None:
    """Everything is root's, readable for all, writable for root alone, and of the commit's time."""
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or _is_program(path) else 0o644)
        os.utime(path, (time_s, time_s), follow_symlinks=False)


def _is_program(path: Path) -> bool:
    """Begins as a script, in a folder of programs: what others bring in site-packages is only read."""
    return path.is_file() and "site-packages" not in path.parts and path.read_bytes()[:2] == b"#!"
