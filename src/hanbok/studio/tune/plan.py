"""What a recipe says of tuning: the sections `base`, `vocabulary`, `tune` and `merge`."""

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

EMBEDDED: Final = "embedded"
"""As a base's path: the weights that a package carries (extra `local`)."""
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Count = Annotated[int, Meta(ge=1)]


class BasePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which model one starts from."""

    path: Path
    """A folder in Hugging Face's layout, a safetensors file in one, a GGUF file, or `embedded`."""
    licence: str = ""
    """SPDX id or LicenseRef-*. Empty: what the model's own files say."""


class VocabularyPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New tokens out of the corpus, for a tokenizer that cuts Korean too small."""

    tokens: Count = 4096
    least_count: Count = 20
    """How often a piece stands in the corpus to become a token."""


class TunePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to train. The defaults suit LoRA on a small model and a CPU."""

    method: Literal["answers", "text", "preference"] = "answers"
    """`answers`: dialogues, learning what the assistant says. `text`: continued pretraining on documents.
    `preference`: pairs of a chosen and a rejected answer (DPO)."""
    train: Literal["lora", "full", "embeddings"] = "lora"
    """`embeddings`: only `parts`, the rest stands still (stages after a vocabulary was expanded)."""
    parts: tuple[Literal["new_input", "new_output", "input", "output"], ...] = ()
    rank: Count = 16
    alpha: Annotated[float, Meta(gt=0)] = 32.0
    modules: tuple[str, ...] = ()
    """Names of the linear modules that LoRA adapts; empty: all but the head."""
    epochs: Annotated[float, Meta(gt=0)] = 1.0
    steps: Count | None = None
    """Overrides `epochs`."""
    batch: Count = 16
    """Rows of one step, over all processes."""
    length: Annotated[int, Meta(ge=8)] = 1024
    """Tokens of a row at most: a longer text is cut into several, a longer dialogue loses its end."""
    tokens_at_once: Annotated[int, Meta(ge=8)] = 4096
    """What is held in memory at a time, padding included; a step may take several."""
    learning_rate: Annotated[float, Meta(gt=0)] = 5e-4
    warmup: Share = 0.05
    """Share of the steps in which the rate rises; it falls along a cosine after that."""
    floor: Share = 0.1
    """Share of the rate that is left at the end."""
    weight_decay: Annotated[float, Meta(ge=0)] = 0.0
    clip: Annotated[float, Meta(gt=0)] = 1.0
    beta: Annotated[float, Meta(gt=0)] = 0.1
    """Of `preference`: how much a step away from the base costs."""
    negatives: Annotated[int, Meta(ge=0)] = 0
    """0: the exact loss. Else its denominator is estimated from the corpus' own tokens and so many others, drawn anew
    at each step: several times faster where the vocabulary is large and the answers long."""
    template: Literal["", "gemma", "chatml", "plain"] = ""
    """Empty: the base's own, else the one that its tokens are made for."""
    template_file: Path | None = None
    """A chat template of one's own, in Jinja; goes before `template`."""
    seed: int = 0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """`auto`: bfloat16 on a GPU, and for LoRA on a CPU that multiplies it; else float32."""
    checkpoint_every: Count = 50
    """Steps."""
    trade: str = ""
    """For whom the adapter is, such as `public`, `finance`, `telco`: noted in its manifest."""
    commercial: bool = True
    """Whether the result shall earn money: some licences forbid that."""


class MergePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of the tuned weights."""

    how: Literal["adapter", "linear", "slerp"] = "adapter"
    """`adapter`: into the base. `linear`, `slerp`: between `tuned` (with its adapter in it) and `other`."""
    other: Path | None = None
    """The instruct model to merge with, a folder; of the same shape as the base."""
    share: Share = 0.5
    """How much of `other` is in the result."""
