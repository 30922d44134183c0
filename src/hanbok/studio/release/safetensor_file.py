"""Safetensors read as floats, in every width that models are stored in; numpy itself knows no bfloat16."""

import json
import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from hanbok.studio.release.errors import ExportUnsupported
from hanbok.studio.release.gguf_file import Floats

INDEX: Final = "model.safetensors.index.json"
_HEAD: Final = 8


class Stored(NamedTuple):
    shape: tuple[int, ...]
    width: str
    held: mmap.mmap
    start: int
    end: int

    def floats(self) -> Floats:
        content = self.held[self.start : self.end]
        match self.width:
            case "F32":
                values = np.frombuffer(content, dtype="<f4")
            case "F16":
                values = np.frombuffer(content, dtype="<f2").astype(np.float32)
            case "BF16":
                values = (np.frombuffer(content, dtype="<u2").astype("<u4") << np.uint32(16)).view("<f4")
            case _:
                raise ExportUnsupported(what="safetensors", why=self.width)
        return values.reshape(self.shape)


def tensors_in(*files: Path) -> Mapping[str, Stored]:
    """Return the tensors of safetensors files by name. Raises ExportUnsupported."""
    found: dict[str, Stored] = {}
    for path in files:
        try:
            with path.open("rb") as file:
                held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            found |= dict(_listed(held))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ExportUnsupported(what=path.name, why=type(error).__name__) from error
    return found


def weights_of(folder: Path) -> list[Path]:
    """Return the weight files of a model's folder. Raises ExportUnsupported."""
    found = sorted(folder.glob("model*.safetensors"))
    if not found:
        raise ExportUnsupported(what=str(folder), why="no model*.safetensors")
    return found


def _listed(held: mmap.mmap) -> Iterator[tuple[str, Stored]]:
    size = int.from_bytes(held[:_HEAD], "little")
    begin = _HEAD + size
    for name, one in json.loads(held[_HEAD:begin]).items():
        if name == "__metadata__":
            continue
        start, end = one["data_offsets"]
        if begin + end > len(held):
            raise ValueError(name)
        yield name, Stored(tuple(one["shape"]), one["dtype"], held, begin + start, begin + end)
