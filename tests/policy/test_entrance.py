"""Lock-out by address: counted, bounded, over after its time."""

from datetime import UTC, datetime, timedelta

import pytest

from hanbok.policy.entrance import EntranceRules, LockedOut, Lockout

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RULES = EntranceRules(
    failed_logins=3, locked=timedelta(minutes=15), key_age=timedelta(days=90), idle=timedelta(days=30)
)


def locked(lockout: Lockout, origin: str, at: datetime) -> int:
    """Return for how many seconds an address is locked out; 0: it is not."""
    try:
        lockout.check(origin, at, RULES)
    except LockedOut as error:
        return int(str(error.facts["retry_after"]))
    return 0


def test_the_third_failure_locks_and_only_it_tells() -> None:
    lockout = Lockout()
    assert [lockout.fail("a", NOW, RULES) for _ in range(3)] == [False, False, True]
    assert locked(lockout, "a", NOW) == 900
    assert locked(lockout, "b", NOW) == 0


@pytest.mark.parametrize(("after", "seconds"), [(0, 900), (899, 1), (899.5, 1), (900, 0), (5000, 0)])
def test_a_lock_ends_with_its_time(after: float, seconds: int) -> None:
    lockout = Lockout()
    for _ in range(3):
        lockout.fail("a", NOW, RULES)
    assert locked(lockout, "a", NOW + timedelta(seconds=after)) == seconds


def test_old_failures_do_not_count() -> None:
    lockout = Lockout()
    for minutes in (0, 10, 20, 30, 40):
        assert not lockout.fail("a", NOW + timedelta(minutes=minutes), RULES)
        assert locked(lockout, "a", NOW + timedelta(minutes=minutes)) == 0


def test_an_attacker_of_many_addresses_does_not_fill_the_memory() -> None:
    lockout = Lockout()
    for number in range(12_000):
        lockout.fail(f"10.0.{number // 256}.{number % 256}", NOW, RULES)
    assert len(lockout._failures) == 10_000
