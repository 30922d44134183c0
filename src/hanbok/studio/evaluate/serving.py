"""A GGUF file behind a door: llama.cpp in a process of its own, with an adapter where there is one."""

import mmap
import secrets
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from hanbok.core.secret import Secret
from hanbok.gateway.llama.bundle import BASE, bundle
from hanbok.gateway.llama.cores import compute_threads
from hanbok.gateway.llama.gguf_head import read_head, template_in
from hanbok.gateway.llama.supervisor import Supervisor
from hanbok.gateway.llama.wire import Adapter, Spec
from hanbok.studio.artifacts import Artifact, sha256
from hanbok.studio.errors import StudioExtraMissing
from hanbok.studio.evaluate.errors import SubjectMissing
from hanbok.studio.scores import Subject

EMBEDDED: Final = "embedded"
_STARTING: Final = 900.0


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """`path` None: the weights that the extra `local` brings. `template`: Jinja text;
    empty: the file's own or, for a base that has none, the one by which the gateway serves a base.
    """

    path: Path | None = None
    adapter: Path | None = None
    template: str = ""
    stops: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    """The only answers that the gateway lets it give."""
    context: int = 4096
    slots: int = 4


@asynccontextmanager
async def served(
    weights: Weights, folder: Path, cache: Path
) -> AsyncGenerator[tuple[Callable[[], Awaitable[str]], Secret]]:
    """Serve while the context lasts, with a log in `folder` and weights of the package kept in `cache`; yield what
    tells the base URL, and the key. Raises StudioExtraMissing.
    """
    if find_spec("xllamacpp") is None:
        raise StudioExtraMissing(package="xllamacpp")
    key = secrets.token_urlsafe(32)
    spec = Spec(
        folder=str(cache),
        path=str(weights.path) if weights.path else "",
        alias="subject",
        key=key,
        context=weights.context,
        slots=weights.slots,
        threads=compute_threads(),
        adapters=(Adapter(path=str(weights.adapter), scale=1.0),) if weights.adapter else (),
        template=weights.template,
        stops=weights.stops,
    )
    if not weights.template and not (weights.path is not None and template_in(weights.path)):
        spec = bundle(spec, dressed=False)
    supervisor = Supervisor(spec, "evaluate", folder / "model.log")
    supervisor.start()

    async def where() -> str:
        return f"{await supervisor.url(_STARTING)}/v1"

    try:
        yield where, Secret(key)
    finally:
        await supervisor.close()


def weights_of(inputs: Mapping[str, Artifact]) -> tuple[Weights, Subject]:
    """Return what of a build's inputs is to be evaluated: `export`, an adapter with `export_base` below it, else
    `export_base`. Raises SubjectMissing.
    """
    role = "export" if "export" in inputs else "export_base"
    if role not in inputs:
        raise SubjectMissing(why="export, export_base")
    chosen = inputs[role]
    path = gguf_in(chosen)
    facts = chosen.manifest.facts
    name = str(facts.get("name") or chosen.path.name)
    weights = Weights(
        path=path,
        template=str(facts.get("template") or ""),
        stops=tuple(facts.get("stops") or ()),
        choices=tuple(chosen.manifest.spec.get("choices") or ()),
    )
    if not is_adapter(path):
        return weights, Subject(name=name, kind="embedded", digest=chosen.digest)
    if "export_base" not in inputs:
        raise SubjectMissing(why="export_base")
    base = inputs["export_base"]
    return (
        replace(weights, path=gguf_in(base), adapter=path),
        Subject(name=name, kind="embedded", digest=base.digest, adapter=chosen.digest),
    )


def weights_in(path: Path, adapter: Path | None) -> tuple[Weights, Subject]:
    """Return a file that no build made; one of the name `embedded` stands for the weights of the extra `local`.

    Raises SubjectMissing.
    """
    below = "" if adapter is None else _digest(adapter)
    if path.name == EMBEDDED:
        name = EMBEDDED if adapter is None else f"{EMBEDDED}+{adapter.stem}"
        return Weights(adapter=adapter), Subject(name=name, kind="embedded", digest=BASE, adapter=below)
    if is_adapter(path):
        raise SubjectMissing(why=f"{path.name}: --adapter")
    name = path.stem if adapter is None else f"{path.stem}+{adapter.stem}"
    subject = Subject(name=name, kind="embedded", digest=_digest(path), adapter=below)
    return Weights(path=path, adapter=adapter), subject


def _digest(path: Path) -> str:
    try:
        return sha256(path)
    except OSError as error:
        raise SubjectMissing(why=f"{path}: {error.strerror}") from None


def gguf_in(artifact: Artifact) -> Path:
    """Return the one GGUF of an artifact. Raises SubjectMissing."""
    found = sorted(artifact.path.glob("*.gguf"))
    if len(found) != 1:
        raise SubjectMissing(why=f"{artifact.path.name}: {len(found)} GGUF")
    return found[0]


def is_adapter(path: Path) -> bool:
    """Tell whether a GGUF file holds an adapter and no model. Raises SubjectMissing."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
            return read_head(held).keys.get("general.type") == "adapter"
    except OSError as error:
        raise SubjectMissing(why=f"{path.name}: {error.strerror}") from None
    except (ValueError, KeyError, struct.error) as error:
        raise SubjectMissing(why=f"{path.name}: {error}") from None
