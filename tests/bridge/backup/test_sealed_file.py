"""The form of the file: only what was sealed with this passphrase is ever read, whatever became of it."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.backup import sealed_file
from bridge.backup.errors import BackupError
from bridge.backup.sealed_file import Cost, Passphrase, seal, unseal

CHEAP = Cost(n=2, r=1, p=1)
OURS, ANOTHER = Passphrase("correct horse", CHEAP), Passphrase("wrong horse!", CHEAP)
CONTENT = b"what makes a box this box"
SEALED = seal(CONTENT, OURS)


def refused(file: bytes, passphrase: Passphrase = OURS) -> str:
    with pytest.raises(BackupError) as error:
        unseal(file, passphrase)
    return str(error.value)


def with_checksum(whole: bytes) -> bytes:
    """As somebody who knows the form would write it."""
    return whole + hashlib.sha256(whole).digest()


@given(st.binary(max_size=500), st.text(min_size=8, max_size=20))
def test_what_is_sealed_is_read_again(content: bytes, text: str) -> None:
    assert unseal(seal(content, Passphrase(text, CHEAP)), Passphrase(text)) == content


def test_another_passphrase_is_said_to_be_wrong() -> None:
    assert refused(SEALED, ANOTHER) == "the passphrase is wrong (the file is whole)"


@pytest.mark.parametrize("bit", range(8))
def test_every_flipped_bit_is_seen(bit: int) -> None:
    for place in range(len(SEALED)):
        spoiled = bytearray(SEALED)
        spoiled[place] ^= 1 << bit
        assert "damaged" in (said := refused(bytes(spoiled))) or "no backup" in said


def test_a_bit_that_is_flipped_on_purpose_is_seen_too() -> None:
    """With a checksum that fits: the two lines are authenticated with the rest."""
    for place in range(len(sealed_file.MAGIC), len(SEALED) - 32):
        spoiled = bytearray(SEALED[:-32])
        spoiled[place] ^= 1
        assert refused(with_checksum(bytes(spoiled)))


def test_each_length_but_the_right_one_is_refused() -> None:
    for length in range(len(SEALED)):
        assert refused(SEALED[:length])
    assert "damaged" in refused(SEALED + b"\0")
    assert "damaged" in refused(SEALED + SEALED)


def test_a_newer_form_is_named() -> None:
    first, line, _ = SEALED.split(b"\n", 2)
    header = {**json.loads(line), "version": 7, "unheard_of": True}
    newer = with_checksum(first + b"\n" + json.dumps(header).encode() + b"\nwhatever it may be")
    assert "form 7, made by a newer evse-bridge" in refused(newer)


@pytest.mark.parametrize(
    ("key", "value"),
    [("n", 2**30), ("n", 3), ("r", 1000), ("p", 99), ("salt", ""), ("nonce", ""), ("version", 0), ("n", "x")],
)
def test_no_header_makes_us_work_without_end(key: str, value: object) -> None:
    first, line, rest = SEALED[:-32].split(b"\n", 2)
    header = {**json.loads(line), key: value}
    assert refused(with_checksum(first + b"\n" + json.dumps(header).encode() + b"\n" + rest))


@given(st.binary(max_size=200))
def test_anything_else_is_no_backup(file: bytes) -> None:
    assert refused(file)
    assert refused(with_checksum(sealed_file.MAGIC + file))
    assert refused(with_checksum(sealed_file.MAGIC + b"[" * 2000 + b"\n" + file))


def test_no_passphrase_is_too_short_or_shown() -> None:
    with pytest.raises(BackupError, match="has 7 characters: 8 at least"):
        Passphrase("1234567")
    assert "correct" not in repr(OURS)
    assert "correct" not in repr(vars(OURS).keys())


def test_the_cost_of_a_guess() -> None:
    """64 MiB, which a Pi Zero 2 W has; and a restore takes what a backup writes."""
    usual = sealed_file.USUAL_COST
    assert 128 * usual.r * usual.n == 64 * 2**20
    usually = Passphrase("correct horse")
    assert unseal(seal(CONTENT, usually), OURS) == CONTENT
