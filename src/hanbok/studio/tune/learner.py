"""The model with the part of it that learns: an adapter, everything, or rows of the embeddings."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

import torch
from peft import LoraConfig, PeftModel, get_peft_model

from hanbok.core.values import Text
from hanbok.studio.tune.engines import Model
from hanbok.studio.tune.errors import PlanUnfit
from hanbok.studio.tune.opening import save_model
from hanbok.studio.tune.plan import TunePlan

NEW_TOKENS: Final = "hanbok_new_tokens"
"""In a model's config: the first id that was added to the vocabulary, and how many."""


class Learner:
    """A model whose chosen weights require gradients, and no others."""

    def __init__(self, model: Model, plan: TunePlan) -> None:
        """Raise PlanUnfit when the plan names what the model does not have."""
        self.plan = plan
        model.config.use_cache = False
        self.causal = model
        self.saved: Model = model
        if plan.train == "lora":
            self.saved = _adapted(model, plan)
            self.causal = self.saved.get_base_model()
        elif plan.train == "embeddings":
            _only(model, plan)
        self.inner: Callable[..., Any] = self.causal.get_decoder()
        self.saved.train()

    def hidden(self, ids: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Return the last hidden states of these rows of the flattened batch, next to each other in memory."""
        states = self.inner(input_ids=ids, use_cache=False).last_hidden_state
        return states.reshape(-1, states.shape[-1]).index_select(0, rows)

    def named(self) -> Iterator[tuple[str, torch.nn.Parameter]]:
        """Yield what learns."""
        return ((name, one) for name, one in self.saved.named_parameters() if one.requires_grad)

    def as_base(self) -> AbstractContextManager[Any]:
        """Let the model answer as the base would; what learns must not have moved yet, or be an adapter."""
        return self.saved.disable_adapter() if self.plan.train == "lora" else nullcontext()

    def save(self, folder: Path) -> None:
        """Write the adapter in PEFT's layout, or the model in Hugging Face's."""
        if self.plan.train == "lora":
            # A place on this machine's disk says nothing to others, and would differ between two like runs.
            for config in self.saved.peft_config.values():
                config.base_model_name_or_path = ""
                config.target_modules = sorted(config.target_modules)
                config.inference_mode = True
            self.saved.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)
            (folder / "README.md").unlink(missing_ok=True)  # an empty form
        else:
            save_model(self.saved, folder)


def _adapted(model: Model, plan: TunePlan) -> PeftModel:
    config = LoraConfig(
        r=plan.rank,
        lora_alpha=plan.alpha,
        lora_dropout=0.0,
        target_modules=list(plan.modules) if plan.modules else "all-linear",
        task_type="CAUSAL_LM",
    )
    try:
        return get_peft_model(model, config)
    except ValueError as error:
        why = Text(ko="모델에 그런 `modules`가 없습니다", en="the model has no such `modules`")
        raise PlanUnfit(why=why) from error


def _only(model: Model, plan: TunePlan) -> None:
    """Freeze all but the embeddings that the plan names; of `new_*` only the rows of the added tokens move."""
    if not plan.parts:
        raise PlanUnfit(why=Text(ko="`parts`가 비어 있습니다", en="`parts` is empty"))
    first, count = getattr(model.config, NEW_TOKENS, (0, 0))
    if not count and any(part.startswith("new_") for part in plan.parts):
        raise PlanUnfit(
            why=Text(ko="어휘가 확장되지 않은 모델입니다", en="the base's vocabulary was not expanded")
        )
    model.requires_grad_(requires_grad=False)
    sides = {"input": model.get_input_embeddings().weight, "output": model.get_output_embeddings().weight}
    for side, weight in sides.items():
        if side in plan.parts:
            weight.requires_grad_(requires_grad=True)
        elif f"new_{side}" in plan.parts:
            weight.requires_grad_(requires_grad=True)
            weight.register_hook(_these_rows(slice(first, first + count)))


def _these_rows(rows: slice) -> Callable[[torch.Tensor], torch.Tensor]:
    def only_new(grad: torch.Tensor) -> torch.Tensor:
        kept = torch.zeros_like(grad)
        kept[rows] = grad[rows]
        return kept

    return only_new
