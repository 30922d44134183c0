"""A whole model as GGUF, made on the base's own file: every key, the tokenizer and the template stay byte for byte,
and so does every tensor that training did not change.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from gguf import GGMLQuantizationType
from gguf.quants import quantize

from hanbok.studio.release.errors import ExportMismatch
from hanbok.studio.release.gguf_file import Floats, GgufFile, NewTensor, key, write
from hanbok.studio.release.lora import read_lora
from hanbok.studio.release.safetensor_file import Stored, tensors_in, weights_of
from hanbok.studio.release.tensor_names import Names
from hanbok.studio.stage import Progress

TEMPLATE: Final = "tokenizer.chat_template"
WIDTHS: Final = {
    "q8_0": GGMLQuantizationType.Q8_0,
    "f16": GGMLQuantizationType.F16,
    "f32": GGMLQuantizationType.F32,
}
_BLOCK: Final = 32


def write_merged(
    source: Path, base: GgufFile, path: Path, *, width: str, template: str, progress: Progress
) -> int:
    """Write the base with the changes of the PEFT folder `source` in it; return how many tensors changed. A
    `template` is added where the base has none. Raises ExportUnsupported, ExportMismatch.
    """
    lora = read_lora(source, base)

    def changed(name: str) -> Callable[[], Floats]:
        return lambda: base.floats(name) + lora.changes[name.removesuffix(".weight")].whole

    makers = {f"{module}.weight": changed(f"{module}.weight") for module in lora.changes}
    _rebase(base, path, makers, width, template, progress)
    return len(makers)


def write_rebased(
    source: Path, base: GgufFile, path: Path, *, width: str, template: str, progress: Progress
) -> int:
    """Write the model in the Hugging Face folder `source` on the base's file; return how many tensors changed."""
    names = Names(
        architecture=base.architecture,
        heads=base.number("attention.head_count"),
        kv_heads=int(base.keys.get(f"{base.architecture}.attention.head_count_kv", 0)),
    )
    stored = {names.tensor(name): one for name, one in tensors_in(*weights_of(source)).items()}
    makers: dict[str, Callable[[], Floats]] = {}
    for name, one in stored.items():
        if name == "output.weight" and name not in base.tensors:
            continue  # tied to the embedding
        if name not in base.tensors:
            raise ExportMismatch(tensor=name, why="not in the base")
        if base.tensors[name].shape != one.shape:
            raise ExportMismatch(tensor=name, why=f"{one.shape}, {base.tensors[name].shape}")
        maker = _read(names, name, one)
        if _differs(base.floats(name), maker()):
            makers[name] = maker
        progress.advance(0)
    _rebase(base, path, makers, width, template, progress)
    return len(makers)


def _read(names: Names, name: str, one: Stored) -> Callable[[], Floats]:
    return lambda: names.turned(name, one.floats())


def _differs(before: Floats, after: Floats) -> bool:
    """Whether training changed it: the folder may have been made from this file, in a narrower width."""
    return not np.allclose(before, after, rtol=4e-3, atol=1e-6)


def _rebase(
    base: GgufFile,
    path: Path,
    makers: Mapping[str, Callable[[], Floats]],
    width: str,
    template: str,
    progress: Progress,
) -> None:
    keys = [base.key_bytes(name) for name in base.spans if not (template and name == TEMPLATE)]
    if template:
        keys.append(key(TEMPLATE, template))
    tensors = [
        new_tensor(one.name, one.shape, makers[one.name], WIDTHS[width])
        if one.name in makers
        else NewTensor(one.name, one.shape, one.type, lambda name=one.name: base.raw(name))  # type: ignore[misc]
        for one in base.tensors.values()
    ]
    write(path, keys, tensors, progress.advance)


def new_tensor(
    name: str, shape: tuple[int, ...], make: Callable[[], Floats], width: GGMLQuantizationType
) -> NewTensor:
    """Return a tensor of this width, or of the nearest one that it can have."""
    if len(shape) == 1:
        width = GGMLQuantizationType.F32  # norms and biases, which llama.cpp adds in full
    elif width is GGMLQuantizationType.Q8_0 and shape[-1] % _BLOCK:
        width = GGMLQuantizationType.F16
    return NewTensor(name, shape, width, lambda: quantize(make(), width).tobytes())
