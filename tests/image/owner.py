"""What the owner puts on the boot partition counts: SSH key, Wi-Fi and answers; the box has its name outside.

The Wi-Fi is the kernel's simulator of radios.
"""

from __future__ import annotations

import dataclasses
import re
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.builds import ROOT
from tests.image.bench import Bench
from tests.image.guest import initrd_of_an_owner
from tests.image.machine import MODEL, SERIAL, Boot, running
from tests.image.power_cuts import HANG_S

BOOT_AT = "@@4M"  # the first partition
NAME = f"evse-{SERIAL[-4:]}"
# As an old editor of Windows saves it.
WIFI = '\ufeffnetwork={\r\n\tssid="evse-test"\r\n\tpsk="a long password"\r\n}\r\n'
MISNAMED = "wifi.conf.txt"
ACCESS_POINT = """network={
	ssid="evse-test"
	mode=2
	frequency=2412
	key_mgmt=WPA-PSK
	proto=RSN
	pairwise=CCMP
	psk="a long password"
}
"""
MDNS_PORT = 5353
_ETHERNET, _ANSWER = 14, 0x8000


def faults(bench: Bench, image: Path) -> list[str]:
    """Boots a new card with the owner's files on it; says what did not count. Raises BootError."""
    key = bench.folder / "owner-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    _on_boot_partition(bench, key)
    port, heard = _free_port(), bench.folder / "owner.pcap"
    start = initrd_of_an_owner(image.with_name("initrd"), ACCESS_POINT, bench.folder / "owner")
    boot = Boot(
        "evse.test=owner",
        bench.console("owner"),
        network=f"user,id=net,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:{port}-:22",
        more=("-object", f"filter-dump,id=heard,netdev=net,file={heard}"),
    )
    with running(dataclasses.replace(bench.card, initrd=start), boot) as machine:
        report = machine.until("the owner's files", lambda report: report["what"] == "owner", HANG_S)
        logged_in = _by_ssh(key, port)
    return list(_judged(report, logged_in, announced(heard.read_bytes())))


def _judged(report: dict[str, Any], logged_in: str, names: set[str]) -> Iterator[str]:
    checks = {
        f"the name is {report['name']}, not {NAME}": report["name"] == NAME,
        f"answers: {report['answers']}: {report['answers_said']}": report["answers"] == "active",
        f"the files are {report['files']}": {"wallbox.toml", "charge-point.toml"} <= set(report["files"]),
        f"charge-point.toml has other answers:\n{report['point']}": 'id = "CP0001"' in report["point"],
        f"Wi-Fi: {report['wifi']}": "CTRL-EVENT-CONNECTED" in report["wifi"],
        f"the screen shows {report['screen']!r}": _is_told(report["screen"]),
        f"ssh says {logged_in!r}": logged_in.strip() == NAME,
        f"mDNS announced {sorted(names)}": f"{NAME}.local" in names,
        f"units failed: {report['failed']}": not report["failed"],
        f"doctor: {report['doctor']}": report["doctor"].get("machine.board", "").startswith(f"ok: {MODEL}"),
    }
    return (fault for fault, right in checks.items() if not right)


def _is_told(screen: str) -> bool:
    """The box's name, and what the owner did wrong."""
    return f"{NAME}.local" in screen and f"{MISNAMED} is not read" in screen


def _on_boot_partition(bench: Bench, key: Path) -> None:
    files = bench.folder / "boot-partition"
    files.mkdir()
    (files / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
    (files / "wifi.conf").write_bytes(WIFI.encode())
    (files / MISNAMED).write_text("")
    (files / "box.toml").write_text(_answers())
    paths = [str(path) for path in sorted(files.iterdir())]
    subprocess.run(["mcopy", "-o", "-i", f"{bench.card.disk}{BOOT_AT}", *paths, "::"], check=True)


def _answers() -> str:
    """The complete example of docs/setup.md; nothing is started, for want of the hardware."""
    found = re.search(r"```toml\n(.*?)```", (ROOT / "docs/setup.md").read_text(), re.DOTALL)
    assert found is not None
    return re.sub(r"(?m)^start = true.*$", "start = false", found[1])


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _by_ssh(key: Path, port: int) -> str:
    """What `hostname` says there, or why nobody could log in."""
    options = ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")
    given = [word for option in options for word in ("-o", option)]
    done = subprocess.run(
        ["ssh", "-i", key, "-p", str(port), *given, "root@127.0.0.1", "hostname"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout or done.stderr


def announced(pcap: bytes) -> set[str]:
    """PURE: the names of hosts in the first answer of each mDNS packet (RFC 6762), of a file of tcpdump's."""
    names, at = set(), 24
    while at + 16 <= len(pcap):
        (size,) = struct.unpack_from("<I", pcap, at + 8)
        packet = pcap[at + 16 : at + 16 + size]
        at += 16 + size
        if len(packet) > _ETHERNET and (said := _mdns(packet)) is not None:
            names |= {
                found.decode("latin-1") for found in re.findall(rb"\x09(evse-\w{4})\x05local\x00", said)
            }
    return {f"{name}.local" for name in names}


def _mdns(packet: bytes) -> bytes | None:
    """An answer's content, over IPv4 or IPv6."""
    (kind,) = struct.unpack_from(">H", packet, 12)
    if kind == 0x0800:
        udp = packet[_ETHERNET + 4 * (packet[_ETHERNET] & 15) :]
    elif kind == 0x86DD:
        udp = packet[_ETHERNET + 40 :]
    else:
        return None
    if len(udp) < 20:
        return None
    source, target, _, _, _, flags = struct.unpack_from(">HHHHHH", udp)
    return udp[8:] if (source, target) == (MDNS_PORT, MDNS_PORT) and flags & _ANSWER else None
