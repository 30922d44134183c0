"""How Hugging Face's names of tensors become GGUF's, and what is done to their values on the way."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from hanbok.studio.release.errors import ExportUnsupported
from hanbok.studio.release.gguf_file import Floats

ARCHITECTURES: Final = ("gemma3", "llama", "qwen2")
_MODULES: Final = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "input_layernorm": "attn_norm",
}
_FFN_NORMS: Final = {
    "gemma3": {
        "post_attention_layernorm": "post_attention_norm",
        "pre_feedforward_layernorm": "ffn_norm",
        "post_feedforward_layernorm": "post_ffw_norm",
    },
}
_ELSE_NORMS: Final = {"post_attention_layernorm": "ffn_norm"}
_WHOLE: Final = {"embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output"}
_LAYER: Final = re.compile(r"(?:.*\.)?layers\.(\d+)\.(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Of one architecture, with the numbers of heads that llama's rotation needs."""

    architecture: str
    heads: int
    kv_heads: int

    def __post_init__(self) -> None:
        """Raise ExportUnsupported for an architecture that is not known."""
        if self.architecture not in ARCHITECTURES:
            raise ExportUnsupported(what=self.architecture or "?", why="architecture")

    def module(self, name: str) -> str:
        """Return GGUF's name of a module, such as `blk.0.attn_q`. Raises ExportUnsupported."""
        norms = _FFN_NORMS.get(self.architecture, _ELSE_NORMS)
        if found := _LAYER.fullmatch(name):
            known = norms.get(found[2]) or _MODULES.get(found[2])
            if known:
                return f"blk.{found[1]}.{known}"
        elif whole := _WHOLE.get(name.rpartition(".")[2]):
            return whole
        raise ExportUnsupported(what=name, why="tensor")

    def tensor(self, name: str) -> str:
        """Return GGUF's name of a tensor, such as `blk.0.attn_q.weight`. Raises ExportUnsupported."""
        module, _, part = name.rpartition(".")
        return f"{self.module(module)}.{part}"

    def turned(self, name: str, values: Floats) -> Floats:
        """Return a tensor's values as GGUF has them; `name` is GGUF's.

        Llama's rotary halves lie side by side in GGUF and behind each other in Hugging Face's files; Gemma's norms
        are stored less one there.
        """
        heads = self._heads(name)
        if self.architecture == "llama" and heads:
            size = values.shape[0] // heads // 2
            return values.reshape(heads, 2, size, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)
        if self.architecture == "gemma3" and name.endswith("norm.weight"):
            return values + np.float32(1)
        return values

    def _heads(self, name: str) -> int:
        if ".attn_q." in name:
            return self.heads
        return self.kv_heads if ".attn_k." in name else 0
