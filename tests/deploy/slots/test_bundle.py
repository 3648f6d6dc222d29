"""A bundle in a folder that a stranger may hold: only what is signed, whole and for this box is taken."""

from __future__ import annotations

import io
import lzma
import os
import shutil
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deploy.slots.bundle import ARCHIVE, MANIFEST, Fits, Source, bring, verified
from deploy.slots.members import Contents, Kind, Member, MemberError, most_bytes
from deploy.slots.refusal import RefusedError
from deploy.slots.room import ROOM
from tests.bridge.jobs.archive import Signer
from tests.deploy.slots.box import NEW, Box, box, tree
from tests.deploy.slots.bundles import FITS, Maker, environment, folder, link, member, packed
from tests.deploy.slots.fickle_disk import NearlyFull, NotedDisk, QuickDisk

pytestmark = pytest.mark.distribution

NOW = datetime(2026, 11, 29, tzinfo=UTC)
GOOD = packed(environment())


class Scene:
    def __init__(self, base: Path) -> None:
        self.on: Box = box(base / "box")
        self.maker = Maker()
        self.key = self.maker.signer.public_key(self.on.places.config)
        self.source = Source(self.on.places.bridge, ("firmware",))
        self.before = tree(self.on.places.slots)

    @property
    def folder(self) -> Path:
        return self.on.places.bridge / "firmware"

    def install(self, disk: QuickDisk | None = None, fits: Fits = FITS) -> None:
        said = verified(self.source, self.key, fits, NOW)
        bring(self.on.carrier(disk or QuickDisk()), self.source, said)

    def refuses(self, why: str) -> None:
        with pytest.raises(RefusedError, match=why):
            self.install()
        self.is_untouched()

    def is_untouched(self) -> None:
        assert tree(self.on.places.slots) == self.before


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_good_one_becomes_a_slot_and_nothing_else_is_left(scene: Scene) -> None:
    scene.maker.put(scene.folder, GOOD)
    scene.install()
    assert tree(scene.on.places.slot(NEW)) == tree(scene.on.places.application)
    shutil.rmtree(scene.on.places.slot(NEW))
    scene.is_untouched()


@pytest.mark.parametrize("start", ["", "./"])
def test_as_tar_itself_packs_it(scene: Scene, start: str) -> None:
    members = [folder("./")] if start else []
    for info, content in environment():
        info.name = start + info.name
        members.append((info, content))
    scene.maker.put(scene.folder, packed(members))
    scene.install()
    assert tree(scene.on.places.slot(NEW)) == tree(scene.on.places.application)


@pytest.mark.parametrize(
    ("box_lines", "why"),
    [
        ("suite trixie\nmachine x86_64\n", f"{NEW} is for trixie on x86_64; this box is bookworm on x86_64"),
        ("suite bookworm\nmachine aarch64\n", "is for bookworm on aarch64; this box is bookworm on x86_64"),
        ("", "names no suite and no machine"),
    ],
)
def test_one_for_another_box(scene: Scene, box_lines: str, why: str) -> None:
    scene.maker.put(scene.folder, GOOD, box=box_lines)
    scene.refuses(why)


def test_a_stranger_s(scene: Scene) -> None:
    Maker(Signer()).put(scene.folder, GOOD)
    scene.refuses("not signed with the key")


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (GOOD[:-1], "cut off: .* bytes are here; get it again"),
        (b"", "cut off"),
        (GOOD + b"x", "not the one that its manifest describes"),
        (GOOD[:100] + bytes([GOOD[100] ^ 1]) + GOOD[101:], "not the one that its manifest describes"),
    ],
)
def test_what_is_not_the_manifest_s(scene: Scene, archive: bytes, why: str) -> None:
    scene.maker.put(scene.folder, GOOD)
    (scene.folder / ARCHIVE).write_bytes(archive)
    scene.refuses(why)


@pytest.mark.parametrize("name", [ARCHIVE, MANIFEST])
def test_a_link_in_the_place_of_a_file_is_not_followed(scene: Scene, tmp_path: Path, name: str) -> None:
    scene.maker.put(scene.folder, GOOD)
    (scene.folder / name).rename(tmp_path / "elsewhere")
    (scene.folder / name).symlink_to(tmp_path / "elsewhere")
    scene.refuses("cannot be read: Too many levels of symbolic links")


def test_a_link_in_the_place_of_the_folder_is_not_followed(scene: Scene, tmp_path: Path) -> None:
    scene.maker.put(tmp_path / "elsewhere", GOOD)
    scene.folder.symlink_to(tmp_path / "elsewhere")
    scene.refuses("cannot be read: Not a directory")


@pytest.mark.parametrize("name", [ARCHIVE, MANIFEST])
@pytest.mark.parametrize("kind", ["folder", "pipe", "nothing"])
def test_what_is_no_file_is_refused_without_waiting(scene: Scene, name: str, kind: str) -> None:
    scene.maker.put(scene.folder, GOOD)
    (scene.folder / name).unlink()
    if kind == "folder":
        (scene.folder / name).mkdir()
    elif kind == "pipe":
        os.mkfifo(scene.folder / name)
    scene.refuses("must be a plain file|No such file")


def test_a_file_that_is_exchanged_after_it_was_verified_counts_for_nothing(scene: Scene) -> None:
    """What is unpacked is root's own copy."""

    class Exchanging(QuickDisk):
        def make_folder(self, path: Path, mode: int = 0o755) -> None:  # the unpacking begins
            scene_folder = scene.folder / ARCHIVE
            scene_folder.write_bytes(packed([*environment(), member("lib/evil.py", b"x")]))
            super().make_folder(path, mode)

    scene.maker.put(scene.folder, GOOD)
    scene.install(Exchanging())
    assert tree(scene.on.places.slot(NEW)) == tree(scene.on.places.application)


BAD = {
    "absolute": [member("/etc/cron.d/x", b"x")],
    "up": [member("../x", b"x")],
    "up in the middle": [folder("a"), member("a/../../x", b"x")],
    "empty word": [folder("a"), member("a//x", b"x")],
    "link out": [link("x", "../outside")],
    "absolute link": [link("x", "/etc/passwd")],
    "absolute link to a python elsewhere": [link("x", "/usr/bin/python3")],
    "python by another way": [folder("bin"), link("bin/python", "/usr/bin/python3/../../../etc/passwd")],
    "link up in the middle": [folder("a"), link("a/b", "../a/../../x")],
    "through a link": [folder("a"), link("b", "a"), member("b/x", b"x")],
    "over a link": [folder("a"), link("x", "a"), member("x", b"x")],
    "through a file": [member("a", b"x"), member("a/b", b"x")],
    "no folder before it": [member("a/b", b"x")],
    "twice": [member("a", b"x"), member("a", b"y")],
    "hard link": [member("a", b"x"), member("b", type=tarfile.LNKTYPE, linkname="a")],
    "character device": [member("a", type=tarfile.CHRTYPE)],
    "block device": [member("a", type=tarfile.BLKTYPE)],
    "pipe": [member("a", type=tarfile.FIFOTYPE)],
    "top is a file": [member(".", b"x")],
    "line break": [member("a\nb", b"x")],
    "long": [member("a" * 1001, b"x")],
    "folder that is there": [folder("lib")],
}


@pytest.mark.parametrize("name", BAD)
def test_members_that_lead_out_are_refused_before_any_is_unpacked(scene: Scene, name: str) -> None:
    scene.maker.put(scene.folder, packed([*environment(), *BAD[name]]))
    disk = NotedDisk()
    with pytest.raises(RefusedError, match="must not be unpacked"):
        scene.install(disk)
    scene.is_untouched()
    assert [op for op in disk.ops if op.name == "make_folder"] == []


def test_one_that_no_unit_could_start_is_refused(scene: Scene) -> None:
    scene.maker.put(scene.folder, packed([folder("bin"), member("bin/evse-bridge", b"x")]))
    scene.refuses("it has no bin/python")


def test_a_bomb_is_refused_before_any_of_it_is_unpacked(scene: Scene) -> None:
    bomb = packed([*environment(), member("zeros", bytes(50 * 2**20))])
    assert len(bomb) < 20_000
    scene.maker.put(scene.folder, bomb)
    scene.refuses("it unpacks to more than")


@pytest.mark.parametrize("archive", [b"garbage" * 99, GOOD[:200], packed(environment(), "w:gz")])
def test_what_is_signed_and_yet_no_archive(scene: Scene, archive: bytes) -> None:
    scene.maker.put(scene.folder, archive)
    scene.refuses("cannot be unpacked: it is no tar.xz")


def test_a_full_card_at_any_moment_leaves_nothing(scene: Scene) -> None:
    scene.maker.put(scene.folder, GOOD)
    whole = NotedDisk()
    scene.install(whole)
    shutil.rmtree(scene.on.places.slot(NEW))
    for at in range(len(whole.ops) - 2):  # the last two: it is a slot already
        with pytest.raises(RefusedError, match="No space left on device"):
            scene.install(NotedDisk(full_at=at))
        scene.is_untouched()


@pytest.mark.parametrize(("missing", "what"), [(1, "the archive"), (0, "what it unpacks to")])
def test_room_is_looked_for_before_it_is_taken(scene: Scene, missing: int, what: str) -> None:
    archive = packed([*environment(), member("lib/text.py", b"text" * 1000)])
    scene.maker.put(scene.folder, archive)
    with pytest.raises(RefusedError, match=f"the card is full: {what} needs 65 MiB, 6[45] MiB are free"):
        scene.install(NearlyFull(ROOM + len(archive) - missing))
    scene.is_untouched()


WORDS = st.sampled_from(["a", "b", "..", "..", ".", ""])
PATHS = st.lists(WORDS, min_size=1, max_size=5).map("/".join)
NAMES = st.sampled_from(["a", "b", "a/b", "b/a", "a/b/a"]) | PATHS
KINDS: st.SearchStrategy[Kind] = st.sampled_from(["file", "folder", "folder", "link", "link"])


@given(st.lists(st.builds(Member, NAMES, KINDS, st.just(1), PATHS | PATHS.map("/{}".format)), max_size=12))
@example([Member("a", "link", 1, "."), Member("b", "link", 1, "a/..")])  # up from where the name leads
@settings(max_examples=1000)
def test_whatever_is_admitted_stays_inside(members: list[Member]) -> None:
    """As the kernel would follow it: a small file system of names, with links."""
    contents, links = Contents(1000), dict[str, str]()
    there = {""}
    for each in members:
        try:
            path = contents.admit(each)
        except MemberError:
            continue
        assert path.rpartition("/")[0] in there
        if each.kind == "folder":
            there.add(path)
        if each.kind == "link":
            links[path] = each.target
    for path in links:
        assert_inside(path.split("/"), links)


def assert_inside(words: list[str], links: dict[str, str]) -> None:
    waiting, here, followed = list(words), list[str](), 0
    while waiting and followed < 40:  # the kernel gives up too
        word = waiting.pop(0)
        if word == "..":
            assert here, f"{words} leads out: {links}"
            here.pop()
            continue
        here.append(word)
        target = links.get("/".join(here))
        if target is not None:
            assert not target.startswith("/")
            here.pop()
            waiting[:0] = target.split("/")
            followed += 1


def test_no_bomb_fills_the_card() -> None:
    assert most_bytes(1000) == 40_000
    assert most_bytes(2**29) == 2**30
    with pytest.raises(MemberError, match="more than 10 bytes"):
        Contents(10).admit(Member("a", "file", 11))


def test_a_size_below_zero_lifts_no_bound(scene: Scene) -> None:
    """tar writes large sizes in base 256, with a sign. A newer `tarfile` takes such a header for the end."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for info, content in [*environment(), member("least")]:
            info.size = -(2**40) if info.name == "least" else info.size
            tar.addfile(info, io.BytesIO(content))
    scene.maker.put(scene.folder, lzma.compress(made.getvalue()))
    scene.refuses("'least' has -1099511627776 bytes: must be 0 or more|no header of a tar")


def test_a_header_that_cannot_be_read_is_not_taken_for_the_end(scene: Scene) -> None:
    """`tarfile` would leave out the rest without a word."""
    tar = bytearray(lzma.decompress(GOOD))
    with tarfile.open(fileobj=io.BytesIO(tar)) as good:
        header = good.getmembers()[-1].offset
    tar[header] ^= 0xFF
    scene.maker.put(scene.folder, lzma.compress(bytes(tar)))
    scene.refuses("no header of a tar")


def test_a_tar_that_was_cut_off_between_two_members_is_refused(scene: Scene) -> None:
    tar = lzma.decompress(GOOD)
    with tarfile.open(fileobj=io.BytesIO(tar)) as good:
        header = good.getmembers()[-1].offset
    scene.maker.put(scene.folder, lzma.compress(tar[:header]))
    scene.refuses("no header of a tar")


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ([tarfile.XHDTYPE] * 3000, "maximum recursion depth"),
        ([tarfile.GNUTYPE_LONGNAME] * 3000, "maximum recursion depth"),
    ],
)
def test_headers_of_headers(scene: Scene, headers: list[bytes], why: str) -> None:
    scene.maker.put(scene.folder, packed(member(f"{n}", type=kind) for n, kind in enumerate(headers)))
    scene.refuses(why)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_of_gigabytes_is_not_read(scene: Scene, kind: bytes) -> None:
    scene.maker.put(scene.folder, packed([member("name", type=kind, size=2**30)]))
    scene.refuses("a header of more than 1048576 bytes")
