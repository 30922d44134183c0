"""A LoRA as llama.cpp loads it beside its base."""

from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType

from hanbok.studio.release.gguf_file import Floats, GgufFile, NewTensor, key, write
from hanbok.studio.release.lora import read_lora
from hanbok.studio.stage import Progress


def write_adapter(source: Path, base: GgufFile, path: Path, progress: Progress) -> int:
    """Write the PEFT folder `source` in half precision; return how many tensors it has. Raises ExportUnsupported,
    ExportMismatch.
    """
    lora = read_lora(source, base)
    tensors: list[NewTensor] = []
    for module, change in lora.changes.items():
        # llama.cpp knows one alpha for all: what else a module's scale has goes into its second matrix.
        own = change.scale * change.a.shape[0] / lora.alpha
        tensors.append(_half(f"{module}.weight.lora_a", change.a))
        tensors.append(_half(f"{module}.weight.lora_b", change.b * np.float32(own)))
    keys = [
        key("general.type", "adapter"),
        key("general.architecture", base.architecture),
        key("adapter.type", "lora"),
        key("adapter.lora.alpha", lora.alpha),
    ]
    write(path, keys, tensors, progress.advance)
    return len(tensors)


def _half(name: str, values: Floats) -> NewTensor:
    return NewTensor(
        name,
        values.shape,
        GGMLQuantizationType.F16,
        lambda: np.ascontiguousarray(values, dtype="<f2").tobytes(),
    )
