"""The count of energy: it never runs back and never invents a Wh."""

from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.configuration.meter_map import TotalNumber
from hal.instruments.meter.energy import (
    INT32_MAX,
    KEEP_S,
    EnergyAccount,
    Installed,
    StoredCount,
    WakingError,
    WriteTime,
    rolls_over_wh,
)
from hal.instruments.meter.model import models
from hal.instruments.meter.registers import ImplausibleError

POWER_W = 11_040.0  # 16 A on three phases
INSTALLED = Installed("eastron_sdm630", replaced=0, max_power_w=POWER_W, step_wh=10, rolls_over_wh=None)
replace = msgspec.structs.replace


def installed(
    *,
    model: str = "eastron_sdm630",
    replaced: int = 0,
    rolls_over: int | None = None,
    power_w: float = POWER_W,
) -> Installed:
    return Installed(model, replaced, power_w, step_wh=10, rolls_over_wh=rolls_over)


def running(register_wh: int = 50_000, serial: str | None = "A", box: Installed = INSTALLED) -> EnergyAccount:
    """An account that has seen this register at second 0."""
    account = EnergyAccount(box, None)
    account.count(register_wh, serial, 0.0)
    return account


def test_the_first_count_is_the_meters_own() -> None:
    assert EnergyAccount(INSTALLED, None).count(50_000, "A", 0.0).total_wh == 50_000


def test_energy_at_full_power_is_counted() -> None:
    account, register_wh = running(), 50_000.0
    for second in range(1, 3600):
        register_wh += POWER_W / 3600
        counted = account.count(int(register_wh // 10) * 10, "A", float(second))
        assert (counted.total_wh, counted.note) == (int(register_wh // 10) * 10, None)


def test_a_register_that_jumps_is_withheld_and_stays_so() -> None:
    account = running()
    for second in (1.0, 2.0, 3600.0, 1e6):
        with pytest.raises(ImplausibleError, match=r"jumped, 50000 before and at most \d+ Wh possible since"):
            account.count(150_000, "A", second)
    assert account.count(50_010, "A", 1e6 + 1).total_wh == 50_010


def test_what_the_fuse_lets_through_is_no_jump() -> None:
    """In the time since the last good reading, with 25 % of margin and 15 s of the meter's own slowness."""
    possible_wh = POWER_W * 1.25 * (10 + 15) / 3600 + 10
    assert running().count(50_000 + int(possible_wh), "A", 10.0).total_wh == 50_000 + int(possible_wh)
    with pytest.raises(ImplausibleError, match="jumped"):
        running().count(50_000 + int(possible_wh) + 10, "A", 10.0)


def test_a_mocks_hurried_energy_is_no_jump() -> None:
    assert running(box=installed(power_w=60 * POWER_W)).count(53_000, "A", 1.0).total_wh == 53_000


def test_a_register_that_runs_back_is_withheld() -> None:
    account = running()
    with pytest.raises(ImplausibleError, match=r"ran back, 50000 before; if the meter was replaced or reset"):
        account.count(49_980, "A", 1.0)
    assert account.count(50_000, "A", 2.0).total_wh == 50_000


def test_one_step_back_is_the_registers_last_digit_and_never_shown() -> None:
    account = running()
    assert [account.count(wh, "A", 1.0).total_wh for wh in (49_990, 50_000, 49_990, 50_010)] == [
        50_000, 50_000, 50_000, 50_010
    ]  # fmt: skip


def test_another_serial_number_is_another_meter() -> None:
    account = running()
    counted = account.count(170, "B", 1.0)
    assert counted.total_wh == 50_000
    assert counted.note == "the meter is now number B, A before; the count goes on at 50000 Wh"
    assert account.count(180, "B", 2.0) == type(counted)(50_010)


def test_a_serial_number_that_is_not_told_is_not_another() -> None:
    account = running()
    assert account.count(50_010, None, 1.0).total_wh == 50_010
    assert account.count(50_020, "A", 2.0).note is None
    assert account.stored is not None
    assert account.stored.serial == "A"


@pytest.mark.parametrize("box", [installed(replaced=1), installed(model="abb_b23")])
@pytest.mark.parametrize("register_wh", [170, 9_000_000])
def test_a_person_says_that_the_meter_was_replaced(box: Installed, register_wh: int) -> None:
    account = EnergyAccount(box, running(serial=None).stored)
    counted = account.count(register_wh, None, 0.0)
    assert counted.total_wh == 50_000
    assert counted.note
    assert account.count(register_wh + 20, None, 1.0) == type(counted)(50_020)


def test_after_a_restart_only_what_can_have_flowed_unseen_counts() -> None:
    stored = running().stored
    possible_wh = int(POWER_W * 1.25 * (180 + 15) / 3600) + 10
    assert (
        EnergyAccount(INSTALLED, stored).count(50_000 + possible_wh, "A", 7.0).total_wh
        == 50_000 + possible_wh
    )
    with pytest.raises(ImplausibleError, match="jumped"):
        EnergyAccount(INSTALLED, stored).count(50_000 + possible_wh + 10, "A", 7.0)
    with pytest.raises(ImplausibleError, match="ran back"):
        EnergyAccount(INSTALLED, stored).count(40_000, "A", 7.0)


def test_a_register_that_rolls_over_goes_on() -> None:
    box = installed(rolls_over=1_000_000)
    account = running(999_980, box=box)
    counted = account.count(30, "A", 1.0)
    assert (counted.total_wh, counted.note) == (1_000_030, "the register began at 0 again, 1000000 Wh")
    assert account.count(40, "A", 2.0) == type(counted)(1_000_040)
    with pytest.raises(ImplausibleError, match="ran back"):
        running(999_980, box=box).count(5_000, "A", 1.0)


def test_the_range_of_a_register_is_known_for_whole_numbers() -> None:
    ranges = {name: rolls_over_wh(model.map) for name, model in models().items()}
    assert ranges["eastron_sdm630"] is None
    assert ranges["siemens_pac2200"] is None
    assert ranges["carlo_gavazzi_em340"] == 100 << 31
    assert ranges["orno_we514"] == 10 << 32
    own = replace(models()["orno_we514"].map, rolls_over_wh=10**9)
    assert rolls_over_wh(own) == 10**9
    assert (
        rolls_over_wh(replace(own, rolls_over_wh=None, energy=TotalNumber(total=0, type="uint16"))) == 65_536
    )


def test_a_count_beyond_32_bits_begins_without_its_gigawatt_hours() -> None:
    account = EnergyAccount(INSTALLED, None)
    assert account.count(5_123_456_780, "A", 0.0).total_wh == 123_456_780
    assert account.count(5_123_456_790, "A", 1.0).total_wh == 123_456_790


def test_the_end_of_32_bits_is_named() -> None:
    near = StoredCount("eastron_sdm630", "A", 0, INT32_MAX - 5, 0)
    with pytest.raises(ImplausibleError, match="OCPP counts to 2147483647 Wh"):
        EnergyAccount(INSTALLED, near).count(INT32_MAX + 5, "A", 0.0)


steps = st.one_of(
    st.tuples(st.just("flow"), st.integers(0, 40)),  # Wh in a second: the fuse allows 3.8
    st.tuples(st.just("garbage"), st.integers(0, 10**10)),
    st.tuples(st.just("replace"), st.integers(0, 10**9)),
    st.tuples(st.just("restart"), st.integers(0, 3)),
)


@given(story=st.lists(steps, max_size=40), first_wh=st.integers(0, 10**9))
def test_whatever_happens_the_count_never_runs_back_and_invents_nothing(
    story: list[tuple[str, int]], first_wh: int
) -> None:
    """Garbage may be taken for energy only as far as the fuse could have let it through."""
    box, serial, register_wh, now_s = INSTALLED, 0, first_wh, 0.0
    account = EnergyAccount(box, None)
    total_wh = account.count(register_wh, str(serial), now_s).total_wh
    for what, how_much in story:
        now_s += 1.0
        seen_wh = register_wh
        if what == "flow":
            register_wh = seen_wh = register_wh + how_much
        elif what == "garbage":
            seen_wh = how_much
        elif what == "replace":
            serial, register_wh = serial + 1, how_much
            seen_wh = register_wh
        else:
            account = EnergyAccount(box, account.stored)
        try:
            after_wh = account.count(seen_wh, str(serial), now_s).total_wh
        except ImplausibleError:
            continue
        assert total_wh <= after_wh <= total_wh + POWER_W * 1.25 * 195 / 3600 + 10
        total_wh = after_wh


@pytest.mark.parametrize(("power_w", "after_s", "due"), [
    (11_000.0, 30.0, False), (11_000.0, KEEP_S, True),
    (0.0, 1.0, True), (99.0, 1.0, True), (101.0, 1.0, False),
])  # fmt: skip
def test_flowing_energy_is_kept_now_and_then_and_the_end_of_charging_at_once(
    power_w: float, after_s: float, due: bool
) -> None:
    stored = StoredCount("m", "A", 0, 100, 0)
    times = WriteTime(None)
    assert times.due(stored, power_w, 0.0)
    times.wrote(stored, 0.0)
    assert not times.due(stored, 0.0, 1e6)
    assert times.due(replace(stored, register_wh=110), power_w, after_s) is due


@pytest.mark.parametrize("change", [{"serial": "B"}, {"offset_wh": 5}, {"replaced": 1}, {"model": "n"}])
def test_another_meter_is_kept_at_once(change: dict[str, object]) -> None:
    stored = StoredCount("m", "A", 0, 100, 0)
    times = WriteTime(stored)
    times.wrote(stored, 0.0)
    assert times.due(replace(stored, **change), 11_000.0, 0.1)


SETTLE_S = 30.0
REAL = Installed(
    "eastron_sdm630", replaced=0, max_power_w=POWER_W, step_wh=10, rolls_over_wh=None, settle_s=SETTLE_S
)


def begins_at(account: EnergyAccount, registers: list[int]) -> list[int]:
    """The seconds at which a reading counts, one each second."""
    counted = []
    for second, register_wh in enumerate(registers):
        with contextlib.suppress(WakingError):
            account.count(register_wh, "A", float(second))
            counted.append(second)
    return counted


@pytest.mark.parametrize("waking", [[0] * 3, [0, 77_000_000, 0, 12], [123_456_780] * 10, [0] * 29])
def test_a_meter_that_is_waking_is_no_first_count(waking: list[int]) -> None:
    account = EnergyAccount(REAL, None)
    assert begins_at(account, waking) == []
    assert account.stored is None
    readings = [50_000] * 40
    account = EnergyAccount(REAL, None)
    assert begins_at(account, waking + readings)[0] == len(waking) + 30
    assert account.stored is not None
    assert account.stored.total_wh == 50_000


def test_a_new_meter_at_0_counts_once_it_has_said_so_for_long_enough() -> None:
    account = EnergyAccount(REAL, None)
    assert begins_at(account, [0] * 32) == [30, 31]
    assert account.stored is not None
    assert account.stored.total_wh == 0


def test_a_replaced_meter_that_is_waking_is_not_believed_at_once() -> None:
    stored = StoredCount("eastron_sdm630", "B", 0, 50_000, 7)
    account = EnergyAccount(REAL, stored)
    assert begins_at(account, [0] * 5 + [900_000] * 31) == [35]
    assert account.stored == StoredCount("eastron_sdm630", "A", 0, 900_000, 50_007 - 900_000)


def test_the_meter_of_before_counts_at_once() -> None:
    account = EnergyAccount(REAL, StoredCount("eastron_sdm630", "A", 0, 50_000, 0))
    assert begins_at(account, [50_000, 50_000]) == [0, 1]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_what_is_believed_first_was_said_for_30_s(registers: list[int]) -> None:
    account = EnergyAccount(REAL, None)
    for second in begins_at(account, registers)[:1]:
        heard = registers[second - 30 : second + 1]
        assert len(heard) == 31
        assert max(heard) - min(heard) <= POWER_W * 1.25 * 31 * 16 / 3600 + 31 * 10
