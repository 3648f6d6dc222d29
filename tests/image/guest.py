"""What the test adds to the image, which itself stays as it is: files in /run, by a second initramfs.

The kernel unpacks an appended archive over the first; its /init fills /run and goes on with the image's.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bridge import config_files, settings
from deploy.builds import ROOT
from deploy.slots import owner

HERE = Path(__file__).parent
CARD = "0004AABBCC"
MOCK_LABEL = "evse-mock"
HOST = "10.0.2.2"  # as QEMU's user network calls us
SERVICES = ("evse-safety", "evse-instruments", "evse-bridge", "evse-local")

_INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /run
/bin/busybox mount -t tmpfs -o mode=755 run /run
/bin/busybox cp -a /for-run/. /run/
exec /init.image "$@"
"""
# In systemd's place, for a shallow boot: what the first boot's unit does, the name, and what is looked at.
SHALLOW = "TEST_INIT=/run/evse-test/shallow"
_SHALLOW = """#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
[ -e /var/lib/evse-image/first-boot.done ] || /usr/lib/evse-image/first-boot
cat /etc/hostname >/proc/sys/kernel/hostname
python3 -I /run/evse-test/inside.py
sleep infinity
"""
_SYSTEM = "/root /sbin/init"
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
ExecStart=/bin/sh /run/evse-test/configure
"""
# A file that a power cut left half-written is written again.
_SCRIPT = """set -eu
cd /run/evse-test/etc
for each in *; do
	cmp -s "$each" "/etc/evse-bridge/$each" || cp "$each" /etc/evse-bridge/
done
chgrp evse-bridge /etc/evse-bridge/charge-point.toml
chmod 640 /etc/evse-bridge/charge-point.toml
"""
_CHARGE_POINT = """[central_system]
url = "ws://{host}:{port}/ocpp"

[charge_point]
id = "MOCKIMAGE"
serial_number = "MOCKIMAGE"

[ocpp.keys]
MeterValueSampleInterval = 5
"""


def initrd(of_image: Path, port: int, key: Path | None, folder: Path, *, mock_disk: bool = True) -> Path:
    """The image's, with a mock box appended; `folder` is new. The Central System is on our `port`; `key`: by
    which updates are signed."""
    run = _run_folder(folder)
    (run / "evse-test" / "configure").write_text(_SCRIPT)
    _configuration(run / "evse-test" / "etc", port)
    if key is not None:
        shutil.copy(key, run / "evse-test" / "etc" / owner.KEY_NAME)
    _units(run / "systemd" / "system", mock_disk=mock_disk)
    return _packed(of_image, folder)


def initrd_of_an_owner(of_image: Path, access_point: str, folder: Path) -> Path:
    """The image's, with nothing appended that sets it up: what looks at it, and a Wi-Fi for it."""
    run = _run_folder(folder)
    (run / "evse-test" / "access-point.conf").write_text(access_point)
    _test_unit(run / "systemd" / "system")
    return _packed(of_image, folder)


def _run_folder(folder: Path) -> Path:
    run = folder / "for-run"
    (run / "evse-test").mkdir(parents=True)
    shutil.copy(HERE / "inside.py", run / "evse-test")
    (run / "evse-test" / "shallow").write_text(_SHALLOW)
    (run / "evse-test" / "shallow").chmod(0o755)
    return run


def _packed(of_image: Path, folder: Path) -> Path:
    (folder / "init").write_text(_INIT)
    of_image_init = (ROOT / "deploy/image/initramfs/init").read_text()
    assert _SYSTEM in of_image_init
    other = of_image_init.replace(_SYSTEM, "/root ${TEST_INIT:-/sbin/init}")
    (folder / "init.image").write_text(other)
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
    _test_unit(folder)
    for unit in SERVICES:
        (folder / f"{unit}.service.d").mkdir()
        shutil.copy(ROOT / "systemd/mock/mock.conf", folder / f"{unit}.service.d")
    shutil.copy(ROOT / "systemd/mock/evse-mock.service", folder)
    if mock_disk:
        (folder / "evse-mock.service.d").mkdir()
        (folder / "evse-mock.service.d" / "disk.conf").write_text(_ON_MOUNT)
        (folder / "var-lib-evse\\x2dbridge-mock.mount").write_text(_MOUNT)
    (folder / "evse-test-configure.service").write_text(_CONFIGURE)
    wanted = folder / "multi-user.target.wants"
    wanted.mkdir()
    (wanted / "evse-test-configure.service").symlink_to("../evse-test-configure.service")
    (wanted / "evse-bridge.target").symlink_to("/usr/lib/systemd/system/evse-bridge.target")


def _test_unit(folder: Path) -> None:
    """It is wanted early: to say when the first boot has ended."""
    (folder / "basic.target.wants").mkdir(parents=True)
    (folder / "evse-test.service").write_text(_TEST_UNIT)
    (folder / "basic.target.wants" / "evse-test.service").symlink_to("../evse-test.service")
