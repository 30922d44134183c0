"""The door for plug-ins: a file in a plural folder, found by its name and loaded on demand."""

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


class ExtraMissing(HanbokError):
    code = "extra_missing"
    message = Text(
        ko="{name!r}에 필요한 패키지 {package!r}가 설치되지 않았습니다",
        en="{name!r} needs the package {package!r}, which is not installed",
    )
    hint = Text(ko="pip install 'hanbok[{extra}]'", en="pip install 'hanbok[{extra}]'")


_EXTRAS: Final = {"botocore": "aws", "google": "google"}
"""The extra that brings a package."""


def installed(group: str, name: str) -> type:
    """Return the class that another package offers as an entry point. Raises PluginBroken."""
    found = list(entry_points(group=group, name=name))
    if len(found) != 1:
        raise PluginBroken(group=group, name=name, why=f"{len(found)} packages offer it")
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
