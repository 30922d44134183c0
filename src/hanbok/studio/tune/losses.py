"""The loss of the tokens to learn, computed for their rows alone.

A vocabulary of 262,144 makes the head the dearest part of a small model: computing it for every position, as trainers
do, wastes most of a CPU's time on rows whose answer nobody asked for.
"""

from typing import Final

import torch
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from hanbok.studio.tune.engines import Context, Model

_AT_ONCE: Final = 192
"""Rows of logits in memory at a time: 192 x 262,144 floats are 200 MB."""


class _Frozen(torch.autograd.Function):
    """Cross entropy through a head that does not learn: the gradient of the hidden rows is known with the loss, so no
    logits outlive their part.
    """

    @staticmethod
    def forward(
        ctx: Context, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, cap: float
    ) -> torch.Tensor:
        losses = torch.empty(len(targets))
        wanted = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        for at in range(0, len(targets), _AT_ONCE):
            part = slice(at, at + _AT_ONCE)
            raw = (hidden[part] @ weight.T).float()
            logits = cap * torch.tanh(raw / cap) if cap else raw
            right = targets[part].unsqueeze(1)
            total = torch.logsumexp(logits, dim=1)
            losses[part] = (total - logits.gather(1, right).squeeze(1)).to(losses.device)
            if wanted is None:
                continue
            slope = logits.sub(total.unsqueeze(1)).exp_()
            slope.scatter_add_(1, right, torch.full_like(right, -1.0, dtype=slope.dtype))
            if cap:
                slope *= 1 - (logits / cap) ** 2
            wanted[part] = slope.to(weight.dtype) @ weight
        ctx.save_for_backward(wanted)
        return losses.to(hidden.device)

    @staticmethod
    def backward(ctx: Context, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (wanted,) = ctx.saved_tensors
        return (wanted * grads[0].unsqueeze(1).to(wanted.dtype), None, None, None)


class Head:
    """What turns hidden states into the loss of each token to learn."""

    def __init__(self, model: Model) -> None:
        self._head = model.get_output_embeddings()
        self._cap = float(getattr(model.config, "final_logit_softcapping", None) or 0.0)
        # Granite divides the logits, Cohere multiplies them: as well done to what they are made of.
        self._scale = getattr(model.config, "logit_scale", None) or 1 / (
            getattr(model.config, "logits_scaling", None) or 1
        )
        self.weight: torch.Tensor = self._head.weight

    def losses(self, hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the exact loss of each row."""
        hidden = self._scaled(hidden)
        if not self.weight.requires_grad and getattr(self._head, "bias", None) is None:
            found: torch.Tensor = _Frozen.apply(hidden, self.weight, targets, self._cap)
            return found
        parts = [
            checkpoint(
                self._part, hidden[at : at + _AT_ONCE], targets[at : at + _AT_ONCE], use_reentrant=False
            )
            for at in range(0, len(targets), _AT_ONCE)
        ]
        return torch.cat(parts) if parts else hidden.new_zeros(0).float()

    def _part(self, hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(self._capped(self._head(hidden).float()), targets, reduction="none")

    def _scaled(self, hidden: torch.Tensor) -> torch.Tensor:
        return hidden if self._scale == 1 else hidden * self._scale

    def _capped(self, logits: torch.Tensor) -> torch.Tensor:
        return self._cap * torch.tanh(logits / self._cap) if self._cap else logits

    def estimated(self, hidden: torch.Tensor, targets: torch.Tensor, some: "Candidates") -> torch.Tensor:
        """Return the loss of each row with its denominator estimated from some of the vocabulary."""
        ids, lift = some.draw()
        logits = self._capped((self._scaled(hidden) @ self.weight[ids].T).float()) + lift
        return functional.cross_entropy(
            logits, torch.searchsorted(ids[: some.known], targets), reduction="none"
        )


class Candidates:
    """The tokens whose logits are computed: all that the corpus wants, and some of the others, drawn anew each time.

    The drawn ones stand for the rest: each counts for `others / drawn` tokens, which makes the sum of exponentials
    right on average (importance sampling with a uniform proposal).
    """

    def __init__(self, wanted: torch.Tensor, vocabulary: int, drawn: int, chance: torch.Generator) -> None:
        self._wanted = torch.unique(wanted)
        outside = torch.ones(vocabulary, dtype=torch.bool)
        outside[self._wanted] = False
        self._others = outside.nonzero().squeeze(1)
        self._drawn = min(drawn, len(self._others))
        self._chance = chance
        self.known = len(self._wanted)

    def draw(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return ids, the known ones first and sorted, and what is added to their logits."""
        at = torch.randint(len(self._others), (self._drawn,), generator=self._chance) if self._drawn else None
        ids = self._wanted if at is None else torch.cat([self._wanted, self._others[at]])
        lift = torch.zeros(len(ids))
        if self._drawn:
            lift[self.known :] = torch.log(torch.tensor(len(self._others) / self._drawn))
        return ids, lift


def preference(
    chosen: torch.Tensor, rejected: torch.Tensor, margin: torch.Tensor, beta: float
) -> torch.Tensor:
    """Return DPO's loss (arXiv 2305.18290, eq. 7) of each pair: `chosen` and `rejected` are the log-probabilities of
    the answers, `margin` what the base prefers the chosen one by.
    """
    return -functional.logsigmoid(beta * (chosen - rejected - margin))
