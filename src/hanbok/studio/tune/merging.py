"""What becomes of tuned weights: into the base, or between them and another model of the same shape."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from peft import PeftModel

from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact, Facts, Kind, sha256
from hanbok.studio.stage import Estimate, Progress
from hanbok.studio.tune.engines import Model
from hanbok.studio.tune.errors import BaseUnusable, PlanUnfit
from hanbok.studio.tune.opening import load_model, load_tokenizer, save_model, size_of
from hanbok.studio.tune.plan import MergePlan

_MIB: Final = 1 << 20
_PARALLEL: Final = 0.9995
"""Two directions closer than this are mixed along the straight line: the angle's sine would divide by nothing."""


class Merge:
    """Makes a MODEL of `base` and `tuned` (an ADAPTER or a MODEL), and of the plan's other model."""

    name: str = "merge"
    makes: Kind = Kind.MODEL

    def __init__(self, plan: MergePlan) -> None:
        """Raise PlanUnfit when a model to merge with is named for nothing, or missing."""
        if (plan.how == "adapter") is not (plan.other is None):
            raise PlanUnfit(
                why=Text(
                    ko="`other`는 linear와 slerp에만 필요합니다", en="`other` belongs to linear and slerp"
                )
            )
        self.plan = plan

    @property
    def spec(self) -> Mapping[str, object]:
        other = self.plan.other
        files = {path.name: sha256(path) for path in sorted(other.glob("*.safetensors"))} if other else {}
        return {"version": 1, "how": self.plan.how, "share": self.plan.share, "other": files}

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:
        """Estimate from the sizes of files alone."""
        size = size_of(inputs["base"].path) / _MIB
        models = 2 if self.plan.other else 1
        return Estimate(cpu_seconds=5 + size / 50 * models, memory_mib=size * models + 800, disk_mib=size)

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:
        """Raise PlanUnfit when the models differ in shape, BaseUnusable."""
        base, tuned = inputs["base"], inputs["tuned"]
        progress.begin(Text(ko="가중치 합치기", en="Merging weights"), 1, "model")
        model = (
            merged(base.path, tuned.path) if tuned.manifest.kind is Kind.ADAPTER else load_model(tuned.path)
        )
        if self.plan.other:
            _blend(model, load_model(self.plan.other), self.plan)
        save_model(model, folder)
        load_tokenizer(tuned.path).save_pretrained(str(folder))
        progress.advance(1)
        return {
            "licence": base.manifest.facts.get("licence", ""),
            "how": self.plan.how,
            "weights": sum(one.numel() for one in model.parameters()),
        }


def merged(base: Path, adapter: Path) -> Model:
    """Return the base with an adapter's weights added to its own, in float32. Raises BaseUnusable."""
    try:
        return PeftModel.from_pretrained(load_model(base), str(adapter)).merge_and_unload()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise BaseUnusable(path=adapter, why=type(error).__name__) from error


def _blend(model: Model, other: Model, plan: MergePlan) -> None:
    """Mix the other model's weights into a model. Tokens that only the tuned one has stay as they are."""
    mix = _slerp if plan.how == "slerp" else torch.lerp
    there: dict[str, Any] = other.state_dict()
    with torch.no_grad():
        for name, one in model.named_parameters():
            if name not in there or there[name].shape[1:] != one.shape[1:] or len(there[name]) > len(one):
                raise PlanUnfit(why=Text(ko="`other`의 모양이 다릅니다", en="`other` has another shape"))
            rows = one[: len(there[name])]
            rows.copy_(mix(rows, there[name].to(one.dtype), plan.share))


def _slerp(one: torch.Tensor, other: torch.Tensor, share: float) -> torch.Tensor:
    """Mix along the arc between two weights."""
    a, b = one.flatten().double(), other.flatten().double()
    long_a, long_b = a.norm(), b.norm()
    cosine = float((a @ b) / (long_a * long_b).clamp_min(1e-30))
    if abs(cosine) > _PARALLEL:
        return torch.lerp(one, other, share)
    angle = torch.arccos(torch.tensor(cosine, dtype=torch.float64))
    mixed = (torch.sin((1 - share) * angle) * a + torch.sin(share * angle) * b) / torch.sin(angle)
    return mixed.view_as(one).to(one.dtype)
