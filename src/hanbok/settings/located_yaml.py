"""A YAML file whose parts know their lines, so that a slip can be told with its place."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from msgspec import ValidationError

Where: TypeAlias = tuple[int | str, ...]
"""Names and indexes from the top of the file down."""
Problem: TypeAlias = tuple[Where, str]
_AT = re.compile(r"^(.*?)(?: - at (?:`key` in )?`\$\.?(.*)`)?$", re.DOTALL)
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class Problems(Exception):
    """What is wrong in a file, and where."""

    def __init__(self, found: list[Problem]) -> None:
        super().__init__(f"{len(found)} problems")
        self.found = found


def placed(error: ValidationError, part: Where = ()) -> Problem:
    """Split msgspec's message into place and text; it writes `[...]` for the name of an entry."""
    found = _AT.match(str(error))
    text, place = (found[1], found[2] or "") if found else (str(error), "")
    names = [int(one) if one.isdigit() else one for one in re.findall(r"[^.\[\]]+|\.\.\.", place)]
    path = [part[1] if one == "..." and len(part) > 1 else one for one in names]
    unknown = re.search(r"unknown field `(.*)`", text)
    return (*path, *((unknown[1],) if unknown else ())), text


class _Loader(yaml.SafeLoader):
    """YAML 1.2 in what matters: only `true` and `false` are truth values, so the country `NO` stays a text."""


_BOOL = "tag:yaml.org,2002:bool"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for first in "tf":
    _Loader.yaml_implicit_resolvers.setdefault(first, []).append((_BOOL, re.compile("^(?:true|false)$")))


class LocatedYaml:
    """One reading of a file. `${NAME}` and `${NAME:-fallback}` in its texts are filled from `environ`."""

    def __init__(self, source: Path, environ: Mapping[str, str]) -> None:
        self._source = source
        self._environ = environ
        self._lines: dict[Where, int] = {}

    def tree(self) -> Any:  # noqa: ANN401 - whatever the file holds; the reader narrows it
        """Return the content, an empty mapping for an empty file. Raises Problems."""
        try:
            loader = _Loader(self._source.read_text(encoding="utf-8"))
            node = loader.get_single_node()
            return {} if node is None else self._value(loader, node, ())
        except yaml.MarkedYAMLError as error:
            self._lines[()] = error.problem_mark.line + 1 if error.problem_mark else 1
            raise Problems([((), error.problem or "not YAML")]) from None
        except UnicodeDecodeError as error:
            raise Problems([((), f"byte {error.start} is not UTF-8")]) from None
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise Problems([((), str(error))]) from None
        except OSError as error:
            raise Problems([((), str(error.strerror))]) from None

    def told(self, problems: Problems) -> Iterator[str]:
        """Yield each problem with file, line and place."""
        for where, text in problems.found:
            place = ".".join(map(str, where))
            yield f"  {self._source}:{self._line(where)}: {place}{': ' if place else ''}{text}"

    def _line(self, where: Where) -> int:
        while where and where not in self._lines:
            where = where[:-1]
        return self._lines.get(where, 1)

    def _value(self, loader: _Loader, node: yaml.Node, where: Where) -> Any:  # noqa: ANN401 - as `tree`
        self._lines.setdefault(where, node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(loader, one, (*where, index)) for index, one in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(loader, node, where)
        value = _scalar(loader, node)
        return self._filled(value, where) if isinstance(value, str) else value

    def _mapping(self, loader: _Loader, node: yaml.MappingNode, where: Where) -> dict[str, Any]:
        written = [key_node.value for key_node, _ in node.value]
        loader.flatten_mapping(
            node
        )  # what `<<` brings stands before what is written here, which overrides it
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(_scalar(loader, key_node))
            self._lines[(*where, key)] = key_node.start_mark.line + 1
            if key in made and written.count(key_node.value) > 1:
                raise Problems([((*where, key), "this name stands here twice")])
            made[key] = self._value(loader, value_node, (*where, key))
        return made

    def _filled(self, text: str, where: Where) -> str:
        for found in _REFERENCE.finditer(text):
            if found[2] is None and found[1] not in self._environ:
                raise Problems([(where, f"the environment variable {found[1]} is not set")])
        return _REFERENCE.sub(lambda found: self._environ.get(found[1]) or found[2] or "", text)


def _scalar(loader: _Loader, node: yaml.Node) -> Any:  # noqa: ANN401 - as `tree`
    construct: Any = loader.construct_object  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - partly typed
    return construct(node)
