"""What setup says at a terminal: long lines are broken between words, lines of files are not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.setup.terminal import wrapped


def test_a_long_line_is_broken_and_goes_on_indented() -> None:
    line = "  config.txt and cmdline.txt are changed; the files before: /boot/firmware/*.before"
    assert wrapped(line, 50) == [
        "  config.txt and cmdline.txt are changed; the",
        "    files before: /boot/firmware/*.before",
    ]


def test_a_line_of_a_file_stays_whole() -> None:
    for line in ("+dtoverlay=" + "x" * 90, "  -console=serial0,115200 " * 5, "@@ -1,3 +1,4 @@" * 9):
        assert wrapped(line, 50) == [line]


@given(st.lists(st.text("ab", min_size=1, max_size=9), min_size=1), st.integers(40, 120))
def test_no_word_is_lost_and_no_line_is_wider(words: list[str], columns: int) -> None:
    lines = wrapped(" ".join(words), columns)
    assert " ".join(lines).split() == words
    assert max(map(len, lines)) <= columns
