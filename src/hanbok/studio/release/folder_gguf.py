"""A Hugging Face folder as a GGUF file of its own, for a base that has none: a new vocabulary, a model of one's own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hanbok.studio.release.errors import ExportUnsupported
from hanbok.studio.release.gguf_file import NewTensor, key, write
from hanbok.studio.release.merged_gguf import TEMPLATE, WIDTHS, new_tensor
from hanbok.studio.release.safetensor_file import Stored, tensors_in, weights_of
from hanbok.studio.release.tensor_names import Names
from hanbok.studio.release.vocabulary import vocabulary_keys
from hanbok.studio.stage import Progress

_ARCHITECTURES: Final = {
    "gemma3_text": "gemma3",
    "gemma3": "gemma3",
    "llama": "llama",
    "qwen2": "qwen2",
}
_TIED: Final = "lm_head.weight"


def write_folder(source: Path, path: Path, *, width: str, template: str, progress: Progress) -> int:
    """Write the model in `source`; return how many tensors it has. Raises ExportUnsupported."""
    config = _config(source)
    names = names_of(config)
    stored = tensors_in(*weights_of(source))
    if config.get("tie_word_embeddings", names.architecture == "gemma3"):
        stored = {name: one for name, one in stored.items() if name != _TIED}
    rows = stored[next(name for name in stored if name.endswith("embed_tokens.weight"))].shape[0]
    keys = [*_model_keys(config, names.architecture, source.name), *vocabulary_keys(source, rows)]
    if template:
        keys.append(key(TEMPLATE, template))
    tensors = [_tensor(names, name, one, width) for name, one in stored.items()]
    write(path, keys, tensors, progress.advance)
    return len(tensors)


def names_of(config: Mapping[str, Any]) -> Names:
    """Return how the tensors of a model with this configuration are named. Raises ExportUnsupported."""
    kind = str(config.get("model_type", ""))
    if kind not in _ARCHITECTURES:
        raise ExportUnsupported(what=kind or "?", why="architecture")
    heads = int(config["num_attention_heads"])
    return Names(
        architecture=_ARCHITECTURES[kind],
        heads=heads,
        kv_heads=int(config.get("num_key_value_heads") or heads),
    )


def _config(source: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((source / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportUnsupported(what="config.json", why=type(error).__name__) from error
    return config


def _tensor(names: Names, name: str, one: Stored, width: str) -> NewTensor:
    target = names.tensor(name)
    return new_tensor(target, one.shape, lambda: names.turned(target, one.floats()), WIDTHS[width])


def _model_keys(config: Mapping[str, Any], architecture: str, name: str) -> list[bytes]:
    heads = int(config["num_attention_heads"])
    size = int(config.get("head_dim") or config["hidden_size"] // heads)
    rope = config.get("rope_parameters") or {}
    if "full_attention" in rope:
        rope = rope["full_attention"]
    if rope.get("rope_type", "default") != "default" or config.get("rope_scaling"):
        raise ExportUnsupported(what="config.json", why="rope scaling")
    said: dict[str, int | float] = {
        "context_length": int(config["max_position_embeddings"]),
        "embedding_length": int(config["hidden_size"]),
        "block_count": int(config["num_hidden_layers"]),
        "feed_forward_length": int(config["intermediate_size"]),
        "attention.head_count": heads,
        "attention.head_count_kv": int(config.get("num_key_value_heads") or heads),
        "attention.key_length": size,
        "attention.value_length": size,
        "attention.layer_norm_rms_epsilon": float(config.get("rms_norm_eps", 1e-6)),
        "rope.freq_base": float(rope.get("rope_theta") or config.get("rope_theta") or 10000.0),
    }
    if architecture == "gemma3":
        said["attention.sliding_window"] = int(config["sliding_window"])
        _needs_gemma_layers(config)
    else:
        said["rope.dimension_count"] = size
    keys = [
        key("general.architecture", architecture),
        key("general.type", "model"),
        key("general.name", name),
    ]
    return keys + [key(f"{architecture}.{one}", value) for one, value in said.items()]


def _needs_gemma_layers(config: Mapping[str, Any]) -> None:
    """llama.cpp has every sixth layer of Gemma 3 see all, without a key to say otherwise."""
    layers = config.get("layer_types") or []
    expected = ["full_attention" if index % 6 == 5 else "sliding_attention" for index in range(len(layers))]  # noqa: PLR2004
    if layers != expected:
        raise ExportUnsupported(what="config.json", why="layer_types")
