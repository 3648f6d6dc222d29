"""Which password opens the next connection, whatever the Central System writes and takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.configuration.authorization_key import FALL_BACK_MAX_S, REMEMBERED, Passwords
from bridge.core.decisions import Decisions
from bridge.core.password import Password
from bridge.core.rows import Remembered
from tests.bridge.core.charge_points import at

FILE = Password(b"of the file")
PLACE = "CP1 wss://central.example"
NEW = "00112233445566778899"
NEW_PASSWORD = Password(bytes.fromhex(NEW))


def remembered(passwords: Passwords) -> dict[str, str]:
    """What the store would give at the next start."""
    kept: dict[str, str] = {}
    for change in passwords.decisions.changes:
        assert isinstance(change, Remembered)
        if change.value is None:
            kept.pop(change.name, None)
        else:
            kept[change.name] = change.value
    return kept


def with_new() -> Passwords:
    passwords = Passwords(FILE, PLACE, {}, Decisions())
    assert passwords.write(NEW, decodes=True) == "Accepted"
    return passwords


def test_no_repr_and_no_note_shows_a_secret() -> None:
    passwords = with_new()
    passwords.refused(NEW_PASSWORD, at(0))
    passwords.opened(NEW_PASSWORD)
    assert repr(NEW_PASSWORD) == "Password()"
    assert not [note for note in passwords.decisions.notes if NEW in note or "of the file" in note]


@pytest.mark.parametrize("value", ["x" * 16, "ü" * 40, "with blanks in it", "0123456789abcdefg"])
def test_as_it_is(value: str) -> None:
    passwords = Passwords(None, PLACE, {}, Decisions())
    assert passwords.write(value, decodes=False) == "Accepted"
    assert passwords.in_force(at(0)) == Password(value.encode())


@pytest.mark.parametrize("value", ["x" * 15, "x" * 41, "tabs\tare not allowed", ""])
def test_not_as_it_is(value: str) -> None:
    assert Passwords(FILE, PLACE, {}, Decisions()).write(value, decodes=False) == "Rejected"


@pytest.mark.parametrize("value", ["00112233445566٧٧", "0x112233445566778899", "00 11 22 33 44 55 66"])
def test_no_hex(value: str) -> None:
    assert Passwords(FILE, PLACE, {}, Decisions()).write(value, decodes=True) == "Rejected"


def test_what_was_written_outlives_the_program_until_the_file_changes() -> None:
    kept = remembered(with_new())
    assert Passwords(FILE, PLACE, kept, Decisions()).in_force(at(0)) == NEW_PASSWORD
    for in_file, place in (
        (Password(b"edited"), PLACE),
        (None, PLACE),
        (FILE, "CP1 wss://elsewhere.example"),
    ):
        changed = Passwords(in_file, place, kept, Decisions())
        assert changed.in_force(at(0)) == in_file
        assert changed.decisions.changes == [Remembered(REMEMBERED, None)]
        assert "the file's password counts" in changed.decisions.notes[0]


def test_the_log_says_when_the_file_s_password_is_not_the_one_in_use() -> None:
    """At each start, as long as it lasts; and when it begins."""
    first = with_new()
    assert first.decisions.notes[0].endswith("it counts, not central_system.password")
    kept = remembered(first)
    again = Passwords(FILE, PLACE, kept, Decisions())
    assert again.decisions.notes == [
        "the AuthorizationKey that the Central System wrote counts, not central_system.password; "
        "to end that, change central_system.password"
    ]
    same = Passwords(NEW_PASSWORD, PLACE, {}, Decisions())
    assert same.write("8899" * 5, decodes=True) == "Accepted"
    assert same.write(NEW, decodes=True) == "Accepted"
    assert Passwords(NEW_PASSWORD, PLACE, remembered(same), Decisions()).decisions.notes == []


def test_an_unproven_key_falls_back_after_a_restart_too() -> None:
    passwords = Passwords(FILE, PLACE, remembered(with_new()), Decisions())
    passwords.refused(NEW_PASSWORD, at(0))
    assert [passwords.in_force(at(after_s)) for after_s in (0, 59.9, 60)] == [FILE, FILE, NEW_PASSWORD]


def test_a_key_that_was_taken_never_falls_back() -> None:
    passwords = with_new()
    passwords.opened(NEW_PASSWORD)
    passwords = Passwords(FILE, PLACE, remembered(passwords), Decisions())
    passwords.refused(NEW_PASSWORD, at(0))
    assert passwords.in_force(at(1)) == NEW_PASSWORD


def test_a_second_key_falls_back_to_the_last_that_was_taken() -> None:
    passwords = with_new()
    assert passwords.write("FFFFFFFFFFFFFFFF", decodes=True) == "Accepted"
    passwords.refused(Password(bytes([255] * 8)), at(0))
    assert passwords.in_force(at(1)) == FILE


def test_the_same_key_again_is_tried_at_once() -> None:
    passwords = with_new()
    passwords.refused(NEW_PASSWORD, at(0))
    assert passwords.write(NEW, decodes=True) == "Accepted"
    assert passwords.in_force(at(1)) == NEW_PASSWORD


def test_an_old_refusal_that_comes_late_counts_for_nothing() -> None:
    passwords = with_new()
    passwords.refused(FILE, at(0))
    assert passwords.in_force(at(1)) == NEW_PASSWORD


Attempts = st.lists(st.tuples(st.floats(0.5, 300), st.booleans(), st.booleans()), max_size=40)


@given(Attempts, st.booleans())
def test_whichever_of_the_two_opens_is_found(
    attempts: list[tuple[float, bool, bool]], takes_new: bool
) -> None:
    """After any history of refusals and restarts, and without ever being locked out."""
    passwords, now_s = with_new(), 0.0
    for wait_s, refused, restarted in attempts:
        now_s += wait_s
        used = passwords.in_force(at(now_s))
        if refused:
            passwords.refused(used, at(now_s))
        elif used == FILE:
            passwords.opened(used)
        if restarted:
            passwords = Passwords(FILE, PLACE, remembered(with_new()), Decisions())
    wanted = NEW_PASSWORD if takes_new else FILE
    end_s = now_s + FALL_BACK_MAX_S + 60
    while (used := passwords.in_force(at(now_s))) != wanted:
        assert now_s < end_s, "locked out"
        passwords.refused(used, at(now_s))
        now_s += 10
    passwords.opened(wanted)
    assert passwords.in_force(at(now_s)) == wanted
