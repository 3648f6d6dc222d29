"""The parts of the package, without an environment: what is in it, its version, its pages, its scripts."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import stat
import subprocess
from base64 import b64decode
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bridge import version
from deploy.builds import ROOT, BuildError, lacking
from deploy.package import bundle, contents, deb
from deploy.package.commands import tree
from deploy.package.commit import Commit, project_version, with_version
from deploy.package.completion import completion
from deploy.package.differences import differences
from deploy.package.man_page import man_page
from deploy.package.release import Release
from deploy.package.target import ALL, Target, chosen

DEBIAN = ROOT / "deploy" / "package" / "debian"
COMMIT = Commit("0.1.0.2345+g6719186", "6719186" + "0" * 33, 1_750_000_000)
PI = Target("bookworm", "arm64")
LAPTOP = Target("trixie", "amd64")
FOR_PI = Release(PI, COMMIT)

needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not here: no Debian")


def test_words_choose_suites_and_architectures() -> None:
    assert chosen([]) == list(ALL)
    assert chosen(["trixie"]) == [Target("trixie", "arm64"), LAPTOP]
    assert chosen(["arm64", "bookworm"]) == [PI]
    with pytest.raises(ValueError, match=r"armhf: must be one of bookworm, trixie, arm64, amd64"):
        chosen(["trixie", "armhf"])


def test_what_a_build_lacks_is_named_with_its_packages() -> None:
    assert lacking({"sh": "dash", "/": "base-files"}) == ""
    tools = {"no-such-tool": "one", "sh": "dash", "/no/such/file": "two", "nor-this": "one"}
    assert lacking(tools) == (
        "not on this machine: no-such-tool, /no/such/file, nor-this; on Debian: apt install one two"
    )


def test_a_build_writes_its_version_into_the_project() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert project_version(text) == "0.1.0"
    written = with_version(text, COMMIT.version)
    assert [line for line in written.splitlines() if line not in text.splitlines()] == [
        f'version = "{COMMIT.version}"'
    ]
    assert version.numbers(COMMIT.version) == COMMIT.numbers == "0.1.0.2345"
    with pytest.raises(BuildError, match="three numbers"):
        project_version('version = "0.1"')


@needs_dpkg
def test_debian_orders_versions_as_we_do() -> None:
    """A newer commit wins; of one commit the newer release, as where the system itself is upgraded."""
    newer = replace(COMMIT, version="0.1.0.10000+g0000000")
    pairs = [
        (PI.debian_version(COMMIT.version), LAPTOP.debian_version(COMMIT.version)),
        (LAPTOP.debian_version(COMMIT.version), PI.debian_version(newer.version)),
    ]
    for older, later in pairs:
        subprocess.run(["dpkg", "--compare-versions", older, "lt", later], check=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The files of a package for a Pi, with next to nothing as its application."""
    return put(tmp_path / "root", PI)


def put(root: Path, target: Target) -> Path:
    programs = root / contents.LIB / "application"
    site_packages = programs / "lib" / f"python{target.python}" / "site-packages"
    (site_packages / "other-1.dist-info").mkdir(parents=True)
    (site_packages / "other-1.dist-info" / "METADATA").write_text("Name: other\nVersion: 1\nLicense: Free\n")
    (site_packages / "other.py").write_text("#!/usr/bin/python\n")
    (programs / "bin").mkdir()
    (programs / "bin" / "python").symlink_to(f"/usr/bin/python{target.python}")
    contents.put(Release(target, COMMIT), ROOT, root)
    return root


def places(root: Path) -> set[str]:
    found = (path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir())
    return {
        place
        for place in found
        if not place.startswith(("usr/share/doc/", "usr/lib/evse-bridge/application/"))
    }


def test_all_that_a_box_needs_is_in_it(root: Path) -> None:
    units = {
        path.name for path in (ROOT / "systemd").iterdir() if path.suffix in (".service", ".path", ".target")
    }
    assert {f"usr/lib/systemd/system/{name}" for name in units} <= places(root)
    assert places(root) >= {
        "etc/apt/apt.conf.d/52evse-bridge",
        "etc/needrestart/conf.d/evse-bridge.conf",
        "usr/bin/evse-bridge",
        "usr/lib/evse-bridge/current",
        "usr/lib/evse-bridge/grant-pwm",
        "usr/lib/evse-bridge/reset",
        "usr/lib/sysctl.d/90-evse-bridge.conf",
        "usr/lib/systemd/system.conf.d/90-evse-bridge.conf",
        "usr/lib/sysusers.d/evse-bridge.conf",
        "usr/lib/tmpfiles.d/evse-bridge.conf",
        "usr/lib/udev/rules.d/99-evse-bridge.rules",
        "usr/share/bash-completion/completions/evse-bridge",
        "usr/share/evse-bridge/mock/evse-mock.service",
        "usr/share/evse-bridge/mock/mock.conf",
        "usr/share/man/man1/evse-bridge.1.gz",
    }
    assert (root / "usr/lib/evse-bridge/current").readlink() == Path("/var/lib/evse-bridge/slots/current")
    enabled = [path for path in root.rglob("*") if path.parent.name.endswith((".wants", ".requires"))]
    assert enabled == []


def test_a_laptop_keeps_its_own_watchdog_and_panics(root: Path, tmp_path: Path) -> None:
    assert places(root) - places(put(tmp_path / "laptop", LAPTOP)) == {
        "usr/lib/sysctl.d/90-evse-bridge.conf",
        "usr/lib/systemd/system.conf.d/90-evse-bridge.conf",
    }


def test_every_file_can_be_read_by_all_and_changed_by_root_alone(root: Path) -> None:
    programs = set()
    for path in root.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.is_symlink():
            continue
        assert mode == (0o755 if path.is_dir() or mode & 0o100 else 0o644), path
        assert path.lstat().st_mtime == COMMIT.time_s
        if path.is_file() and mode & 0o100:
            programs.add(path.relative_to(root).as_posix())
    assert programs == {
        "usr/bin/evse-bridge",
        *(place for place in places(root) if "lib/evse-bridge/" in place),
    } - {"usr/lib/evse-bridge/current"}


def test_it_says_whose_work_it_brings_along(root: Path) -> None:
    text = (root / contents.DOC / "copyright").read_text()
    assert (ROOT / "LICENSE").read_text() in text
    assert "\nother 1: Free\n" in text


def test_the_changelog_is_of_this_version_and_commit(root: Path) -> None:
    text = gzip.decompress((root / contents.DOC / "changelog.gz").read_bytes()).decode()
    assert text.startswith("evse-bridge (0.1.0.2345+g6719186+deb12) bookworm; urgency=medium\n")
    assert COMMIT.hash in text
    assert text.endswith(f" -- {contents.MAINTAINER}  Sun, 15 Jun 2025 15:06:40 -0000\n")


@needs_dpkg
def test_two_packages_of_one_content_are_equal(tmp_path: Path) -> None:
    roots = {name: put(tmp_path / f"{name}-root", PI) for name in ("one", "two")}
    built = [deb.build(FOR_PI, DEBIAN, root, new(tmp_path / name)) for name, root in roots.items()]
    assert built[0].read_bytes() == built[1].read_bytes()
    assert differences(*built) == []
    assert [path.name for path in built] == ["evse-bridge_0.1.0.2345+g6719186+deb12_arm64.deb"] * 2


@needs_dpkg
def test_what_differs_between_two_packages_is_listed(tmp_path: Path) -> None:
    roots = [put(tmp_path / f"{name}-root", PI) for name in ("one", "two")]
    (roots[1] / "usr/bin/evse-bridge").chmod(0o700)
    (roots[1] / "usr/bin/more").write_text("")
    one, two = (deb.build(FOR_PI, DEBIAN, root, new(tmp_path / root.name[:3])) for root in roots)
    found = [line for line in differences(one, two) if not line.endswith(("/", "md5sums"))]
    assert {"data ./usr/bin/evse-bridge", "data ./usr/bin/more"} <= set(found)
    assert not [line for line in found if "/usr/lib/" in line]


def new(folder: Path) -> Path:
    folder.mkdir()
    return folder


@needs_dpkg
def test_debian_is_told_what_it_must_know(root: Path, tmp_path: Path) -> None:
    package = deb.build(FOR_PI, DEBIAN, root, tmp_path)
    said = subprocess.run(["dpkg-deb", "--field", package], check=True, capture_output=True, text=True).stdout
    fields = dict(line.split(": ", 1) for line in said.splitlines() if line[0] != " ")
    assert fields["Version"] == "0.1.0.2345+g6719186+deb12"
    assert fields["Architecture"] == "arm64"
    assert "python3.11," in fields["Depends"]
    subprocess.run(["dpkg-deb", "--control", package, tmp_path / "control"], check=True)
    assert (tmp_path / "control" / "conffiles").read_text().splitlines() == [
        "/etc/apt/apt.conf.d/52evse-bridge",
        "/etc/needrestart/conf.d/evse-bridge.conf",
    ]
    sums = dict(
        line.split("  ")[::-1] for line in (tmp_path / "control" / "md5sums").read_text().splitlines()
    )
    launcher = (DEBIAN / "evse-bridge").read_bytes()
    assert sums["usr/bin/evse-bridge"] == hashlib.md5(launcher, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("script", [*deb.SCRIPTS, "evse-bridge"])
def test_a_script_is_one_for_every_shell(script: str) -> None:
    text = (DEBIAN / script).read_text()
    assert text.startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n", DEBIAN / script], check=True)
    assert re.search(r"\[\[|^\s*local\b|^\s*function\b|<<<|&>", text, re.MULTILINE) is None


def launched(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = (DEBIAN / "evse-bridge").read_text().replace("/usr/lib/evse-bridge", str(folder))
    return subprocess.run(
        ["sh", "-c", script, "evse-bridge", *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_says_what_to_do_where_no_version_is(tmp_path: Path) -> None:
    done = launched(tmp_path, "doctor")
    assert (done.returncode, done.stdout) == (1, "")
    assert "leads to no version: sudo dpkg-reconfigure evse-bridge" in done.stderr


def test_the_command_runs_in_the_version_itself(tmp_path: Path) -> None:
    """Not through the link, which may lead elsewhere a moment later."""
    (tmp_path / "slots/1.2.3.4/bin").mkdir(parents=True)
    python = tmp_path / "slots/1.2.3.4/bin/python"
    python.write_text('#!/bin/sh\necho "$0" "$@"\n')
    python.chmod(0o755)
    (tmp_path / "current").symlink_to("slots/1.2.3.4")
    assert launched(tmp_path, "a b", "c").stdout == f"{python} -I -m bridge.cli.main a b c\n"


def test_the_man_page_has_every_command_and_option() -> None:
    page = man_page(tree(), COMMIT.version, COMMIT.time_s)
    assert page.startswith(
        '.TH EVSE-BRIDGE 1 "2025-06-15" "evse-bridge 0.1.0.2345+g6719186" "User Commands"\n'
    )
    shown = page.replace("\\-", "-")
    for command in tree().walk():
        if not command.commands:
            assert f".SS {' '.join(command.words)}\n{command.help}\n" in shown
        assert all(f"\\fB{option}\\fR" in shown for option in command.options)
    macros = {line.split()[0] for line in page.splitlines() if line[0] in ".'"}
    assert macros <= {".TH", ".SH", ".SS", ".TP", ".B", ".BR"}


def completed(*words: str) -> list[str]:
    """What bash offers for the last of the words."""
    asks = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _evse_bridge; printf "%s\\n" "${COMPREPLY[@]}"'
    script = f"{completion(tree())}\n{asks}"
    command = ["bash", "-c", script, "bash", "evse-bridge", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def test_bash_completes_commands_and_options() -> None:
    assert {"doctor", "sessions", "config"} <= set(completed(""))
    assert completed("doc") == ["doctor"]
    assert set(completed("config", "")) == {"init", "check", "migrate"}
    assert completed("config", "check", "--co") == ["--config-dir"]
    assert completed("sessions", "--und") == ["--undelivered"]
    assert "--version" in completed("--")
    assert completed("doctor", "--report", "x") == []  # a file


@pytest.mark.skipif(shutil.which("xz") is None, reason="tar needs xz; on Debian: apt install xz-utils")
def test_a_bundle_is_the_application_and_a_signed_manifest(root: Path, tmp_path: Path) -> None:
    secrets = [Ed25519PrivateKey.generate() for _ in range(2)]
    keys = [tmp_path / f"{number}.pem" for number in range(2)]
    for secret, path in zip(secrets, keys, strict=True):
        path.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    application = root / contents.LIB / "application"
    signing = bundle.Signing(tuple(keys), date(2027, 12, 31))
    archive = bundle.build(FOR_PI, application, signing, tmp_path)
    content = archive.read_bytes()
    said = archive.with_name(f"{archive.name}.manifest").read_bytes()
    signed, *signatures = said.split(b"signature ")
    assert signed.decode().splitlines() == [
        "evse-bridge firmware",
        "version 0.1.0.2345",
        "suite bookworm",
        "machine aarch64",
        f"size {len(content)}",
        f"sha256 {hashlib.sha256(content).hexdigest()}",
        "expires 2027-12-31",
    ]
    for secret, signature in zip(secrets, signatures, strict=True):
        secret.public_key().verify(b64decode(signature), signed)
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "--extract", f"--file={archive}", f"--directory={unpacked}"], check=True)
    assert (
        subprocess.run(["diff", "-r", "--no-dereference", application, unpacked], check=False).returncode == 0
    )
    again = bundle.build(FOR_PI, application, signing, tmp_path)
    assert again.read_bytes() == content


def test_a_key_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("none")
    with pytest.raises(BuildError, match=f"{tmp_path}/key: cannot be read as a private key"):
        bundle.build(FOR_PI, tmp_path / "empty", bundle.Signing((tmp_path / "key",)), tmp_path)
