"""Mutants of backup and restore: each promise of docs/backup.md broken in one place."""

from __future__ import annotations

from tests.mutants.shell import Mutant

_RESTORE = "tests/bridge/backup/test_restore.py::test_"
_CUTS = f"{_RESTORE}a_power_cut_leaves_all_or_nothing"
_ONCE = (
    "tests/bridge/backup/test_sent_once.py::"
    "test_what_may_have_been_sent_since_the_backup_is_sent_only_when_asked"
)
_PLACING = "bridge/backup/restoring.py"

BACKUP = (
    Mutant(
        "backup: what may have been sent is sent again",
        "bridge/backup/restored_store.py",
        "if uncertain:\n                store.apply",
        "if False:\n                store.apply",
        _ONCE,
    ),
    Mutant(
        "backup: a dead letter for now is offered again by itself",
        "bridge/backup/restored_store.py",
        "(row.given_up is None or row.given_up_for_now)",
        "row.given_up is None",
        _ONCE,
    ),
    Mutant(
        "backup: the file has its name before the box is held",
        "bridge/backup/backup.py",
        """        restoring.hold(disk, places.box, held)
        try:
            disk.rename(part, file)
""",
        """        try:
            disk.rename(part, file)
            restoring.hold(disk, places.box, held)
""",
        f"{_RESTORE}no_power_cut_makes_a_file_of_a_box_that_goes_on",
    ),
    Mutant(
        "backup: the box is not held while files change places",
        _PLACING,
        '        _hold(disk, box, Held(kind="restoring", why=why, before=holding.read(box.of_bridge)))\n',
        "",
        _CUTS,
    ),
    Mutant(
        "backup: the box is free before the journal is gone",
        _PLACING,
        "    disk.remove(box.journal)\n    disk.remove(box.held)\n",
        "    disk.remove(box.held)\n    disk.remove(box.journal)\n",
        f"{_RESTORE}a_box_that_runs_again_is_not_changed_by_an_old_journal",
    ),
    Mutant(
        "backup: what stood beside the old store meets the new one",
        _PLACING,
        "        disk.remove(Path(sidecar))",
        "        pass",
        _CUTS,
    ),
    Mutant(
        "backup: a box of another machine is not asked about",
        "bridge/backup/judging.py",
        "if origin.move or here.same_machine:",
        "if True:",
        f"{_RESTORE}on_another_machine_the_old_box_must_be_gone",
    ),
    Mutant(
        "backup: a mock becomes a real box",
        "bridge/backup/judging.py",
        "if origin.mock != here.mock:",
        "if False:",
        f"{_RESTORE}a_mock_never_becomes_a_real_box_nor_a_real_one_a_mock",
    ),
    Mutant(
        "backup: sessions of its own are replaced unasked",
        "bridge/backup/judging.py",
        "and here.sessions != 0:",
        "and False:",
        f"{_RESTORE}sessions_of_its_own_are_not_replaced_unasked",
    ),
    Mutant(
        "backup: the two lines of the file are not authenticated",
        "bridge/backup/sealed_file.py",
        "decrypt(header.nonce, encrypted, before)",
        "decrypt(header.nonce, encrypted, None)",
        "tests/bridge/backup/test_sealed_file.py::test_what_is_sealed_is_read_again",
    ),
    Mutant(
        "backup: a link is followed",
        "bridge/backup/disk.py",
        """        path.unlink(missing_ok=True)
        wanted = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW""",
        "        wanted = os.O_WRONLY | os.O_CREAT | os.O_TRUNC",
        f"{_RESTORE}a_link_is_read_and_replaced_but_not_followed",
    ),
    Mutant(
        "backup: a box that is held opens its store",
        "bridge/awaited_store.py",
        "            require_free(path.parent)\n",
        "",
        "tests/bridge/backup/test_command.py::test_the_store_of_a_box_that_is_held_is_not_opened",
    ),
)
