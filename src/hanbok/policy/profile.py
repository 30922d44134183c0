"""Profiles: settings for a kind of organisation, written as files to start from.

A profile is data (`profiles/NAME.toml`) with policies of its own and their cases; the files that all have in common are
templates. Nothing that is written holds a secret or claims a proof.
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from textwrap import wrap
from typing import Final

import msgspec
from jinja2 import Environment, StrictUndefined

from hanbok.core.errors import HanbokError
from hanbok.core.values import Language, Text

_FOLDER: Final = files("hanbok.policy") / "profiles"
_TEMPLATES: Final = ("hanbok.yaml", "hanbok.env", "hanbok.service")
_WIDTH: Final = {Language.KO: 56, Language.EN: 100}
"""Characters in a line of a comment: a syllable takes the room of two letters."""


class ProfileUnknown(HanbokError):
    code = "profile_unknown"
    message = Text(ko="프로필 {profile!r}이(가) 없습니다", en="there is no profile {profile!r}")
    hint = Text(ko="쓸 수 있는 프로필: {known}", en="Known profiles: {known}")


class _Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    ko: str = ""
    en: str = ""


class Outside(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model outside the organisation that the profile makes room for."""

    name: str
    model: str
    zone: str
    machines: str
    """Country of the machines."""
    country: str
    """Country of the company."""
    operator: str
    url: str
    about: _Words
    needs: _Words
    """Proofs without which nothing, or little, goes there."""
    instead: bool = True
    certificate: str = "SOC2"
    """The one that the example of a record shows."""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: _Words
    about: _Words
    packs: tuple[str, ...]
    access_years: int
    contents_days: int
    """0: prompts and answers are not kept."""
    dual_control: bool
    records_only: bool
    marked: bool = False
    internal_only: _Words = _Words()
    csap: dict[str, str] = {}
    outside: tuple[Outside, ...]
    next: tuple[_Words, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What `hanbok init` writes, and what it tells to do next."""

    files: dict[str, str]
    steps: tuple[str, ...]


def profiles() -> list[str]:
    """Return the names of the profiles, sorted."""
    return sorted(
        one.name[:-5] for one in _FOLDER.iterdir() if one.name.endswith(".toml") and "." not in one.name[:-5]
    )


def profile_of(name: str) -> Profile:
    """Return a profile. Raises ProfileUnknown."""
    if name not in profiles():
        raise ProfileUnknown(profile=name, known=", ".join(profiles()))
    return msgspec.toml.decode((_FOLDER / f"{name}.toml").read_bytes(), type=Profile)


def write(name: str, language: Language, today: date) -> Written:
    """Return the files of a profile by their paths. Raises ProfileUnknown."""
    profile = profile_of(name)

    def say(ko: str, en: str) -> str:
        return ko if language is Language.KO else en

    facts = {
        "name": name,
        "profile": profile,
        "say": say,
        "comment": partial(_comment, width=_WIDTH[language]),
        "yaml": _yaml,
        "today": today.isoformat(),
        "version": version("hanbok"),
    }
    environment = Environment(  # noqa: S701 - what is written is no HTML
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    written = {
        one: environment.from_string((_FOLDER / f"{one}.jinja").read_text(encoding="utf-8")).render(facts)
        for one in _TEMPLATES
    }
    for ending in ("cedar", "cases.toml"):
        text = (_FOLDER / f"{name}.{ending}").read_text(encoding="utf-8")
        written[f"policy/organisation.{ending}"] = text
    return Written(files=written, steps=_steps(profile, language))


def _steps(profile: Profile, language: Language) -> tuple[str, ...]:
    needs = [(one.name, one.needs) for one in profile.outside]
    records = [
        Text(
            ko=f"transfers.processors.{name}에 증빙을 날짜와 함께 적으십시오: {words.ko}",
            en=f"Record the proofs of transfers.processors.{name}, with their days: {words.en}",
        )
        for name, words in needs
    ]
    people = Text(
        ko="두 사람이 필요합니다. 한 번 시작한 뒤 "
        "`hanbok person add 식별자 --role admin --platform`으로 둘 이상 등록하십시오.",
        en="Two people are needed: once it has started, enter two or more with "
        "`hanbok person add ID --role admin --platform`.",
    )
    steps = (
        Text(
            ko="hanbok.env에 주소와 키를 채우고 읽을 수 있는 사람을 제한하십시오(chmod 600).",
            en="Fill addresses and keys into hanbok.env, and let few read it (chmod 600).",
        ),
        Text(
            ko="이 폴더에서 `set -a; . ./hanbok.env; set +a`로 셸에 불러오십시오. 아래 명령은 모두 이 폴더에서 합니다.",
            en="In this folder, read it into the shell: `set -a; . ./hanbok.env; set +a`. What follows is run here.",
        ),
        *records,
        Text(
            ko="확인: `hanbok config check`, `hanbok policy check`, `hanbok policy test`, `hanbok transfer check`.",
            en="Check: `hanbok config check`, `hanbok policy check`, `hanbok policy test`, `hanbok transfer check`.",
        ),
        Text(
            ko="`hanbok transfer rules`의 규칙을 방화벽이나 프록시에 넣으십시오.",
            en="Put the rules of `hanbok transfer rules` into your firewall or proxy.",
        ),
        Text(
            ko="`hanbok serve -c hanbok.yaml`로 시작하거나 hanbok.service를 설치하십시오.",
            en="Start with `hanbok serve -c hanbok.yaml`, or install hanbok.service.",
        ),
        *((people,) if profile.dual_control else ()),
        *(Text(ko=one.ko, en=one.en) for one in profile.next),
    )
    return tuple(one.of(language) for one in steps)


def _comment(text: str, width: int) -> str:
    return "\n".join(f"# {line}" for line in wrap(text, width))


def _yaml(value: object) -> str:
    """Write a value: JSON is YAML, and stays readable in Korean."""
    plain = msgspec.to_builtins(value)
    return json.dumps(plain, ensure_ascii=False)
