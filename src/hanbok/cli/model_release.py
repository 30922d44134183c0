"""Verbs of `hanbok model` that put releases in service: release, promote, rollback, retire, list, compare-releases."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from hanbok.cli.config import File
from hanbok.cli.options import Json
from hanbok.cli.output import print_json, print_rows
from hanbok.cli.records import actor, opened, send
from hanbok.cli.scan import Unreadable
from hanbok.cli.second_person import Approval, Ask, SecondPerson, asked
from hanbok.cli.words import say
from hanbok.evidence.entry import ModelRelease
from hanbok.evidence.outbox import put
from hanbok.gateway.llama.releases import Line
from hanbok.gateway.probes.differing import Difference
from hanbok.gateway.probes.running import Run
from hanbok.policy.approvals import PLATFORM
from hanbok.settings.reading import Loaded
from hanbok.settings.released import registry as folder_of
from hanbok.store.database import Store
from hanbok.studio.artifacts import Artifact, Kind, find
from hanbok.studio.release.compared import compare_releases, told_release
from hanbok.studio.release.promotion import KIND, Grounds, Probed, Promotion, entry_of, refuse_major
from hanbok.studio.release.registry import Registry

Name = Annotated[str, Parameter(help=say("릴리스의 이름.", "Name of the release."))]
Key = Annotated[str, Parameter(help=say("이름@버전.", "NAME@VERSION."))]
Force = Annotated[
    str,
    Parameter(
        help=say(
            "시험이나 승인 없이 하는 까닭. 했다는 사실이 기록됩니다.",
            "Why it is done without probes or approval. That it was is recorded.",
        )
    ),
]
_ALL = 100


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """By whose leave a major change is made."""

    force: Force = ""
    ask: Ask = ""
    approval: Approval = ""


_NONE = Leave()


def release(
    folder: Annotated[
        Path, Parameter(help=say("릴리스 산출물의 폴더.", "The folder of a release artifact."))
    ],
    /,
    *,
    json: Json = False,
    config: File = None,
) -> None:
    """Put a release on the shelf. The first of its name answers at once; a later one waits for `promote`."""
    with opened(config) as (loaded, store):
        key, line = put_on_shelf(loaded, store, find(folder, Kind.RELEASE))
    name, _, version = key.partition("@")
    _print(name, line, json=json)
    if not json and line.live != version:
        print(
            say(
                f"`hanbok model promote {key}`로 올리십시오.",
                f"Have it answer with `hanbok model promote {key}`.",
            )
        )


def put_on_shelf(loaded: Loaded, store: Store, made: Artifact) -> tuple[str, Line]:
    """Take a release in; the first of its name is promoted, since it takes nobody's place."""
    registry = Registry(folder_of(loaded.settings))
    key = registry.take_in(made)
    name, _, version = key.partition("@")
    line = registry.line(name)
    if not line.live and not line.before:
        line = registry.promote(name, version)
        entry = entry_of(registry, line, verb="model.promote", name=name, before="", actor=actor())
        _tell(loaded, store, entry)
    return key, line


def promote(
    key: Key,
    /,
    *,
    percent: Annotated[
        int,
        Parameter(
            help=say("백 번 가운데 몇 번을 맡길지(카나리아).", "Calls in a hundred that it answers (canary).")
        ),
    ] = _ALL,
    before: Annotated[
        Path | None,
        Parameter(
            help=say("지금 버전의 `hanbok probe run` 결과.", "`hanbok probe run` of the live version.")
        ),
    ] = None,
    after: Annotated[
        Path | None,
        Parameter(help=say("새 버전의 `hanbok probe run` 결과.", "`hanbok probe run` of the new version.")),
    ] = None,
    leave: Leave = _NONE,
    json: Json = False,
    config: File = None,
) -> None:
    """Have a version answer for its name. A major change needs another person's approval."""
    name, _, version = key.partition("@")
    with opened(config, changes=True) as (loaded, store):
        registry = Registry(folder_of(loaded.settings))
        registry.artifact(name, version)
        live = registry.line(name).live
        wanted = Promotion(name=name, version=version, percent=percent, probed=_probed(before, after))
        second = SecondPerson(store, loaded.settings)
        found = wanted.grade(live) if wanted.probed or not leave.force else None
        if leave.ask:
            asked(second, KIND, PLATFORM, wanted.arguments(live), leave.ask)
            return
        approvers = _approvers(second, wanted, live, found, leave)
        line = registry.promote(name, version, percent=percent)
        grounds = Grounds(
            found=found,
            probes=wanted.probed.digest if wanted.probed else "",
            approvers=approvers,
            forced=leave.force,
        )
        verb, who = "model.promote" if line.live == version else "model.canary", second.who()
        entry = entry_of(registry, line, verb=verb, name=name, before=live, actor=who, grounds=grounds)
        _tell(loaded, store, entry)
    _print(name, line, json=json)


def _approvers(
    second: SecondPerson, wanted: Promotion, live: str, found: Difference | None, leave: Leave
) -> tuple[str, ...]:
    """Return who allowed it; nobody has to where nothing major changes, or where it is forced."""
    if leave.approval:
        return second.leave(KIND, PLATFORM, wanted.arguments(live), leave.approval).approvers
    if not leave.force:
        refuse_major(wanted, found)
    return ()


def rollback(name: Name, /, *, json: Json = False, config: File = None) -> None:
    """Take the canary back or, where there is none, have the version before answer again."""
    _change(name, "model.rollback", config, json=json)


def retire(name: Name, /, *, json: Json = False, config: File = None) -> None:
    """Take a name out of service. Its releases stay on the shelf."""
    _change(name, "model.retire", config, json=json)


def show_all(*, json: Json = False, config: File = None) -> None:
    """List the releases, and which of them answer."""
    with opened(config) as (loaded, _):
        registry = Registry(folder_of(loaded.settings))
        rows = [
            told_release(registry, name, version)
            for name in registry.names()
            for version in registry.versions(name)
        ]
    columns = {
        "name": say("이름", "name"),
        "version": say("버전", "version"),
        "state": say("상태", "state"),
        "form": say("모양", "form"),
        "size": say("크기", "size"),
        "licence": say("이용허락", "licence"),
        "made_at": say("만든 때", "made at"),
    }
    print_rows(rows, columns, json=json, empty=say("릴리스가 없습니다", "no releases"))


def compare(
    first: Key,
    second: Key,
    /,
    *,
    json: Json = False,
    config: File = None,
) -> None:
    """Show scores and makings of two releases side by side. Only scores of one protocol stand in one row."""
    with opened(config) as (loaded, _):
        registry = Registry(folder_of(loaded.settings))
        rows = compare_releases(*(registry.artifact(*_split(one)) for one in (first, second)))
    print_rows(rows, {"what": "", "first": first, "second": second}, json=json, empty="")


def _change(name: str, verb: str, config: Path | None, *, json: bool) -> None:
    with opened(config, changes=True) as (loaded, store):
        registry = Registry(folder_of(loaded.settings))
        was = registry.line(name)
        line = registry.rollback(name) if verb == "model.rollback" else registry.retire(name)
        before = was.canary or was.live
        entry = entry_of(registry, line, verb=verb, name=name, before=before, actor=actor())
        _tell(loaded, store, entry)
    _print(name, line, json=json)


def _tell(loaded: Loaded, store: Store, entry: ModelRelease) -> None:
    with store.write() as connection:
        put(connection, entry)
    send(loaded, store)


def _split(key: str) -> tuple[str, str]:
    name, _, version = key.partition("@")
    return name, version


def _probed(before: Path | None, after: Path | None) -> Probed | None:
    if before is None or after is None:
        return None
    contents = [_content(one) for one in (before, after)]
    digest = hashlib.sha256(b"".join(hashlib.sha256(one).digest() for one in contents)).hexdigest()
    return Probed(before=_run(before, contents[0]), after=_run(after, contents[1]), digest=digest)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(file=path, why=error.strerror) from None


def _run(path: Path, content: bytes) -> Run:
    try:
        return msgspec.json.decode(content, type=Run)
    except msgspec.MsgspecError as error:
        raise Unreadable(file=path, why=str(error)) from None


def _print(name: str, line: Line, *, json: bool) -> None:
    if json:
        print_json({"name": name} | msgspec.to_builtins(line))
        return
    print(say(f"{name}: {line.live or '없음'}이(가) 답합니다", f"{name}: {line.live or 'nothing'} answers"))
    if line.canary:
        print(
            say(
                f"  카나리아 {line.canary}: 백 번 가운데 {line.percent}번",
                f"  canary {line.canary}: {line.percent} calls in a hundred",
            )
        )
