"""Reads the owner's files of the boot partition at each boot of the image, and says in words what is wrong.

`python3 -I owners_files.py BOOT RUN ISSUE`: wifi.conf and authorized_keys of the folder BOOT are copied to
the folder RUN as UTF-8 with plain line ends, for who reads them there; what is wrong is printed, for the
journal, and stands in the file ISSUE, for a screen at the box. Runs in the image, with the standard library
alone. It never fails: a box whose owner wrote nonsense boots all the same.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

MOST_BYTES = 1 << 20  # as setup takes of its answers; a thousand keys
MOST_NAMES = 8  # of files that look misnamed
MOST_CHARACTERS = 60  # of a name that is shown
WIFI, KEYS, ANSWERS = "wifi.conf", "authorized_keys", "box.toml"
EXAMPLE = "wifi.conf.example"
BY_FIRMWARE = "config.txt"  # always there: the chip itself reads it
MISNAMED = re.compile(r"(authorized.?keys?|wifi|wpa_supplicant|box)\b|.*\.pub$", re.IGNORECASE)
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
KEY = re.compile(r"(?:^|\s)((?:ssh-|ecdsa-|sk-)[\w@.-]+)\s+([\w+/]+=*)")
CURLY = re.compile("[“”„«»‘’]")
SETTING = re.compile(r"^\s*(ssid|psk|country)\s*=\s*(.*?)\s*$", re.MULTILINE)
PSK_LEAST, PSK_MOST = 8, 63  # characters in quotes; IEEE 802.11i, H.4.1
SSID_MOST = 32  # bytes; IEEE 802.11, 9.4.2.2
SCREEN = "\\n.local  \\4\n"  # as agetty fills in: the name, the address


class UnusableError(Exception):
    """A file that cannot be read as text; the message says why, and what to do."""


def main(arguments: list[str]) -> int:
    """Returns 0 always."""
    boot, run, issue = map(Path, arguments)
    found = list(_read(boot, run))
    for line in found:
        print(line)
    try:
        issue.parent.mkdir(parents=True, exist_ok=True)
        issue.write_text(screen(found), encoding="utf-8")
    except OSError as error:
        print(f"{issue}: {error.strerror}: the screen does not show it")
    return 0


def screen(found: list[str]) -> str:
    """PURE: the text for agetty, which reads a backslash as a command."""
    lines = ("".join(each if each.isprintable() else "?" for each in line) for line in found)
    return SCREEN + "".join(f"{line}\n".replace("\\", "/") for line in lines)


def _read(boot: Path, run: Path) -> Iterator[str]:
    """Copies what can be read; yields what is wrong."""
    try:
        names = sorted(path.name for path in boot.iterdir())
    except OSError as error:
        names, why = [], str(error.strerror)
    else:
        why = "it is empty"
    if BY_FIRMWARE not in names:
        yield f"the boot partition cannot be read ({why}): no SSH, no {WIFI}, no {ANSWERS}"
        return
    yield from misnamed(names)
    for name, judge in ((WIFI, wifi_faults), (KEYS, keys_faults)):
        try:
            text = text_of(boot / name)
        except FileNotFoundError:
            continue
        except UnusableError as error:
            yield f"{name} is not used: {error}"
            continue
        yield from (f"{name}: {fault}" for fault in judge(text))
        if name != KEYS or has_key(text):
            yield from _copied(text, run / name)
    # Setup reads it itself, and says of each answer what is wrong.
    try:
        text_of(boot / ANSWERS)
    except FileNotFoundError:
        pass
    except UnusableError as error:
        yield f"{ANSWERS} is not used: {error}"


def text_of(path: Path) -> str:
    """Returns the text, with plain line ends. Raises FileNotFoundError, and UnusableError."""
    try:
        # A pipe must not keep the boot waiting.
        with os.fdopen(
            os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), "rb"
        ) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UnusableError("it must be a file")
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise
    except IsADirectoryError:
        raise UnusableError("it is a folder; it must be a file") from None
    except OSError as error:
        raise UnusableError(f"{error.strerror}") from None
    return _decoded(data)


def _decoded(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise UnusableError(f"it is larger than {MOST_BYTES >> 20} MiB")
    try:
        text = data.decode("utf-16" if data.startswith(UTF_16) else "utf-8-sig")
    except UnicodeDecodeError:
        raise UnusableError("it is not text; save it as UTF-8") from None
    if "\0" in text:
        raise UnusableError("it is not text: it has zero bytes; save it as UTF-8")
    if not text.strip():
        raise UnusableError("it is empty")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def misnamed(names: list[str]) -> Iterator[str]:
    """PURE: yields a word on each file that its owner may take for one of ours. FAT knows no case."""
    ours = {WIFI, KEYS, ANSWERS, EXAMPLE}
    strange = [name for name in names if name.lower() not in ours and MISNAMED.match(name)]
    for name in strange[:MOST_NAMES]:
        shown = "".join(each if each.isprintable() else "?" for each in name[:MOST_CHARACTERS])
        yield f"{shown} is not read: the names are {WIFI}, {KEYS} and {ANSWERS}, without an ending"


def wifi_faults(text: str) -> Iterator[str]:
    """PURE: yields what wpa_supplicant would refuse, or an access point. Never with the password."""
    lines = [line for line in text.split("\n") if not line.lstrip().startswith("#")]
    text = "\n".join(lines)
    if not re.search(r"^\s*network\s*=\s*\{", text, re.MULTILINE):
        yield f"it has no network={{ ... }}: see {EXAMPLE}"
    if text.count("{") != text.count("}"):
        yield "not each { has its }"
    if CURLY.search(text):
        yield 'it has typographic quotes; write "straight" ones, with a plain editor'
    for name, value in SETTING.findall(text):
        if fault := _wrong(name, value):
            yield fault


def _wrong(name: str, value: str) -> str:
    """Says nothing of a value that fits."""
    quoted = len(value) >= 2 and value[0] == value[-1] == '"'
    inside = value[1:-1] if quoted else value
    if name == "country":
        return "" if re.fullmatch(r"[A-Z]{2}", value) else "country must be two capital letters, as in CH"
    if name == "ssid":
        if not quoted and not re.fullmatch(r"(?:[0-9a-fA-F]{2})+|P\".*\"", value):
            return 'ssid must stand in quotes: ssid="name"'
        if inside == "name of your Wi-Fi":
            return f"ssid is still that of {EXAMPLE}"
        return f"ssid is longer than {SSID_MOST} bytes" if len(inside.encode()) > SSID_MOST else ""
    if quoted and inside == "its password":
        return f"psk is still that of {EXAMPLE}"
    if quoted and not PSK_LEAST <= len(inside.encode()) <= PSK_MOST:
        return f"psk must have {PSK_LEAST} to {PSK_MOST} characters"
    if not quoted and not re.fullmatch(r"[0-9a-fA-F]{64}|ext:\S+", value):
        return 'psk must stand in quotes: psk="password"'
    return ""


def keys_faults(text: str) -> Iterator[str]:
    """PURE: yields what is no public key, by its line. Never with what it is: it may be a secret."""
    if "PRIVATE KEY" in text:
        yield "it is a secret key; copy the file that ends in .pub, and take a new key: this one lay open"
        return
    lines = text.split("\n")
    wrong = [at for at, line in enumerate(lines, 1) if line.strip() and not _is_key_or_remark(line)]
    if wrong:
        yield f"line {wrong[0]} is no public key; it begins with ssh-ed25519 or ssh-rsa, all in one line"
    if not has_key(text):
        yield "it has no public key: SSH stays off"


def has_key(text: str) -> bool:
    """PURE. A text with a secret key has none."""
    return "PRIVATE KEY" not in text and any(_is_key(line) for line in text.split("\n"))


def _is_key_or_remark(line: str) -> bool:
    return line.lstrip().startswith("#") or _is_key(line)


def _is_key(line: str) -> bool:
    """A kind, and a number that says the same kind of itself (RFC 4253 6.6); options may stand before."""
    if line.lstrip().startswith("#") or (found := KEY.search(line)) is None:
        return False
    try:
        data = base64.b64decode(found[2], validate=True)
    except (binascii.Error, ValueError):
        return False
    return _fields(data)[:1] == [found[1].encode()]


def _fields(data: bytes) -> list[bytes]:
    """RFC 4251 5: strings, each after its length; none when the last one is cut off."""
    fields = []
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        if len(data) < end:
            return []
        fields.append(data[4:end])
        data = data[end:]
    return fields


def _copied(text: str, to: Path) -> Iterator[str]:
    """Writes it for root alone; yields why that failed."""
    try:
        to.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        to.unlink(missing_ok=True)
        with os.fdopen(
            os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text if text.endswith("\n") else f"{text}\n")
    except OSError as error:
        yield f"{to.name} is not used: {to}: {error.strerror}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
