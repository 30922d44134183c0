"""Reference pages written from the code: errors, settings, commands, plug-ins, kinds of data, law packs.

Sphinx runs this before it reads the sources; `tests/docs` checks that nothing of the code is left out.
"""

import importlib
import os
import pkgutil
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import hanbok
from hanbok.core.errors import HanbokError
from hanbok.core.plugin import load, names
from hanbok.core.values import Language
from hanbok.guard.kinds import kinds as all_kinds
from hanbok.http.statuses import status_of
from hanbok.policy.pack import packs as law_packs
from hanbok.policy.pack import read_pack
from hanbok.policy.roles import role_table
from hanbok.settings.reading import schema

FOLDER = Path(__file__).parent
PLUGINS = (
    "hanbok.gateway.endpoints",
    "hanbok.gateway.dialects",
    "hanbok.gateway.fronts",
    "hanbok.guard.recognisers",
    "hanbok.guard.operators",
    "hanbok.guard.scanners",
    "hanbok.vault.key_providers",
    "hanbok.gateway.upstreams",
    "hanbok.evidence.reports",
    "hanbok.documents.formats",
    "hanbok.studio.curate.readers",
    "hanbok.studio.curate.filters",
    "hanbok.studio.evaluate.tasks",
    "hanbok.studio.evaluate.checkers",
    "hanbok.studio.evaluate.methods",
    "hanbok.studio.evaluate.formats",
)
# Errors of commands have no status of their own.
_UNTOLD = 500
_KO = tomllib.loads((FOLDER / "ko.toml").read_text(encoding="utf-8"))


def pages(language: str) -> dict[str, str]:
    """Return the generated pages of one language by path. The commands speak the language of the first call."""
    os.environ["HANBOK_LANGUAGE"] = language
    return {
        "reference/errors.md": errors(language),
        "reference/settings.md": settings(language),
        "reference/commands.md": commands(language),
        "reference/plugins.md": plugins(language),
        "reference/kinds.md": kinds(language),
        "reference/permissions.md": permissions(language),
        "law/packs.md": packs(language),
    }


def write(language: str) -> None:
    """Write the pages where Sphinx finds them, touching only what changed."""
    for name, text in pages(language).items():
        path = FOLDER / language / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def errors(language: str) -> str:
    """Return the page of error codes."""
    tongue = Language(language)
    lines = [_title(language, "오류", "Errors"), _text("errors", language)]
    for error in all_errors():
        status = status_of(error(**dict.fromkeys(error.fields(), 0)))
        lines += [
            f"## {error.code}",
            f"{_word(language, '메시지', 'Message')}: {_code(_template(error.message.of(tongue)))}",
            f"{_word(language, '할 일', 'What to do')}: {_code(_template(error.hint.of(tongue)))}",
            f"HTTP: {status.value}" if status.value != _UNTOLD or error.code == "internal_error" else "",
        ]
    return _page(lines)


def _template(text: str) -> str:
    """Return a message with its facts as `{name}`, without the marks of formatting."""
    return "".join(before + (f"{{{name}}}" if name else "") for before, name, _, _ in Formatter().parse(text))


def all_errors() -> list[type[Any]]:
    """Return every class of error that has a code, sorted by it."""
    modules()

    def below(parent: type[Any]) -> Iterator[type[Any]]:
        for one in parent.__subclasses__():
            if one.__module__.startswith("hanbok."):
                yield one
                yield from below(one)

    return sorted(set(below(HanbokError)), key=lambda one: str(one.code))


def modules() -> list[str]:
    """Return the modules that may be imported; programs and steps of the schema are run instead.

    Where torch is not installed, what needs it is left out: none of those modules holds an error or a setting.
    """
    found = (one.name for one in pkgutil.walk_packages(hanbok.__path__, "hanbok."))
    names = [
        name for name in found if not name.endswith(("__main__", ".child")) and ".migrations" not in name
    ]
    return [name for name in names if _loads(name)]


def _loads(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"torch", "transformers", "peft"}:
            return False
        raise
    return True


def settings(language: str) -> str:
    """Return the page of `hanbok.yaml`."""
    lines = [_title(language, "설정", "Settings"), _text("settings", language)]
    for path, owner, name, field in all_settings():
        english = field.get("description", "")
        told = _KO["settings"][f"{owner}.{name}"] if language == "ko" else english
        facts = [_form(field), *([f"= `{field['default']}`"] if _is_plain(field.get("default")) else [])]
        lines += [f"## {path}", told, " ".join(facts)]
    return _page(lines)


def all_settings() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield path, owning class, name and schema of every setting, in the order of the file."""
    tree = schema()

    def below(owner: str, before: str) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        for name, field in tree["$defs"][owner].get("properties", {}).items():
            yield f"{before}{name}", owner, name, field
            inner, mark = _inner(field)
            if "properties" in tree["$defs"].get(inner, {}):
                yield from below(inner, f"{before}{name}{mark}.")

    return below(tree["$ref"].rpartition("/")[2], "")


def _inner(field: dict[str, Any]) -> tuple[str, str]:
    """Return the class that a field holds and how its path goes on."""
    for place, mark in (
        (field, ""),
        (field.get("items", {}), "[]"),
        (field.get("additionalProperties", {}), ".NAME"),
    ):
        if isinstance(place, dict):
            for one in (place, *place.get("anyOf", ())):
                if "$ref" in one:
                    return one["$ref"].rpartition("/")[2], mark
    return "", ""


def _form(field: dict[str, Any]) -> str:
    words = {
        one.get("type") or one.get("$ref", "").rpartition("/")[2] for one in (field, *field.get("anyOf", ()))
    }
    return " | ".join(f"`{word}`" for word in sorted(words - {""}))


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool) and value != ""


def commands(language: str) -> str:
    """Return the page of the `hanbok` command."""
    lines = [_title(language, "명령", "Commands"), _text("commands", language)]
    for path, app in all_commands():
        lines += [f"## {' '.join(path)}", app.help]
        options = list(app.assemble_argument_collection()) if app.default_command else []
        rows = [
            (_code(" ".join(one.names)), (one.parameter.help or "").replace("|", "\\|")) for one in options
        ]
        if rows:
            lines.append(
                _table((_word(language, "인자", "Argument"), _word(language, "뜻", "Meaning")), rows)
            )
    return _page(lines)


def all_commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command with the words that call it."""
    from hanbok.cli.verbs import build  # noqa: PLC0415 - its texts take the language of the environment when loaded

    def below(path: tuple[str, ...], app: Any) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401
        yield path, app
        for name in app:
            if not name.startswith("-"):
                yield from below((*path, name), app[name])

    return below(("hanbok",), build())


def plugins(language: str) -> str:
    """Return the page of plug-ins."""
    lines = [_title(language, "플러그인", "Plug-ins"), _text("plugins", language)]
    for folder in PLUGINS:
        lines.append(f"## {folder.removeprefix('hanbok.').replace('.', '/')}")
        for name in names(folder):
            lines += [f"### {name}", *_told(language, folder, name)]
    return _page(lines)


def _told(language: str, folder: str, name: str) -> Iterator[str]:
    known = all_kinds().get(name.upper())
    if folder.endswith("recognisers") and known:
        yield known.label.ko if language == "ko" else known.label.en
    elif language == "ko":
        yield _KO["plugins"][f"{folder.rpartition('.')[2]}.{name}"]
    else:
        module = sys.modules[load(folder, name).__module__]
        yield (module.__doc__ or "").strip().partition("\n\n")[0]
        if folder.endswith(("endpoints", "key_providers", "tasks", "checkers")):
            yield (load(folder, name).__doc__ or "").strip()


def kinds(language: str) -> str:
    """Return the page of what the guard finds."""
    lines = [_title(language, "찾는 정보", "Kinds of data"), _text("kinds", language)]
    for one in all_kinds().values():
        label = one.label.ko if language == "ko" else one.label.en
        rows = [
            (_word(language, "등급", "Grade"), one.grade.value),
            (_word(language, "분류", "Class"), _code(one.category)),
            (_word(language, "조문", "Article"), one.article or "-"),
        ]
        lines += [f"## {one.key}", label, _table(("", ""), rows)]
    return _page(lines)


def permissions(language: str) -> str:
    """Return the page of roles: what each permission allows, and who may ask for and allow what needs two persons."""
    table, tongue = role_table(), Language(language)
    lines = [_title(language, "권한", "Permissions"), _text("permissions", language)]
    lines.append(_word(language, "## 역할", "## Roles"))
    lines.append(_table(("", ""), [(_code(role), text.of(tongue)) for role, text in table.titles.items()]))
    own = _word(language, "자기 조직에서", "In one's own organisation")
    every = _word(
        language, "플랫폼의 역할로, 모든 조직에서", "As a role of the platform, in every organisation"
    )
    for one in table.permissions.values():
        rows = [(own, ", ".join(sorted(one.own)) or "-"), (every, ", ".join(sorted(one.all)) or "-")]
        lines += [f"## {one.name}", one.title.of(tongue), _table(("", ""), rows)]
    ask, allow = _word(language, "요청", "Asks"), _word(language, "승인", "Allows")
    for kind in table.approvals.values():
        hours = f"{kind.lasts.total_seconds() / 3600:g}"
        rows = [
            (ask, ", ".join(sorted(kind.request))),
            (allow, ", ".join(sorted(kind.approve))),
            (_word(language, "기한(시간)", "Hours"), hours),
        ]
        lines += [f"## approvals.{kind.name}", kind.title.of(tongue), _table(("", ""), rows)]
    return _page(lines)


def packs(language: str) -> str:
    """Return the page of the policy packs that stand for law."""
    lines = [_title(language, "법 정책 묶음", "Law packs"), _text("packs", language)]
    for name in law_packs():
        lines.append(f"## {name}")
        for policy in read_pack(name):
            clause = policy.clause
            reason = clause.reason.ko if language == "ko" else clause.reason.en
            lines += [
                f"### {clause.id}",
                reason,
                f"{_word(language, '조문', 'Article')}: {clause.article or '-'}",
                f"{_word(language, '시행', 'In force')}: {policy.since}",
                f"```text\n{policy.text.strip()}\n```",
            ]
    return _page(lines)


def _text(page: str, language: str) -> str:
    """Return the introduction of a page."""
    return str(_KO["introductions"][page] if language == "ko" else _KO["introductions_en"][page])


def _word(language: str, ko: str, en: str) -> str:
    return ko if language == "ko" else en


def _title(language: str, ko: str, en: str) -> str:
    return f"# {_word(language, ko, en)}"


def _code(text: str) -> str:
    return f"`{text.strip()}`" if "`" not in text else f"`` {' '.join(text.split())} ``"


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    return "\n".join(
        (f"| {head[0]} | {head[1]} |", "|---|---|", *(f"| {left} | {right} |" for left, right in rows))
    )


def _page(lines: list[str]) -> str:
    return "\n\n".join(line for line in lines if line) + "\n"


if __name__ == "__main__":
    write(sys.argv[1])
