"""What is put on the card fits together, and with the other parts of the project."""

from __future__ import annotations

import json
import lzma
import os
import re
import shutil
import struct
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from bridge.demo.ledger import Transaction
from deploy.builds import ROOT
from deploy.image import card, imager, initramfs, system
from deploy.image.building import ImageError
from tests.image.judged import ACTIVE, boot_faults, ledger_faults, update_faults
from tests.image.owner import announced

FILES = system.FILES
UNITS = sorted((FILES / "usr/lib/systemd/system").glob("*.service"))
SCRIPTS = sorted((FILES / "usr/lib/evse-image").iterdir())
SHOWN = "20-evse-image-answers.issue"
PI_OS = ROOT / "deploy/image/raspberry-pi-os"


@pytest.mark.parametrize("script", [*SCRIPTS, initramfs.PARTS / "init"], ids=lambda path: path.name)
def test_a_script_is_one_for_sh(script: Path) -> None:
    subprocess.run(["sh", "-n", script], check=True)
    assert script.stat().st_mode & 0o111


def test_every_unit_of_the_image_is_enabled_and_starts_what_is_there() -> None:
    assert {unit.name for unit in UNITS} <= set(system.ENABLED)
    for unit in UNITS:
        [start] = re.findall(r"^ExecStart=(\S+)", unit.read_text(), re.MULTILINE)
        assert not start.startswith("/usr/lib/evse-image/") or (FILES / start.lstrip("/")).exists()


def test_no_unit_of_ours_starts_before_the_first_boot_has_ended() -> None:
    first = (FILES / "usr/lib/systemd/system/evse-image-first-boot.service").read_text()
    before = " ".join(re.findall(r"^Before=(.+)", first, re.MULTILINE)).split()
    assert {"evse-safety.service", "evse-instruments.service", "evse-bridge.service"} <= set(before)


def test_a_box_without_a_network_has_no_unit_that_failed() -> None:
    """Shown by tests.image.board: QEMU's Pi has none."""
    drop_in = "etc/systemd/system/systemd-networkd-wait-online.service.d/evse-image.conf"
    lines = (FILES / drop_in).read_text().splitlines()
    assert [line[:11] for line in lines if line.startswith("ExecStart=")] == ["ExecStart=", "ExecStart=-"]


def test_the_firmware_finds_what_config_txt_names() -> None:
    lines = (card.BOOT_FILES / "config.txt").read_text().splitlines()
    named = dict(line.split("=") for line in lines if line.startswith("kernel="))
    assert named == {"kernel": "vmlinuz"}
    assert "initramfs initrd followkernel" in lines
    assert len((card.BOOT_FILES / "cmdline.txt").read_text().splitlines()) == 1


def test_partitions_follow_one_another() -> None:
    assert card.BOOT.start_mib + card.BOOT.size_mib == card.ROOT.start_mib
    assert card.ROOT.start_mib + card.ROOT.size_mib == card.STATE.start_mib
    assert card.STATE.start_mib + card.STATE.size_mib <= card.SIZE_MIB


def test_the_initramfs_looks_for_the_label_that_the_root_has() -> None:
    assert f"= {card.ROOT.label} ]" in (initramfs.PARTS / "init").read_text()


def test_the_kernel_without_a_wanted_module_is_refused(tmp_path: Path) -> None:
    names = initramfs.MODULES.read_text().split()
    (tmp_path / "modules.dep").write_text("".join(f"kernel/{name}.ko:\n" for name in names[1:-1]))
    (tmp_path / "modules.builtin").write_text(f"kernel/{names[0]}.ko\n")
    with pytest.raises(ImageError, match=f"has no {names[-1]}"):
        initramfs.needs(tmp_path)


def test_imagers_entry_describes_the_image(tmp_path: Path) -> None:
    packed = tmp_path / "a.img.xz"
    packed.write_bytes(lzma.compress(b"image" * 1000))
    entry = imager.entry(packed, "https://example.org/images/a.img.xz", "2026-11-29")
    assert entry["extract_size"] == 5000
    assert entry["extract_sha256"] == sha256(b"image" * 1000).hexdigest()
    assert entry["image_download_size"] == packed.stat().st_size
    assert entry["icon"] == "https://example.org/images/evse-bridge.svg"
    wanted = {"name", "description", "icon", "url", "extract_size", "extract_sha256", "image_download_size"}
    assert wanted | {"release_date"} <= entry.keys()
    json.dumps(entry)


def test_cloud_init_takes_user_data() -> None:
    if shutil.which("cloud-init") is None:
        pytest.skip("no cloud-init: apt install cloud-init")
    done = subprocess.run(
        ["cloud-init", "schema", "--config-file", PI_OS / "user-data"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


GOOD = {
    "first_boot_done": True,
    "name": "evse-0a1b",
    "state_mib": 2500,
    "root": "ext4 ro,noatime",
    "etc": "overlay rw,noatime",
    "var": "ext4 rw,noatime",
    "slots": ["0.1.0.7"],
    "current": "0.1.0.7",
    "services": ACTIVE,
    "failed": "",
    "ssh": "inactive",
    "swaps": [],
}


def test_a_good_boot_has_no_fault() -> None:
    assert boot_faults(GOOD) == []


@pytest.mark.parametrize(
    "bad",
    [
        {"first_boot_done": False},
        {"name": "localhost"},
        {"state_mib": 470},
        {"root": "ext4 rw,noatime"},
        {"etc": "ext4 ro"},
        {"var": "tmpfs rw"},
        {"slots": ["0.1.0.7", "0.1.0.8.part"]},
        {"slots": []},
        {"services": {"evse-safety": "failed"}},
        {"failed": "evse-image-first-boot.service"},
        {"ssh": "active"},
        {"swaps": ["/dev/zram0"]},
    ],
    ids=str,
)
def test_each_way_of_a_bad_boot_is_seen(bad: dict[str, object]) -> None:
    assert len(boot_faults(GOOD | bad)) == 1


def test_a_ledger_that_lies_is_seen() -> None:
    whole = Transaction(1, {"meterStart": 0}, stops=[{"meterStop": 500}])
    assert ledger_faults([whole], 0, 505.0) == []
    assert len(ledger_faults([whole], 1, 505.0)) == 1
    assert len(ledger_faults([whole], 0, 900.0)) == 1
    assert len(ledger_faults([Transaction(1, {"meterStart": 0})], 0, 0.0)) == 1
    twice = Transaction(1, {"meterStart": 0}, stops=[{"meterStop": 500}] * 2)
    assert len(ledger_faults([twice], 0, 500.0)) == 1


@pytest.mark.parametrize(
    ("code", "enabled", "ends_with", "done", "shown"),
    [
        (0, True, 0, True, ""),
        (3, False, 0, False, ""),
        (1, True, 0, True, "the box is set up; doctor found a fault"),
        (1, False, 1, False, "box.toml: setup failed, and tries again at the next boot"),
        (2, False, 2, False, "box.toml: setup failed, and tries again at the next boot"),
    ],
)
def test_answers_are_read_until_setup_has_come_to_its_end(
    tmp_path: Path, code: int, enabled: bool, ends_with: int, done: bool, shown: str
) -> None:
    """3: it goes on after a reboot. 1 is also doctor's, of a box that runs. The journal has what setup
    said; the screen has it when setup failed."""
    programs, state = tmp_path / "bin", tmp_path / "state"
    for folder in (programs, state):
        folder.mkdir()
    for name, result in (("evse-bridge", code), ("systemctl", 0 if enabled else 1), ("agetty", 0)):
        says = "printf 'box.toml:1: \\\\d\\n' >&2" if name == "evse-bridge" else ":"
        (programs / name).write_text(f"#!/bin/sh\n{says}\nexit {result}\n")
        (programs / name).chmod(0o755)
    script = (FILES / "usr/lib/evse-image/answers").read_text()
    for place in ("/var/lib/evse-image", "/run/evse-image/issue.d"):
        script = script.replace(place, str(state))
    paths = {"PATH": f"{programs}:{os.environ['PATH']}"}
    ended = subprocess.run(["sh", "-c", script], env=paths, check=False, capture_output=True, text=True)
    assert ended.returncode == ends_with
    assert (state / "answers.done").exists() == done
    assert "box.toml:1: \\d\n" in ended.stdout
    screen = state / SHOWN
    assert (screen.read_text() if screen.exists() else "") == (f"{shown}:\nbox.toml:1: /d\n" if shown else "")


NEW = "0.1.0.8"


@pytest.mark.parametrize(
    ("slots", "current", "good"),
    [
        (["0.1.0.7"], "0.1.0.7", True),
        (["0.1.0.7", NEW], NEW, True),
        (["0.1.0.7", NEW], "0.1.0.7", True),
        ([NEW], "0.1.0.7", False),
        (["0.1.0.7", "trial.json"], "0.1.0.7", False),
        (["0.1.0.7", f"{NEW}.part"], "0.1.0.7", False),
    ],
)
def test_after_an_update_both_versions_may_be_there_and_nothing_else(
    slots: list[str], current: str, good: bool
) -> None:
    report = GOOD | {"slots": slots, "current": current}
    assert (boot_faults(report, versions=("0.1.0.7", NEW)) == []) is good


AFTER = GOOD | {"digest": "aa", "running": ["0.1.0.7"], "stored": {"whole": "ok"}}


@pytest.mark.parametrize(
    ("bad", "count"),
    [
        ({}, 0),
        ({"digest": "ab"}, 1),
        ({"running": [NEW]}, 1),
        ({"running": ["0.1.0.7", NEW]}, 1),
        ({"stored": {"whole": "row 3 missing"}}, 1),
        ({"services": {"evse-bridge": "inactive"}}, 1),
        ({"services": {"evse-bridge": "inactive"}, "running": []}, 0),
    ],
    ids=str,
)
def test_a_version_that_is_not_good_is_seen(bad: dict[str, object], count: int) -> None:
    assert len(update_faults(AFTER | bad, {"0.1.0.7": "aa", NEW: "bb"})) == count


def mdns_packet(flags: int, name: bytes) -> bytes:
    """Over IPv4 and Ethernet, to everybody."""
    said = struct.pack(">HHHHHH", 0, flags, 0, 1, 0, 0) + name
    udp = struct.pack(">HHHH", 5353, 5353, 8 + len(said), 0) + said
    return bytes(12) + b"\x08\x00" + b"\x45" + bytes(19) + udp


def test_a_name_counts_when_it_is_announced_not_when_it_is_asked_for() -> None:
    packets = [mdns_packet(0x8400, b"\x09evse-0a1b\x05local\0"), mdns_packet(0, b"\x09evse-ffff\x05local\0")]
    pcap = bytes(24) + b"".join(struct.pack("<IIII", 0, 0, len(each), len(each)) + each for each in packets)
    assert announced(pcap) == {"evse-0a1b.local"}
