"""What addresses are taken, and what becomes of them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.maintenance.location import LocationError, checked, upload_target

ALL = ("ftp", "ftps", "http", "https")


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("ftp://h", ("ftp://h/d_1.json", "d_1.json")),
        ("ftp://h/", ("ftp://h/d_1.json", "d_1.json")),
        ("ftp://u:p%40@h:2121/in", ("ftp://u:p%40@h:2121/in/d_1.json", "d_1.json")),
        ("ftps://h/in/", ("ftps://h/in/d_1.json", "d_1.json")),
        ("ftps://h/in.d/", ("ftps://h/in.d/d_1.json", "d_1.json")),
        ("ftp://h/in/my%20box.json", ("ftp://h/in/my%20box.json", "my box.json")),
        ("https://h/in/", ("https://h/in/", "d_1.json")),
        ("http://h/in?x=/a.b", ("http://h/in?x=/a.b", "d_1.json")),
    ],
)
def test_where_an_upload_goes(location: str, target: tuple[str, str]) -> None:
    assert upload_target(checked(location, ALL), "d_1.json") == target


@pytest.mark.parametrize(
    "location",
    ["", "h/x", "sftp://h/", "ftp://", "http:///x", "http://h:0/", "http://h:x/", "http://[::1/",
     "ftp://h/%0a", "ftp://u%0dser@h/", "http://h/a b", "http://h/\x7f"],
)  # fmt: skip
def test_what_is_refused(location: str) -> None:
    with pytest.raises(LocationError):
        checked(location, ALL)


@given(st.text())
def test_nothing_else_is_raised(text: str) -> None:
    for location in (text, f"ftp://{text}", f"http://h/{text}"):
        with contextlib.suppress(LocationError):
            assert checked(location, ALL) == location


def test_a_password_is_not_shown() -> None:
    with pytest.raises(LocationError) as refused:
        checked("gopher://user:secret@h/", ALL)
    assert "secret" not in str(refused.value)
