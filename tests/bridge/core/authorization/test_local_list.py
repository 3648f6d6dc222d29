"""SendLocalList beside a plain dictionary; its bounds to the entry."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.authorization.local_list import UpdateType
from bridge.core.id_tag import IdTagInfo, ListEntry
from tests.bridge.core.authorization.id_tags import Box, listed

tags = st.sampled_from(["A", "a", "B", "b", "C"])
infos = st.builds(IdTagInfo, st.sampled_from(["Accepted", "Blocked"]))
messages = st.tuples(
    st.sampled_from(["Full", "Differential"]),
    st.integers(0, 5),
    st.lists(st.builds(ListEntry, tags, st.none() | infos), max_size=4),
)


@settings(deadline=None, max_examples=150)
@given(sent=st.lists(messages, max_size=8))
def test_as_a_dictionary(sent: list[tuple[UpdateType, int, list[ListEntry]]]) -> None:
    box, model, version = Box(), dict[str, IdTagInfo](), 0
    for update, number, entries in sent:
        said = [entry for entry in entries if entry.info is not None] if update == "Full" else entries
        answer = box.send(number, *said, full=update == "Full")
        if update == "Full" and number == 0 and said:
            assert answer == "Failed"
        elif update == "Differential" and number <= (version if model else 0):
            assert answer == "VersionMismatch"
        else:
            assert answer == "Accepted"
            version, model = number, {} if update == "Full" else model
            for entry in said:
                model.pop(entry.id_tag.lower(), None)
                if entry.info is not None:
                    model[entry.id_tag.lower()] = entry.info
        assert {tag: box.store.listed(tag) for tag in "abc"} == {tag: model.get(tag) for tag in "abc"}
        assert box.authorization.local_list.version == (version if model else 0)
    box.store.close()


def many(first: int, last: int) -> list[ListEntry]:
    return [listed(f"{number:04}") for number in range(first, last + 1)]


def test_a_message_has_255_entries_at_most() -> None:
    box = Box()
    assert box.send(1, *many(1, 256), full=True) == "TooLong"
    assert box.store.list_size() == 0
    assert box.send(1, *many(1, 255), full=True) == "Accepted"


def test_the_list_has_1024_entries_at_most() -> None:
    box = Box()
    for number, first in enumerate(range(1, 1020, 255), start=1):
        assert box.send(number, *many(first, first + 254)) == "Accepted"
    assert box.store.list_size() == 1020
    assert box.send(5, *many(1021, 1025)) == "TooLong"
    assert (box.store.list_size(), box.store.list_version()) == (1020, 4)
    # One leaves, one is there already, another is not there and cannot leave: five new ones have room.
    leaves = [ListEntry("0001", None), ListEntry("9999", None)]
    assert box.send(5, *leaves, *many(1020, 1025)) == "Accepted"
    assert (box.store.list_size(), box.store.list_version()) == (1024, 5)


def test_not_in_use_it_answers_so_and_keeps_what_it_has() -> None:
    box = Box()
    box.send(1, listed("A"))
    box.configuration.change("LocalAuthListEnabled", "false")
    assert (box.send(2, listed("B")), box.authorization.local_list.version) == ("NotSupported", -1)
    assert (box.store.list_size(), box.store.list_version()) == (1, 1)
