"""What a manifest may say, and in which words one is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.jobs.attempt import SignatureError
from bridge.jobs.manifest import MOST_SIGNATURES, Manifest, read
from tests.bridge.jobs.archive import Signer

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SHA = "0" * 64
OLD = f"evse-bridge firmware\nversion 1.2\nsize 3\nsha256 {SHA}\n"
NEW = f"evse-bridge firmware\nversion 0.1.0.2345\nsuite bookworm\nmachine aarch64\nsize 3\nsha256 {SHA}\n"
SIGNER, STRANGER = Signer(), Signer()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return SIGNER.public_key(tmp_path)


def test_one_of_before_there_were_slots_is_read_and_says_for_no_box(key: Path) -> None:
    assert read(SIGNER.signed(OLD), key, NOW) == Manifest("1.2.0.0", 3, SHA)


def test_one_for_a_box(key: Path) -> None:
    assert read(SIGNER.signed(NEW), key, NOW) == Manifest("0.1.0.2345", 3, SHA, "bookworm", "aarch64")


@pytest.mark.parametrize("signers", [(SIGNER, STRANGER), (STRANGER, SIGNER), (STRANGER, STRANGER, SIGNER)])
def test_one_signature_of_several_suffices(key: Path, signers: tuple[Signer, ...]) -> None:
    content = NEW.encode() + b"".join(each.signature(NEW) for each in signers)
    assert read(content, key, NOW).version == "0.1.0.2345"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (NEW.encode(), "has no signature"),
        (STRANGER.signed(NEW), "not signed with the key"),
        (NEW.encode() + STRANGER.signature(NEW) * 2, "not signed with the key"),
        (NEW.encode() + SIGNER.signature(OLD), "not signed with the key"),
        (NEW.encode() + SIGNER.signature(NEW) * (MOST_SIGNATURES + 1), "has 1 to 4 signatures"),
        (NEW.encode() + b"signature\n", "of the form"),
        (NEW.encode() + b"signature x\n" + SIGNER.signature(NEW), "each 64 bytes"),
        (SIGNER.signed(NEW) + b"expires 2099-01-01\n", "of the form"),
        (SIGNER.signed(NEW.replace("machine aarch64\n", "")), "of the form"),
        (SIGNER.signed(NEW.replace("bookworm", "../../x")), "of the form"),
        (SIGNER.signed(NEW + "unknown line\n"), "of the form"),
        (SIGNER.signed(NEW + "expires 2027-02-30\n"), "expires on 2027-02-30, which is no date"),
        (SIGNER.signed(NEW + "expires 9999-99-99\n"), "which is no date: must be YYYY-MM-DD"),
    ],
)
def test_what_is_refused(key: Path, content: bytes, why: str) -> None:
    with pytest.raises(SignatureError, match=why):
        read(content, key, NOW)


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (NOW, ""),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), ""),
        (datetime(2027, 1, 1, tzinfo=UTC), "expired on 2026-12-31, and it is 2027-01-01"),
        (datetime(1970, 1, 1, 0, 3, tzinfo=UTC), "the clock says 1970-01-01: it must be set first"),
    ],
)
def test_the_last_day(key: Path, now: datetime, why: str) -> None:
    content = SIGNER.signed(NEW + "expires 2026-12-31\n")
    if not why:
        assert read(content, key, now).version == "0.1.0.2345"
        return
    with pytest.raises(SignatureError, match=why):
        read(content, key, now)


def test_without_a_last_day_a_clock_of_1970_matters_nothing(key: Path) -> None:
    assert read(SIGNER.signed(NEW), key, datetime(1970, 1, 1, tzinfo=UTC)).version == "0.1.0.2345"


@given(at=st.integers(0, len(NEW) + 90), bit=st.integers(0, 7))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bit_can_be_changed_unseen(key: Path, at: int, bit: int) -> None:
    good = SIGNER.signed(NEW)
    spoilt = bytearray(good)
    spoilt[at % len(good)] ^= 1 << bit
    try:
        said = read(bytes(spoilt), key, NOW)
    except SignatureError:
        return
    # base64 has bits that count for nothing, and the last line end may be any byte that ends a line
    assert said == read(good, key, NOW)
