"""The door for plug-ins: a file in a plural folder, found by its name and loaded on demand."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from typing import Final

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class UnknownPlugin(HanbokError):
    code = "unknown_plugin"
    message = Text(ko="{folder}에 {name!r}이(가) 없습니다", en="there is no {name!r} in {folder}")
    hint = Text(ko="쓸 수 있는 이름: {known}", en="Known names: {known}")


class PluginBroken(HanbokError):
    code = "plugin_broken"
    message = Text(
        ko="{group}의 플러그인 {name!r}을(를) 쓸 수 없습니다: {why}",
        en="the plug-in {name!r} of {group} cannot be used: {why}",
    )
    hint = Text(
        ko="그 패키지가 설치되었는지, 진입점의 이름이 맞는지 확인하십시오.",
        en="Check that its package is installed and that its entry point has this name.",
    )


class PluginUntrusted(HanbokError):
    code = "plugin_untrusted"
    message = Text(
        ko="{group}의 플러그인 {name!r}은(는) 신뢰하지 않는 배포본 {distribution!r}의 것입니다",
        en="the plug-in {name!r} of {group} is of the distribution {distribution!r}, which is not trusted",
    )
    hint = Text(
        ko="그 코드는 hanbok의 권한으로 돕니다. 믿는다면 설정의 `plugins.trusted`에 {distribution!r}을(를) 적으십시오.",
        en="Its code runs with hanbok's rights. If you trust it, put {distribution!r} into `plugins.trusted`.",
    )


class ExtraMissing(HanbokError):
    code = "extra_missing"
    message = Text(
        ko="{name!r}에 필요한 패키지 {package!r}가 설치되지 않았습니다",
        en="{name!r} needs the package {package!r}, which is not installed",
    )
    hint = Text(ko="pip install 'hanbok[{extra}]'", en="pip install 'hanbok[{extra}]'")


_EXTRAS: Final = {
    "botocore": "aws", "google": "google", "pypdfium2": "documents", "resiliparse": "documents"
}  # fmt: skip
"""The extra that brings a package."""


GROUPS: Final = (
    "hanbok.dialects",
    "hanbok.endpoints",
    "hanbok.fronts",
    "hanbok.routers",
    "hanbok.steps",
    "hanbok.types",
)
"""Entry points in which other packages offer plug-ins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A plug-in that an installed distribution offers. Nothing of it is loaded to tell."""

    group: str
    name: str
    distribution: str
    version: str
    trusted: bool


def offered(trusted: Iterable[str]) -> list[Offered]:
    """Return all plug-ins that are installed, by group and name."""
    known = set(map(_plain, trusted))
    found = [
        Offered(group=group, name=one.name, distribution=name, version=version, trusted=_plain(name) in known)
        for group in GROUPS
        for one in entry_points(group=group)
        for name, version in [(one.dist.name, one.dist.version) if one.dist else ("?", "?")]
    ]
    return sorted(found, key=lambda one: (one.group, one.name, one.distribution))


def _plain(distribution: str) -> str:
    """Spell a distribution's name as all its spellings (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def installed(group: str, name: str, trusted: Iterable[str]) -> type:
    """Return the class that another package offers as an entry point. Raises PluginBroken, and PluginUntrusted before
    anything of a distribution is loaded that is not among `trusted`.
    """
    found = list(entry_points(group=group, name=name))
    if len(found) != 1:
        raise PluginBroken(group=group, name=name, why=f"{len(found)} packages offer it")
    distribution = found[0].dist.name if found[0].dist else "?"
    if _plain(distribution) not in set(map(_plain, trusted)):
        raise PluginUntrusted(group=group, name=name, distribution=distribution)
    try:
        plugin = found[0].load()
    except (ImportError, AttributeError) as error:
        raise PluginBroken(group=group, name=name, why=type(error).__name__) from error
    if not isinstance(plugin, type):
        raise PluginBroken(group=group, name=name, why="it is no class")
    return plugin


def names(folder: str) -> list[str]:
    """Return the keys of the plug-ins in a package such as `hanbok.guard.recognisers`, sorted."""
    entries = (entry.name for entry in files(folder).iterdir())
    return sorted(name[:-3] for name in entries if name.endswith(".py") and name != "__init__.py")


def find(folder: str, group: str, name: str, trusted: Iterable[str]) -> type:
    """Return a plug-in of hanbok's own, or else one of another package: a package cannot take the place of ours.

    Raises what `load` and `installed` do.
    """
    if name in names(folder) or not entry_points(group=group, name=name):
        return load(folder, name)
    return installed(group, name, trusted)


def load(folder: str, name: str) -> type:
    """Return the plug-in class: in `rrn.py` it is `Rrn`, in `openai_compatible.py` `OpenaiCompatible`.

    Raises UnknownPlugin, ExtraMissing.
    """
    if name not in names(folder):
        raise UnknownPlugin(folder=folder, name=name, known=", ".join(names(folder)))
    try:
        module = import_module(f"{folder}.{name}")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _EXTRAS:
            raise
        raise ExtraMissing(name=name, package=package, extra=_EXTRAS[package]) from error
    plugin = getattr(module, "".join(part.capitalize() for part in name.split("_")))
    if not isinstance(plugin, type):
        raise TypeError(f"{folder}.{name} holds no class of its name")
    return plugin
