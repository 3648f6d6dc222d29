"""A power cut after any operation of an update, with any of what was not synced lost; then a boot."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.slots.adopting import adopt
from deploy.slots.boot import settle
from deploy.slots.names import UNFINISHED
from deploy.slots.steps import to_keep, to_rest, to_trial
from tests.campaigns import many, part
from tests.deploy.slots.box import BEFORE, CONFIG, IN_TRIAL, KEPT, MIGRATED, NEW, OLD, TRIAL, Box, box, tree
from tests.deploy.slots.fickle_disk import Lost, NotedDisk, Op, QuickDisk, losses, written

Story = Callable[[Box, NotedDisk], None]


def programs_write(on: Box, disk: NotedDisk, content: dict[str, bytes]) -> None:
    for name in set(BEFORE) | set(content):
        disk.by_others(on.places.bridge / name, content.get(name, b""))


def tried_before(base: Path) -> Box:
    """A box with the file before an earlier trial, which its owner has changed since."""
    made = box(base)
    (made.places.config / KEPT).write_text("of an earlier trial")
    return made


def adopted(on: Box, disk: NotedDisk) -> None:
    adopt(on.carrier(disk), needs_trial=True, allow_older=False)


def tried(on: Box, disk: NotedDisk) -> None:
    adopted(on, disk)
    on.carrier(disk).carry_out(to_trial(on.look(), TRIAL, MIGRATED))
    programs_write(on, disk, IN_TRIAL)


def kept(on: Box, disk: NotedDisk) -> None:
    tried(on, disk)
    on.carrier(disk).carry_out(to_keep(on.look()))


def gone_back(on: Box, disk: NotedDisk) -> None:
    tried(on, disk)
    on.carrier(disk).carry_out(to_rest(on.look(), NEW))


def installed_at_once(on: Box, disk: NotedDisk) -> None:
    adopt(on.carrier(disk), needs_trial=False, allow_older=False)


STORIES = {"kept": kept, "gone back": gone_back, "at once": installed_at_once}


def after_cut(on: Box, ops: list[Op], lost: Lost, base: Path) -> Box:
    """The box as the power left it, before its boot. `on` is as it was before the story."""
    left = on.copy(base)
    written(ops, lost, lambda path: left.moved(left, base / path.relative_to(on.base)))
    return left


def told(on: Box, story: Story) -> list[Op]:
    """The operations of a story, which is told on a copy."""
    disk = NotedDisk()
    scene = on.copy(on.base.with_name("scene"))
    story(scene, disk)
    shutil.rmtree(scene.base)
    return [
        Op(op.name, tuple(on.base / path.relative_to(scene.base) for path in op.paths), op.content, op.rights)
        for op in disk.ops
    ]


def decided(on: Box, ops: list[Op]) -> set[str]:
    """Which versions may run after a cut: the end of the trial is the one moment that decides."""
    for number, op in enumerate(ops):
        ends = op.name == "remove" and op.paths[0] == on.places.trial
        if ends:
            return {NEW} if op.lasts_by(ops[number + 1 :]) else {OLD, NEW}
    return {OLD}


def whole(on: Box) -> None:
    """One good version, and nothing of a trial."""
    seen = on.look()
    assert seen.current is not None
    assert not seen.trial_file
    assert not seen.copied
    assert not seen.leftovers
    assert not on.places.mark.exists()
    for version in seen.slots:
        sample = tree(on.places.application)
        assert tree(on.places.slot(version)) == {
            **sample,
            "lib/bridge.py": f"False VERSION = {version!r}\n",
        }, version
    assert not [each for at in (on.places.slots, on.places.config) for each in at.rglob(f"*{UNFINISHED}")]


def settled(left: Box) -> str:
    settle(left.carrier(QuickDisk()))
    whole(left)
    current = left.look().current
    assert current is not None
    return current


def cuts(ops: list[Op]) -> Iterator[tuple[int, Lost]]:
    for length in range(len(ops) + 1):
        for lost in losses(ops[:length]):
            yield length, lost


def by_chance(seed: Random) -> Lost:
    return lambda _number, _what: seed.random() < 0.5


def judged(name: str, ops: list[Op], left: Box, on: Box, said: str) -> str:
    """The version that is left, which is one that may be, with its database."""
    current = settled(left)
    if name != "at once":
        assert current in (decided(on, ops) if name == "kept" else {OLD}), said
        in_trial = {key: IN_TRIAL.get(key, b"") for key in {*BEFORE, *IN_TRIAL}}
        assert left.database() == (in_trial if current == NEW else BEFORE), said
        kept = {KEPT: CONFIG["wallbox.toml"]}
        now = CONFIG | MIGRATED if current == NEW else CONFIG
        assert left.config() | kept == now | kept, said
        assert current == OLD or kept.items() <= left.config().items(), said
    return current


@pytest.mark.part
@pytest.mark.parametrize("name", STORIES)
def test_after_a_cut_at_any_moment_a_boot_leaves_one_good_version_and_its_database(
    tmp_path: Path, name: str
) -> None:
    on = tried_before(tmp_path / "box")
    ops = told(on, STORIES[name])
    left_by = {OLD: 0, NEW: 0}
    for number, (length, lost) in enumerate(part([*cuts(ops)], 3)):
        left = after_cut(on, ops[:length], lost, tmp_path / "left")
        said = f"cut {number} after {length} of {len(ops)}: {ops[length - 1] if length else None}"
        left_by[judged(name, ops[:length], left, on, said)] += 1
        shutil.rmtree(left.base)
    assert left_by[OLD] > 10
    assert (left_by[NEW] > 0) == (name != "gone back")


@pytest.mark.part
@given(
    name=st.sampled_from(sorted(STORIES)),
    at=st.lists(st.integers(0, 60), min_size=2, max_size=4),
    seed=st.randoms(use_true_random=False),
)
@settings(max_examples=many(20, 60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cuts_in_the_boots_after_a_cut_change_nothing(
    tmp_path: Path, name: str, at: list[int], seed: Random
) -> None:
    with TemporaryDirectory(dir=tmp_path) as folder:
        on = tried_before(Path(folder) / "0")
        ops = told(on, STORIES[name])[: at[0]]
        left = after_cut(on, ops, by_chance(seed), Path(folder) / "1")
        for number, length in enumerate(at[1:], 2):
            again = told(left, lambda box, disk: settle(box.carrier(disk)))[:length]
            left = after_cut(left, again, by_chance(seed), Path(folder) / f"{number}")
        judged(name, ops, left, on, f"{name}, cut at {at}")


@pytest.mark.parametrize("name", STORIES)
def test_a_disk_that_is_full_at_any_moment_leaves_a_way_back(tmp_path: Path, name: str) -> None:
    """Without a boot: our own program goes back, or the next boot does."""
    on = tried_before(tmp_path / "box")
    ops = told(on, STORIES[name])
    for length in range(len(ops)):
        if ops[length].name == "by_others":
            continue
        scene, disk = on.copy(tmp_path / "scene"), NotedDisk(full_at=length)
        with pytest.raises(OSError, match="No space left"):
            STORIES[name](scene, disk)
        ends = [op.name == "remove" and op.paths[0] == scene.places.trial for op in disk.ops]
        current = settled(scene)
        if name != "at once":
            assert current == (NEW if name == "kept" and any(ends) else OLD), ops[length]
            assert (scene.database() == BEFORE) == (current == OLD)
            assert (scene.config()["wallbox.toml"] == CONFIG["wallbox.toml"]) == (current == OLD)
        shutil.rmtree(scene.base)


def test_a_boot_after_a_boot_changes_nothing(tmp_path: Path) -> None:
    on = box(tmp_path / "box")
    disk = NotedDisk()
    tried(on, disk)
    assert settled(on) == OLD
    before = tree(on.base)
    settle(on.carrier(QuickDisk()))
    assert tree(on.base) == before
    assert not on.places.slot(NEW).exists()  # it has had its chance


def test_a_boot_that_cannot_go_back_lets_the_bridge_see_a_trial(tmp_path: Path) -> None:
    """Else it would store sessions, which the next boot would take away with the way back."""
    on = box(tmp_path / "box")
    tried(on, NotedDisk())
    on.places.mark.unlink()  # a boot
    with pytest.raises(OSError, match="No space left"):
        settle(on.carrier(NotedDisk(full_at=4)))  # before: the note for the owner
    assert on.places.mark.read_text() == f"{NEW}\n"
    assert settled(on) == OLD
