"""What the test adds to the image, which itself stays as it is: files in /run, by a second initramfs.

The kernel unpacks an appended archive over the first; its /init fills /run and goes on with the image's.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bridge import config_files, settings
from deploy.builds import ROOT

HERE = Path(__file__).parent
CARD = "0004AABBCC"
MOCK_LABEL = "evse-mock"
HOST = "10.0.2.2"  # as QEMU's user network calls us
SERVICES = ("evse-safety", "evse-instruments", "evse-bridge")

_INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /run
/bin/busybox mount -t tmpfs -o mode=755 run /run
/bin/busybox cp -a /for-run/. /run/
exec /init.image "$@"
"""
_TEST_UNIT = """[Unit]
Description=test of the image
After=evse-image-first-boot.service
[Service]
ExecStart=/usr/bin/python3 -I /run/evse-test/inside.py
"""
_MOUNT = f"""[Unit]
Description=the mock's register and ledger, on a disk that is not cut
Before=evse-mock.service
[Mount]
What=/dev/disk/by-label/{MOCK_LABEL}
Where=/var/lib/evse-bridge/mock
Type=ext4
Options=sync
"""
_ON_MOUNT = "[Unit]\nRequiresMountsFor=/var/lib/evse-bridge/mock\n"
_CONFIGURE = """[Unit]
Description=a mock's configuration, as `evse-bridge setup --mock` writes it
After=evse-image-first-boot.service
Before=evse-mock.service evse-safety.service evse-instruments.service evse-bridge.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'cp -n /run/evse-test/etc/* /etc/evse-bridge/ && sync -f /etc'
ExecStart=/bin/chgrp evse-bridge /etc/evse-bridge/charge-point.toml
ExecStart=/bin/chmod 640 /etc/evse-bridge/charge-point.toml
"""
_CHARGE_POINT = """[central_system]
url = "ws://{host}:{port}/ocpp"

[charge_point]
id = "MOCKIMAGE"
serial_number = "MOCKIMAGE"

[ocpp.keys]
MeterValueSampleInterval = 5
"""


def initrd(of_image: Path, port: int, folder: Path, *, mock_disk: bool = True) -> Path:
    """The image's, with the test's appended; `folder` is new. The Central System is on our `port`."""
    run = folder / "for-run"
    (run / "evse-test").mkdir(parents=True)
    shutil.copy(HERE / "inside.py", run / "evse-test")
    _configuration(run / "evse-test" / "etc", port)
    _units(run / "systemd" / "system", mock_disk=mock_disk)
    (folder / "init").write_text(_INIT)
    shutil.copy(ROOT / "deploy/image/initramfs/init", folder / "init.image")
    for name in ("init", "init.image"):
        (folder / name).chmod(0o755)
    pack = 'cd "$1" && find . | cpio --quiet --create --format=newc --owner=0:0 | gzip -1'
    ours = subprocess.run(["sh", "-c", pack, "sh", folder], check=True, capture_output=True).stdout
    whole = folder.with_suffix(".initrd")
    whole.write_bytes(_padded(of_image.read_bytes()) + ours)
    return whole


def _padded(archive: bytes) -> bytes:
    """The kernel looks for the next archive at a multiple of four."""
    return archive + bytes(-len(archive) % 4)


def _configuration(folder: Path, port: int) -> None:
    folder.mkdir(parents=True)
    (folder / settings.FILE_NAME).write_text(_CHARGE_POINT.format(host=HOST, port=port))
    config_files.init(folder, mock=True)


def _units(folder: Path, *, mock_disk: bool) -> None:
    folder.mkdir(parents=True)
    for unit in SERVICES:
        (folder / f"{unit}.service.d").mkdir()
        shutil.copy(ROOT / "systemd/mock/mock.conf", folder / f"{unit}.service.d")
    shutil.copy(ROOT / "systemd/mock/evse-mock.service", folder)
    if mock_disk:
        (folder / "evse-mock.service.d").mkdir()
        (folder / "evse-mock.service.d" / "disk.conf").write_text(_ON_MOUNT)
        (folder / "var-lib-evse\\x2dbridge-mock.mount").write_text(_MOUNT)
    (folder / "evse-test.service").write_text(_TEST_UNIT)
    (folder / "evse-test-configure.service").write_text(_CONFIGURE)
    for target in ("multi-user.target", "basic.target"):
        (folder / f"{target}.wants").mkdir()
    (folder / "basic.target.wants" / "evse-test.service").symlink_to("../evse-test.service")
    wanted = folder / "multi-user.target.wants"
    for unit in ("evse-test.service", "evse-test-configure.service"):
        (wanted / unit).symlink_to(f"../{unit}")
    (wanted / "evse-bridge.target").symlink_to("/usr/lib/systemd/system/evse-bridge.target")
