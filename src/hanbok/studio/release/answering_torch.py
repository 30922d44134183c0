"""Answers of a model in PyTorch, as a server would give them at temperature 0."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as chatter

from hanbok.studio.release.errors import ExportUnsupported
from hanbok.studio.release.parity_rows import Row, Told
from hanbok.studio.release.pieces import continuing, tokens_by_bytes

ANSWER_TOKENS: Final = 24
"""Of a free answer that are compared."""


class TorchModel:
    """A model in memory. It answers by the most probable token at each step."""

    def __init__(self, folder: Path, *, tokenizer: Path, template: str, adapter: Path | None = None) -> None:
        """Load the weights in `folder`, and the adapter on them. Raises ExportUnsupported."""
        chatter.disable_progress_bar()
        try:
            model = AutoModelForCausalLM.from_pretrained(
                str(folder), dtype=torch.float32, local_files_only=True
            )
            self._tokenizer = AutoTokenizer.from_pretrained(str(tokenizer), local_files_only=True)
            self._model: Any = PeftModel.from_pretrained(model, str(adapter)) if adapter else model
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ExportUnsupported(what=folder.name, why=type(error).__name__) from error
        self._model.eval()
        self._template = template or self._tokenizer.chat_template
        self._tokens = tokens_by_bytes(tokenizer)
        self._ends = _ends(self._model, self._tokenizer)

    def merge(self) -> None:
        """Take the adapter into the weights."""
        self._model = self._model.merge_and_unload()

    @torch.inference_mode()
    def choose(self, row: Row, choices: Sequence[str]) -> Told:
        """Return the choice that greedy decoding within them comes to."""
        rests = {one: one.encode() for one in choices}
        scores, past = self._first(row)
        while True:
            allowed = continuing(self._tokens, [rest for rest in rests.values() if rest])
            whole = next((one for one, rest in rests.items() if not rest), None)
            ends = self._ends if whole is not None else []
            best = max([*allowed, *ends], key=lambda token: float(scores[token]))
            if whole is not None and best in ends:
                return Told(whole)
            said = allowed[best]
            rests = {one: rest[len(said) :] for one, rest in rests.items() if rest.startswith(said)}
            if len(rests) == 1:
                return Told(next(iter(rests)))
            scores, past = self._next(best, past)

    @torch.inference_mode()
    def write(self, row: Row) -> Told:
        """Return the beginning of a free answer."""
        scores, past = self._first(row)
        answer: list[int] = []
        while len(answer) < ANSWER_TOKENS:
            best = int(scores.argmax())
            if best in self._ends:
                break
            answer.append(best)
            scores, past = self._next(best, past)
        return Told(str(self._tokenizer.decode(answer, skip_special_tokens=True)), tuple(answer))

    @torch.inference_mode()
    def distance(self, row: Row, told: Told) -> float:
        """Return how many nats an answer's least probable token is below the best one; 0: the model's own answer."""
        prompt, answer = self._prompt(row), list(told.tokens[:ANSWER_TOKENS])
        ended = bool(answer) and answer[-1] in self._ends
        if not ended and len(answer) < ANSWER_TOKENS:
            # A server leaves the mark of the end out, whichever of them it was: the likeliest stands for it.
            return max(self._path(prompt, answer), self._end(prompt + answer))
        return self._path(prompt, answer)

    def _path(self, prompt: list[int], answer: list[int]) -> float:
        if not answer:
            return 0.0
        ids = torch.tensor([prompt + answer])
        scores = self._model(ids, use_cache=False, logits_to_keep=len(answer) + 1).logits[0, :-1]
        return float((scores.max(dim=-1).values - scores.gather(1, ids[:, len(prompt) :].T)[:, 0]).max())

    def _end(self, said: list[int]) -> float:
        scores = self._model(torch.tensor([said]), use_cache=False, logits_to_keep=1).logits[0, -1]
        return float(scores.max() - scores[self._ends].max())

    def _prompt(self, row: Row) -> list[int]:
        text = self._tokenizer.apply_chat_template(
            row.messages, chat_template=self._template, tokenize=False, add_generation_prompt=True
        )
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _first(self, row: Row) -> tuple[Any, Any]:
        out = self._model(torch.tensor([self._prompt(row)]), use_cache=True, logits_to_keep=1)
        return out.logits[0, -1], out.past_key_values

    def _next(self, token: int, past: Any) -> tuple[Any, Any]:  # noqa: ANN401 - what transformers keeps
        out = self._model(torch.tensor([[token]]), past_key_values=past, use_cache=True)
        return out.logits[0, -1], out.past_key_values


def _ends(model: Any, tokenizer: Any) -> list[int]:  # noqa: ANN401 - engines have no types
    said = model.config.eos_token_id
    ends = {tokenizer.eos_token_id, *(said if isinstance(said, list) else [said])}
    # llama.cpp ends an answer at these wherever a vocabulary has them.
    ends |= {
        tokenizer.convert_tokens_to_ids(one) for one in ("<end_of_turn>", "<|im_end|>", "<|eot_id|>", "</s>")
    }
    return sorted(one for one in ends if isinstance(one, int) and one != tokenizer.unk_token_id)
