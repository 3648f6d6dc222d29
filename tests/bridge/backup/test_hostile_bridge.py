"""A bridge that was taken over: root reads, writes and removes nothing that it chose."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bridge.backup.errors import BackupError
from bridge.backup.judging import Answers
from bridge.backup.restore import opened
from bridge.cli import backup as command
from bridge.folders import CommandError, Folders
from bridge.local import orders
from bridge.local.orders import CopyStore, Identity, Reply
from bridge.store import Database, StoreError
from bridge.store.sessions import Sessions
from tests.bridge.backup.boxes import PASSPHRASE, Box
from tests.bridge.store.story import BATCHES_A_ROW

BRIDGE_UID = 7003
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to other users")


@pytest.fixture
def box(short_folder: Path) -> Box:
    made = Box(short_folder / "b")
    made.configure()
    made.live(2 * BATCHES_A_ROW)
    made.folders.runtime.mkdir()
    return made


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A file of root's that nobody else may read or lose."""
    file = tmp_path / "precious"
    file.write_bytes(b"precious")
    file.chmod(0o600)
    return file


@contextmanager
def bridge(box: Box, data: str) -> Iterator[None]:
    """Says that its copy lies there."""
    path = box.folders.runtime / orders.SOCKET_NAME
    path.parent.mkdir(exist_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        thread = threading.Thread(target=_serve, args=(server, box, data))
        thread.start()
        yield
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(server: socket.socket, box: Box, data: str) -> None:
    while True:
        try:
            link, _ = server.accept()
        except OSError:  # the end
            return
        with link, link.makefile("rwb") as lines:
            order = orders.order(lines.readline())
            identity = Identity(database=str(box.places.database.resolve()), mock=True)
            lines.write(orders.encode(Reply("Accepted", data) if isinstance(order, CopyStore) else identity))


def copy_of(box: Box) -> Path:
    return box.places.database.with_name("bridge.sqlite.copy")


def test_the_file_that_its_reply_names_is_neither_read_nor_removed(box: Box, precious: Path) -> None:
    copy_of(box).write_bytes(b"what lies beside the store")
    with bridge(box, str(precious)):
        list(command.back_up(box.folders, box.folder / "f", PASSPHRASE))
    assert opened(box.folder / "f", PASSPHRASE).database == b"what lies beside the store"
    assert precious.read_bytes() == b"precious"
    assert not copy_of(box).exists()


def test_a_link_in_the_place_of_the_copy_is_refused_in_words(box: Box, precious: Path) -> None:
    copy_of(box).symlink_to(precious)
    with bridge(box, str(copy_of(box))), pytest.raises(CommandError, match=r"\.copy: is a link, must be"):
        list(command.back_up(box.folders, box.folder / "f", PASSPHRASE))
    assert not (box.folder / "f").exists()
    assert precious.read_bytes() == b"precious"


@root_only
def test_a_second_name_of_roots_file_is_refused(box: Box, precious: Path) -> None:
    os.chown(box.folders.state, BRIDGE_UID, -1)
    os.link(precious, copy_of(box))
    with (
        bridge(box, str(copy_of(box))),
        pytest.raises(CommandError, match=f"must belong to user {BRIDGE_UID}"),
    ):
        list(command.back_up(box.folders, box.folder / "f", PASSPHRASE))
    assert precious.read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["bridge.sqlite", "bridge.sqlite-wal", "wallbox-state.json", "meter.json"])
def test_a_link_in_a_state_folder_is_not_followed(name: str, box: Box, precious: Path) -> None:
    """Not for a backup of a box that does not run, nor for what a restore keeps of the box before."""
    good = box.back_up()
    linked = box.folders.state / name
    linked.unlink(missing_ok=True)
    linked.symlink_to(precious)
    with pytest.raises(CommandError, match="is a link"):
        box.back_up("again")
    with pytest.raises(CommandError, match="is a link"):
        box.restore(good, Answers(over=True, old_box_is_gone=True))
    assert linked.is_symlink()
    assert precious.read_bytes() == b"precious"


@root_only
def test_root_opens_no_store_in_the_folder_of_another(box: Box, precious: Path) -> None:
    """SQLite would follow a link, and write beside what it names."""
    os.chown(box.folders.state, BRIDGE_UID, -1)
    database = box.places.database
    os.chown(database, BRIDGE_UID, -1)
    before = sorted(box.folders.state.iterdir())
    with closing(Sessions.open(database)) as read:
        assert len(read.rows(limit=-1)) == 2
    assert sorted(box.folders.state.iterdir()) == before
    elsewhere = precious.with_name("elsewhere.sqlite")
    database.rename(elsewhere)
    database.symlink_to(elsewhere)
    with pytest.raises(StoreError, match="is a link"):
        Sessions.open(database)


def test_a_store_that_is_written_meanwhile_is_said_to_be(box: Box) -> None:
    """The bridge has just started, and listens not yet."""
    with closing(Database(box.places.database)):
        pass
    fifo = Folders(box.folders.config, box.folders.state, box.folders.runtime, mock=True)
    (fifo.state / "bridge.sqlite-wal").unlink(missing_ok=True)
    os.mkfifo(fifo.state / "bridge.sqlite-wal")
    with pytest.raises(CommandError, match="must be an ordinary file"):
        box.back_up()


def test_no_copy_is_said_in_words(box: Box) -> None:
    with bridge(box, "/nowhere"), pytest.raises((BackupError, CommandError), match=r"bridge\.sqlite\.copy"):
        list(command.back_up(box.folders, box.folder / "f", PASSPHRASE))
