"""How the bundled base answers: bare, by a text that it can continue, or dressed, with the adapter that comes with it.

See docs/design/embedded.md for what was tried.
"""

from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from hanbok.gateway.llama.releases import SERVING, Serving
from hanbok.gateway.llama.wire import Adapter, Spec

BASE: Final = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
_FOLDER: Final = files("hanbok.gateway.llama")
_STOPS: Final = ("\n질문:", "\n지시:", "\n자료:")
_TEMPERATURE, _MIN_P = 0.2, 0.1


def bundle(spec: Spec, *, dressed: bool) -> Spec:
    """Return the specification with what makes the bundled base answer."""
    there = dress() if dressed else None
    if there is None:
        return msgspec.structs.replace(
            spec,
            template=(_FOLDER / "question.jinja").read_text(encoding="utf-8"),
            stops=_STOPS,  # stand unless a request has its own `stop`
            temperature=_TEMPERATURE,
            min_p=_MIN_P,
        )
    serving, path = there
    return msgspec.structs.replace(
        spec,
        adapters=(Adapter(path=str(path), scale=1),),
        template=serving.template,
        stops=serving.sampling.stops,
        temperature=serving.sampling.temperature,
        min_p=serving.sampling.min_p,
    )


def dress() -> tuple[Serving, Path] | None:
    """Return the adapter that comes with hanbok and how it is served; None where there is none."""
    folder = Path(str(_FOLDER / "dressed"))
    try:
        serving = msgspec.json.decode((folder / SERVING).read_bytes(), type=Serving)
    except FileNotFoundError:
        return None
    return serving, folder / serving.file
