"""The door for plug-ins: a file in a plural folder, found by its name and loaded on demand."""

from importlib import import_module
from importlib.resources import files

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class UnknownPlugin(HanbokError):
    code = "unknown_plugin"
    message = Text(ko="{folder}에 {name!r}이(가) 없습니다", en="there is no {name!r} in {folder}")
    hint = Text(ko="쓸 수 있는 이름: {known}", en="Known names: {known}")


def names(folder: str) -> list[str]:
    """Return the keys of the plug-ins in a package such as `hanbok.guard.recognisers`, sorted."""
    entries = (entry.name for entry in files(folder).iterdir())
    return sorted(name[:-3] for name in entries if name.endswith(".py") and name != "__init__.py")


def load(folder: str, name: str) -> type:
    """Return the plug-in class: in `rrn.py` it is `Rrn`, in `openai_compatible.py` `OpenaiCompatible`."""
    if name not in names(folder):
        raise UnknownPlugin(folder=folder, name=name, known=", ".join(names(folder)))
    plugin = getattr(
        import_module(f"{folder}.{name}"), "".join(part.capitalize() for part in name.split("_"))
    )
    if not isinstance(plugin, type):
        raise TypeError(f"{folder}.{name} holds no class of its name")
    return plugin
