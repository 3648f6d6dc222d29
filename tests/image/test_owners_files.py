"""The owner's files of the boot partition, as a clumsy or a hostile person writes them."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from deploy.image import card, owners_files, system
from deploy.image.owners_files import ANSWERS, KEYS, MOST_BYTES, WIFI

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJbzvVnIrIyS3h2KQ9yqJ2Kzv1b5nU1Dk0zvJ0oPz0aB owner@pc"
GOOD = 'country=CH\nnetwork={\n\tssid="Zuhause"\n\tpsk="a long password"\n}\n'
SECRET = "a long password"


class Card:
    """A boot partition as a folder, and what the boot makes of it."""

    def __init__(self, folder: Path) -> None:
        self.boot, self.run, self.issue = folder / "boot", folder / "run/evse", folder / "run/issue.d/10"
        self.boot.mkdir()
        (self.boot / "config.txt").write_text("arm_64bit=1\n")

    def booted(self, capsys: pytest.CaptureFixture[str] | None = None) -> str:
        """What the screen shows below the box's name."""
        assert owners_files.main([str(self.boot), str(self.run), str(self.issue)]) == 0
        shown = self.issue.read_text().removeprefix(owners_files.SCREEN)
        if capsys is not None:
            assert capsys.readouterr().out == shown
        return shown

    def used(self, name: str) -> str | None:
        """What who reads the file is given."""
        file = self.run / name
        if not file.exists():
            return None
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        return file.read_text()


@pytest.fixture
def box(tmp_path: Path) -> Card:
    return Card(tmp_path)


def test_an_owner_who_wrote_all_well_reads_nothing(box: Card, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in ((WIFI, GOOD), (KEYS, KEY), (ANSWERS, "[setup]\n")):
        (box.boot / name).write_text(text)
    assert box.booted(capsys) == ""
    assert (box.used(WIFI), box.used(KEYS)) == (GOOD, f"{KEY}\n")


def test_the_card_as_it_is_flashed_has_no_fault(box: Card) -> None:
    for path in card.BOOT_FILES.iterdir():
        (box.boot / path.name).write_bytes(path.read_bytes())
    assert box.booted() == ""
    assert not box.run.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["unix", "dos", "mac"])
def test_the_editor_of_any_system_will_do(box: Card, encoding: str, end: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    for name, text in ((WIFI, GOOD), (KEYS, KEY)):
        (box.boot / name).write_bytes((mark + text.replace("\n", end)).encode(encoding))
    assert box.booted() == ""
    assert (box.used(WIFI), box.used(KEYS)) == (GOOD, f"{KEY}\n")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b" \r\n\t", "it is empty"),
        (b"\xef\xbb\xbf", "it is empty"),
        (b"net\0work", "it has zero bytes"),
        (GOOD.encode("utf-16-be"), "it has zero bytes"),
        ("network={ssid=ä}".encode("latin-1"), "it is not text; save it as UTF-8"),
        (b"\xff\xfea", "it is not text; save it as UTF-8"),
        (b"#" * (10 << 20), f"it is larger than {MOST_BYTES >> 20} MiB"),
    ],
    ids=["empty", "blank", "mark", "zeros", "UTF-16 without a mark", "Latin-1", "half", "10 MB"],
)
@pytest.mark.parametrize("name", [WIFI, KEYS, ANSWERS])
def test_what_is_no_text_is_not_used_and_said_so(box: Card, name: str, data: bytes, said: str) -> None:
    (box.boot / name).write_bytes(data)
    assert said in (shown := box.booted())
    assert shown.startswith(f"{name} is not used: ")
    assert box.used(name) is None


@pytest.mark.parametrize("name", [WIFI, KEYS, ANSWERS])
def test_what_is_no_file_keeps_no_boot_waiting(box: Card, name: str) -> None:
    """FAT has folders only."""
    place = box.boot / name
    place.mkdir()
    assert box.booted() == f"{name} is not used: it is a folder; it must be a file\n"
    place.rmdir()
    os.mkfifo(place)
    assert box.booted() == f"{name} is not used: it must be a file\n"
    place.unlink()
    place.symlink_to("/etc/shadow")
    assert box.booted().startswith(f"{name} is not used: ")
    assert box.used(name) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("country=CH", "country=Schweiz"), "country must be two capital letters, as in CH"),
        (('ssid="Zuhause"', "ssid=Zuhause"), 'ssid must stand in quotes: ssid="name"'),
        (('"Zuhause"', f'"{"Z" * 33}"'), "ssid is longer than 32 bytes"),
        (('"Zuhause"', '"name of your Wi-Fi"'), "ssid is still that of wifi.conf.example"),
        ((f'"{SECRET}"', '"its password"'), "psk is still that of wifi.conf.example"),
        ((f'"{SECRET}"', '"short"'), "psk must have 8 to 63 characters"),
        ((f'"{SECRET}"', SECRET), 'psk must stand in quotes: psk="password"'),
        ((f'"{SECRET}"', f"“{SECRET}”"), "typographic quotes"),
        (("network={", ""), "it has no network={ ... }"),
        (("}", ""), "not each { has its }"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_wifi_is_said_without_its_password(box: Card, change: tuple[str, str], said: str) -> None:
    """It is used all the same: wpa_supplicant has the last word."""
    (box.boot / WIFI).write_text(GOOD.replace(*change))
    assert said in (shown := box.booted())
    assert SECRET not in shown
    assert box.used(WIFI) == GOOD.replace(*change)


@pytest.mark.parametrize("psk", ['"12345678"', f'"{"x" * 63}"', "0123456789abcdef" * 4])
def test_every_password_that_fits_is_taken(box: Card, psk: str) -> None:
    (box.boot / WIFI).write_text(GOOD.replace(f'"{SECRET}"', psk) + '\n# psk=short\nnetwork={\nssid="a"\n}\n')
    assert box.booted() == ""


@pytest.mark.parametrize(
    ("text", "said", "is_on"),
    [
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n", "it is a secret key", False),
        (f"{KEY}\n-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n", "it is a secret key", False),
        ("hunter2hunter2\n", "it has no public key: SSH stays off", False),
        (KEY.replace("JbzvVn", "Jbzv\nVn", 1), "line 1 is no public key", False),
        (KEY.replace("AAAAC3", "AAAAC4"), "line 1 is no public key", False),
        (f"# mine\n\n{KEY}\nhunter2hunter2\n", "line 4 is no public key", True),
        (f'from="10.0.0.0/8",no-pty {KEY}', "", True),
    ],
)
def test_ssh_is_on_with_a_public_key_only(box: Card, text: str, said: str, is_on: bool) -> None:
    (box.boot / KEYS).write_text(text)
    shown = box.booted()
    assert said in shown if said else shown == ""
    assert "c2VjcmV0" not in shown
    assert "hunter2" not in shown
    assert (box.used(KEYS) is not None) is is_on


@pytest.mark.parametrize(
    "name",
    [
        "wifi.conf.txt",
        "WIFI.txt",
        "wpa_supplicant.conf",
        "authorized_keys.txt",
        "authorized-keys",
        "box.toml.txt",
        "id_ed25519.pub",
        "box",
        "wifi.conf -> shadow",
        "box\x1b[2J.toml",
        "box\\d",
    ],
)
def test_a_file_with_a_wrong_name_is_said_to_be_not_read(box: Card, name: str) -> None:
    (box.boot / name).write_text(GOOD)
    shown = box.booted()
    assert "is not read: the names are wifi.conf, authorized_keys and box.toml, without an ending\n" in shown
    assert not {"\\", "\x1b"} & set(shown)


def test_many_wrong_names_leave_room_on_the_screen(box: Card) -> None:
    for number in range(100):
        (box.boot / f"wifi {'n' * 200}{number}").write_text("")
    shown = box.booted().splitlines()
    assert len(shown) == owners_files.MOST_NAMES
    assert all(len(line) < 150 for line in shown)


def test_a_boot_partition_that_is_broken_or_missing_is_said(box: Card) -> None:
    (box.boot / "config.txt").unlink()
    assert "the boot partition cannot be read (it is empty)" in box.booted()
    box.boot.rmdir()
    assert "the boot partition cannot be read (No such file or directory)" in box.booted()


def test_a_run_folder_that_takes_nothing_is_said(box: Card, capsys: pytest.CaptureFixture[str]) -> None:
    (box.boot / WIFI).write_text(GOOD)
    box.run.parent.write_text("a file")
    assert owners_files.main([str(box.boot), str(box.run), str(box.issue)]) == 0
    said = capsys.readouterr().out
    assert "wifi.conf is not used" in said
    assert "the screen does not show it" in said


@given(st.sampled_from([WIFI, KEYS, ANSWERS]), st.binary() | st.text().map(str.encode))
@example(WIFI, b'network={\nssid=\npsk="\n}')
@example(KEYS, b"ssh-rsa ====\nssh-rsa A")
def test_no_content_ends_the_boot(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        box = Card(Path(folder))
        (box.boot / name).write_bytes(data)
        shown = box.booted()
        assert all(each.isprintable() for each in shown.replace("\n", ""))
        assert "\\" not in shown


def test_who_reads_the_files_waits_for_them() -> None:
    """Wi-Fi and SSH take them from where they are put."""
    units = system.FILES / "usr/lib/systemd/system"
    ours = "evse-image-owners-files.service"
    [start] = [line for line in (units / ours).read_text().splitlines() if line.startswith("ExecStart=")]
    assert start.split()[1:4] == ["-I", "/usr/lib/evse-image/owners_files.py", "/boot/firmware"]
    run = start.split()[4]
    wifi, ssh = (
        units / "evse-image-wifi.service",
        system.FILES / "etc/systemd/system/ssh.service.d/evse-image.conf",
    )
    for name, file in ((WIFI, wifi), (KEYS, ssh)):
        text = file.read_text()
        assert f"ConditionFileNotEmpty={run}/{name}\n" in text
        assert f"Wants={ours}\n" in text
        assert ours in text.partition("After=")[2].splitlines()[0]
    assert f"-c {run}/{WIFI} " in wifi.read_text()
    sshd = system.FILES / "etc/ssh/sshd_config.d/evse-image.conf"
    assert f"AuthorizedKeysFile {run}/{KEYS}\n" in sshd.read_text()
