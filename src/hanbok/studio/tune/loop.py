"""The training itself: steps that can be broken off at any moment and taken up again to the same weights."""

import math
from collections.abc import Sequence
from typing import Any, Final

import torch

from hanbok.core.values import Text
from hanbok.studio.stage import Progress
from hanbok.studio.tune.batches import Order, in_parts, lay
from hanbok.studio.tune.checkpoint import Checkpoints, State
from hanbok.studio.tune.errors import LossBroken, MemoryShort
from hanbok.studio.tune.examples import Example, Pair
from hanbok.studio.tune.learner import Learner
from hanbok.studio.tune.losses import Candidates, Head, preference
from hanbok.studio.tune.plan import TunePlan
from hanbok.studio.tune.together import Together

_NO_MEMORY: Final = ("can't allocate memory", "not enough memory")
"""What torch's allocator for the CPU says on Linux, and elsewhere: it has no class of its own for it."""


class Loop:
    """One run over some examples."""

    def __init__(
        self,
        learner: Learner,
        examples: Sequence[Example | Pair],
        plan: TunePlan,
        pad: int,
        peers: Together,
    ) -> None:
        self._learner, self._plan, self._pad, self._peers = learner, plan, pad, peers
        self._examples = examples
        self._head = Head(learner.causal)
        self._device = next(learner.saved.parameters()).device
        self.order = Order([_length(one) for one in examples], plan)
        self._chance = torch.Generator().manual_seed(plan.seed)
        self._weights = dict(learner.named())
        self._optimiser = torch.optim.AdamW(
            self._weights.values(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self._margins: dict[int, float] = {}
        self._candidates = self._some() if plan.negatives else None
        self.losses: list[float] = []

    def run(self, checkpoints: Checkpoints, progress: Progress) -> None:
        """Learn what is left to learn. Raises LossBroken, MemoryShort, CheckpointBroken."""
        step = self._take_up(self._peers.told(checkpoints.newest() if self._peers.first else None))
        if self._peers.first:
            progress.begin(Text(ko="학습", en="Training"), self.order.tokens(), "token")
            progress.advance(sum(self.tokens_in(one) for one in range(step)))
        while step < self.order.steps:
            loss = self.step(step)
            if not math.isfinite(loss):
                raise LossBroken(step=step + 1)
            self.losses.append(round(loss, 6))
            step += 1
            if self._peers.first:
                progress.advance(self.tokens_in(step - 1))
                if step % self._plan.checkpoint_every == 0 or step == self.order.steps:
                    checkpoints.keep(self._state(step))

    def measure(self, examples: Sequence[Example]) -> float:
        """Return the mean loss of the tokens to learn in examples that are not trained on; exact, without chance."""
        total, count = 0.0, 0
        longest = sorted(examples, key=lambda one: -len(one.ids))
        with torch.no_grad():
            for part in in_parts([len(one.ids) for one in longest], self._plan.tokens_at_once):
                batch = lay(longest[part], self._pad)
                hidden = self._learner.hidden(batch.ids.to(self._device), batch.rows.to(self._device))
                total += float(self._head.losses(hidden, batch.targets.to(self._device)).sum())
                count += len(batch.targets)
        return total / max(1, count)

    def step(self, step: int) -> float:
        """Do one step and return its loss. Raises MemoryShort."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate(self._plan, step, self.order.steps)
        mine = self._peers.share(self.order.of(step))
        try:
            (weight,) = self._peers.total(sum(_weight(self._examples[row]) for row in mine))
            loss = 0.0
            for part in in_parts([_length(self._examples[row]) for row in mine], self._plan.tokens_at_once):
                part_loss = self._loss(mine[part]) / weight
                part_loss.backward()
                loss += float(part_loss.detach())
        except (MemoryError, torch.OutOfMemoryError) as error:
            raise MemoryShort(tokens=self._plan.tokens_at_once) from error
        except RuntimeError as error:
            if any(said in str(error) for said in _NO_MEMORY):
                raise MemoryShort(tokens=self._plan.tokens_at_once) from error
            raise
        self._peers.sum_gradients(self._weights.values())
        (loss,) = self._peers.total(loss)
        if math.isfinite(loss):
            torch.nn.utils.clip_grad_norm_(self._weights.values(), self._plan.clip)
            self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        return loss

    def _loss(self, rows: list[int]) -> torch.Tensor:
        """Return the summed loss of rows: of tokens, or of pairs."""
        if self._plan.method == "preference":
            return self._of_pairs(rows)
        losses, _ = self._of_tokens([self._examples[row] for row in rows])
        return losses.sum()

    def _of_tokens(self, examples: Sequence[Any]) -> tuple[torch.Tensor, torch.Tensor]:
        batch = lay(examples, self._pad)
        hidden = self._learner.hidden(batch.ids.to(self._device), batch.rows.to(self._device))
        targets = batch.targets.to(self._device)
        if self._candidates is None:
            return self._head.losses(hidden, targets), batch.owner
        return self._head.estimated(hidden, targets, self._candidates), batch.owner

    def _of_pairs(self, rows: list[int]) -> torch.Tensor:
        asked = [row for row in rows if row not in self._margins]
        if asked:
            with torch.no_grad(), self._learner.as_base():
                chosen, rejected = self._said(asked)
            self._margins.update(zip(asked, (chosen - rejected).tolist(), strict=True))
        chosen, rejected = self._said(rows)
        margin = torch.tensor([self._margins[row] for row in rows], device=self._device)
        return preference(chosen, rejected, margin, self._plan.beta).sum()

    def _said(self, rows: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the log-probabilities of both answers of each pair."""
        pairs = [self._examples[row] for row in rows]
        laid = [one.chosen for one in pairs] + [one.rejected for one in pairs]  # type: ignore[union-attr]
        losses, owner = self._of_tokens(laid)
        summed = losses.new_zeros(len(laid)).index_add(0, owner.to(losses.device), losses)
        return -summed[: len(rows)], -summed[len(rows) :]

    def _some(self) -> Candidates:
        wanted = {
            example.ids[at] for one in self._examples for example in _parts(one) for at in example.learn
        }
        return Candidates(
            torch.tensor(sorted(wanted)), self._head.weight.shape[0], self._plan.negatives, self._chance
        )

    def tokens_in(self, step: int) -> int:
        """Return the tokens of a step's rows, over all processes."""
        return sum(_length(self._examples[row]) for row in self.order.of(step))

    def _state(self, step: int) -> State:
        return State(
            step=step,
            weights={name: one.detach() for name, one in self._weights.items()},
            optimiser=self._optimiser.state_dict(),
            chance={
                "negatives": self._chance.get_state(),
                "torch": torch.get_rng_state(),
                "margins": dict(self._margins),
            },
            losses=self.losses,
        )

    def _take_up(self, state: State | None) -> int:
        if state is None:
            return 0
        with torch.no_grad():
            for name, one in self._weights.items():
                one.copy_(state.weights[name])
        self._optimiser.load_state_dict(state.optimiser)
        self._chance.set_state(state.chance["negatives"])
        torch.set_rng_state(state.chance["torch"])
        self._margins = dict(state.chance["margins"])
        self.losses = list(state.losses)
        return state.step


def rate(plan: TunePlan, step: int, steps: int) -> float:
    """Return the learning rate of a step: a straight rise, then half a cosine down to the floor."""
    rise = round(plan.warmup * steps)
    if step < rise:
        return plan.learning_rate * (step + 1) / rise
    done = (step - rise) / max(1, steps - rise)
    return plan.learning_rate * (plan.floor + (1 - plan.floor) * (1 + math.cos(math.pi * done)) / 2)


def _parts(one: Example | Pair) -> tuple[Example, ...]:
    return (one.chosen, one.rejected) if isinstance(one, Pair) else (one,)


def _length(one: Example | Pair) -> int:
    """Return a row's tokens; a pair is laid as two rows, both as wide as the longer one."""
    return 2 * max(len(part.ids) for part in _parts(one)) if isinstance(one, Pair) else len(one.ids)


def _weight(one: Example | Pair) -> int:
    """Return what a row counts in the mean of a step: a pair as one, a row by its tokens to learn."""
    return 1 if isinstance(one, Pair) else len(one.learn)
