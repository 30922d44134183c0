"""An adapter taken into its base's weights, tensor by tensor, in Hugging Face's layout."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from hanbok.studio.release.export_plan import lay
from hanbok.studio.release.folder_gguf import names_of
from hanbok.studio.release.lora import deltas_of
from hanbok.studio.release.safetensor_file import Stored, tensors_in, weights_of

_WEIGHTS: Final = "model.safetensors"


def write_merged_folder(base: Path, adapter: Path, target: Path) -> int:
    """Write the merged model in full precision; return how many tensors changed.
    Raises ExportUnsupported, ExportMismatch.
    """
    for path in sorted(base.iterdir()):
        if path.is_file() and path.suffix in {".json", ".model"} and path.name != "manifest.json":
            lay(path, target / path.name)
    config: dict[str, Any] = json.loads((base / "config.json").read_text(encoding="utf-8"))
    stored = tensors_in(*weights_of(base))
    changes = deltas_of(adapter, names_of(config), {name: one.shape for name, one in stored.items()})
    _write(target / _WEIGHTS, stored, changes)
    return len(changes)


def _write(path: Path, stored: Mapping[str, Stored], changes: Mapping[str, Any]) -> None:
    head: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, one in stored.items():
        size = int(np.prod(one.shape)) * 4
        head[name] = {"dtype": "F32", "shape": list(one.shape), "data_offsets": [offset, offset + size]}
        offset += size
    told = json.dumps(head).encode()
    told += b" " * (-len(told) % 8)
    half = path.with_name(f".{path.name}.part")
    with half.open("wb") as out:
        out.write(struct.pack("<Q", len(told)) + told)
        for name, one in stored.items():
            values = one.floats()
            if name in changes:
                values = values + changes[name].whole
            out.write(np.ascontiguousarray(values, dtype="<f4").tobytes())
    half.replace(path)
