"""A PEFT folder as numbers: one low-rank change for each linear module, in GGUF's names and order."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from hanbok.studio.release.errors import ExportMismatch, ExportUnsupported
from hanbok.studio.release.gguf_file import Floats, GgufFile
from hanbok.studio.release.safetensor_file import tensors_in
from hanbok.studio.release.tensor_names import Names

CONFIG: Final = "adapter_config.json"
WEIGHTS: Final = "adapter_model.safetensors"
_PART: Final = re.compile(r"(?:base_model\.model\.)?(.+)\.lora_([AB])\.(?:default\.)?weight")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is added to a weight: `scale * b @ a`."""

    a: Floats
    b: Floats
    scale: float

    @property
    def whole(self) -> Floats:
        return np.float32(self.scale) * (self.b @ self.a)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    alpha: float
    changes: Mapping[str, Change]
    """By GGUF's name of the module, such as `blk.0.attn_q`."""


def read_lora(folder: Path, base: GgufFile) -> Lora:
    """Return the adapter in a PEFT folder, as it changes this base. Raises ExportUnsupported, ExportMismatch."""
    config = _config(folder)
    names = Names(
        architecture=base.architecture,
        heads=base.number("attention.head_count"),
        kv_heads=int(base.keys.get(f"{base.architecture}.attention.head_count_kv", 0))
        or base.number("attention.head_count"),
    )
    changes = {
        names.module(module): _fitting(names, base, module, parts, _scale(config, module, len(parts["A"])))
        for module, parts in sorted(_parts(folder / WEIGHTS).items())
    }
    return Lora(alpha=float(config["lora_alpha"]), changes=changes)


def deltas_of(folder: Path, names: Names, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Change]:
    """Return the adapter in a PEFT folder by Hugging Face's names of the weights. Raises ExportUnsupported,
    ExportMismatch.
    """
    config = _config(folder)
    by_module = {names.module(name.removesuffix(".weight")): name for name in shapes if _is_linear(name)}
    found: dict[str, Change] = {}
    for module, parts in sorted(_parts(folder / WEIGHTS).items()):
        name = by_module.get(names.module(module), "")
        shape = (parts["B"].shape[0], parts["A"].shape[1])
        if shapes.get(name) != shape:
            raise ExportMismatch(tensor=module, why=f"{shape}, {shapes.get(name)}")
        scale = _scale(config, module, len(parts["A"]))
        found[name] = Change(a=parts["A"], b=parts["B"], scale=scale)
    return found


def _is_linear(name: str) -> bool:
    return name.endswith("_proj.weight") or name == "lm_head.weight"


def _config(folder: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportUnsupported(what=CONFIG, why=type(error).__name__) from error
    if config.get("peft_type") != "LORA":
        raise ExportUnsupported(what=CONFIG, why=f"peft_type {config.get('peft_type')}")
    for option in ("use_dora", "modules_to_save", "fan_in_fan_out", "lora_bias", "trainable_token_indices"):
        if config.get(option):
            raise ExportUnsupported(what=CONFIG, why=option)
    if config.get("bias", "none") != "none":
        raise ExportUnsupported(what=CONFIG, why="bias")
    return config


def _scale(config: Mapping[str, Any], module: str, rank: int) -> float:
    alpha = float(config["lora_alpha"])
    for pattern, own in (config.get("alpha_pattern") or {}).items():
        if re.fullmatch(rf"(?:.*\.)?{pattern}", module):
            alpha = float(own)
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _parts(path: Path) -> dict[str, dict[str, Floats]]:
    found: dict[str, dict[str, Floats]] = {}
    for name, stored in tensors_in(path).items():
        match = _PART.fullmatch(name)
        if match is None:
            raise ExportUnsupported(what=name, why="tensor")
        found.setdefault(match[1], {})[match[2]] = stored.floats()
    for module, parts in found.items():
        if parts.keys() != {"A", "B"}:
            raise ExportUnsupported(what=module, why="half a LoRA")
    return found


def _fitting(names: Names, base: GgufFile, module: str, parts: Mapping[str, Floats], scale: float) -> Change:
    name = f"{names.module(module)}.weight"
    if name not in base.tensors:
        raise ExportMismatch(tensor=name, why="not in the base")
    rows, columns = base.tensors[name].shape
    if (parts["B"].shape[0], parts["A"].shape[1]) != (rows, columns):
        raise ExportMismatch(
            tensor=name, why=f"{parts['B'].shape[0]}x{parts['A'].shape[1]}, {rows}x{columns}"
        )
    return Change(a=parts["A"], b=names.turned(name, parts["B"]), scale=scale)
