"""Keys in memory: found by their secret, refused when they have ended, taken up again when they change."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from string import ascii_letters, digits

import pytest

from hanbok.core.errors import HanbokError
from hanbok.core.values import Language, Principal
from hanbok.policy.key import Key, KeyExpired, KeyMissing, KeyRevoked, KeyUnknown, Limits, ModelNotAllowed
from hanbok.policy.keyring import KeyRing, Snapshot
from hanbok.policy.secret import SHAPE, digest_of, is_secret, new_secret

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Kept:
    """A source of keys in memory that counts how often it is read whole."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = list(keys)
        self.number = self.reads = 0

    def version(self) -> int:
        return self.number

    def snapshot(self) -> Snapshot:
        self.reads += 1
        return Snapshot(
            version=self.number, keys=self.keys, budgets={"organisation:o": Limits(won_per_day=7)}
        )


def key(secret: str, expires: datetime | None = None, revoked: datetime | None = None) -> Key:
    who = Principal(organisation="o", key="key_1")
    return Key(id="key_1", digest=digest_of(secret), principal=who, expires=expires, revoked=revoked)


@pytest.mark.parametrize(
    ("made", "asked", "error"),
    [
        (key("hb-a"), "hb-a", None),
        (key("hb-a"), "", KeyMissing),
        (key("hb-a"), "hb-b", KeyUnknown),
        (key("hb-a"), "HB-A", KeyUnknown),
        (key("hb-a"), "hb-a ", KeyUnknown),
        (key("hb-a"), "열쇠\udcff", KeyUnknown),
        (key("hb-a", expires=NOW + timedelta(microseconds=1)), "hb-a", None),
        (key("hb-a", expires=NOW), "hb-a", KeyExpired),
        (key("hb-a", revoked=NOW), "hb-a", KeyRevoked),
        (key("hb-a", expires=NOW, revoked=NOW), "hb-a", KeyRevoked),
    ],
)
def test_a_key_is_found_by_its_secret_alone_while_it_is_in_force(
    made: Key, asked: str, error: type[HanbokError] | None
) -> None:
    ring = KeyRing(Kept([made]))
    assert ring.refresh()
    if error is None:
        assert ring.find(asked, NOW) is made
        return
    with pytest.raises(error) as caught:
        ring.find(asked, NOW)
    told = caught.value.say(Language.KO) + caught.value.say(Language.EN)
    assert made.digest not in told
    assert not asked or asked not in told


def test_an_empty_ring_knows_nobody() -> None:
    with pytest.raises(KeyUnknown):
        KeyRing(Kept([key("hb-a")])).find("hb-a", NOW)


def test_a_ring_is_read_again_only_when_something_changed() -> None:
    kept = Kept([key("hb-a")])
    ring = KeyRing(kept)
    assert [ring.refresh() for _ in range(5)] == [True, False, False, False, False]
    assert kept.reads == 1
    kept.keys, kept.number = [key("hb-a", revoked=NOW)], 1
    assert ring.find("hb-a", NOW).id == "key_1"
    assert ring.refresh()
    with pytest.raises(KeyRevoked):
        ring.find("hb-a", NOW)


def test_limits_of_an_organisation_are_those_of_the_records() -> None:
    ring = KeyRing(Kept([]))
    ring.refresh()
    assert (ring.limits_of("organisation:o").won_per_day, ring.limits_of("unknown")) == (7, Limits())


def test_secrets_have_the_shape_that_scanners_look_for() -> None:
    made = {new_secret() for _ in range(500)}
    assert len(made) == 500
    assert all(SHAPE.fullmatch(secret) and is_secret(secret) and len(secret) == 52 for secret in made)
    assert {sign for secret in made for sign in secret[3:46]} == set(digits + ascii_letters)


def test_one_wrong_sign_in_a_secret_is_noticed() -> None:
    chance = random.Random(3)
    for _ in range(300):
        secret = new_secret()
        at = chance.randrange(3, len(secret))
        wrong = (
            secret[:at] + chance.choice((digits + ascii_letters).replace(secret[at], "")) + secret[at + 1 :]
        )
        assert not is_secret(wrong)
    for other in (
        "",
        "hb-",
        "sk-" + new_secret()[3:],
        new_secret() + "a",
        new_secret()[:-1],
        new_secret() + "\n",
    ):
        assert not is_secret(other)


def test_a_model_that_a_key_may_not_use_is_named() -> None:
    assert ModelNotAllowed(model="gpt-5").say(Language.KO) == "이 키로는 모델 'gpt-5'을(를) 쓸 수 없습니다"
