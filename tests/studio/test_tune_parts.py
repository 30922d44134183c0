"""The parts of tuning one by one: places of answers, order, losses, pieces of a vocabulary."""

# ruff: noqa: E402 - torch is asked for before what needs it

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: it comes with the extra `studio`")
pytest.importorskip("peft", reason="peft is not installed: it comes with the extra `studio`")

import json
import random
from collections import Counter
from types import SimpleNamespace

from torch.nn import functional

from hanbok.studio.tune.batches import Order, in_parts, lay
from hanbok.studio.tune.dialogue import Writer, choose_template
from hanbok.studio.tune.errors import TemplateUnfit
from hanbok.studio.tune.examples import Example, Reader
from hanbok.studio.tune.loop import rate
from hanbok.studio.tune.losses import Candidates, Head, preference
from hanbok.studio.tune.opening import load_tokenizer
from hanbok.studio.tune.pieces import learn, words_of
from hanbok.studio.tune.plan import TunePlan
from studio.small_models import TEMPLATE, small_model

TALK = [
    {"role": "system", "content": "짧게 답하세요."},
    {"role": "user", "content": "한국의 수도는?"},
    {"role": "assistant", "content": "서울입니다."},
    {"role": "user", "content": "일본은?"},
    {"role": "assistant", "content": "도쿄입니다."},
]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return load_tokenizer(small_model(tmp_path_factory.mktemp("t"), "llama"))


@pytest.mark.parametrize("template", ["gemma", "chatml", "plain"])
def test_the_answers_and_their_ends_are_learned_and_nothing_else(tokenizer, template: str) -> None:
    writer = Writer(tokenizer, choose_template(tokenizer, template))
    text, spans = writer.write(TALK)
    learned = [text[begin:end] for begin, end in spans]
    ends = {"gemma": "<end_of_turn>", "chatml": "<|im_end|>", "plain": "</s>"}[template]
    assert learned == [f"서울입니다.{ends}", f"도쿄입니다.{ends}"]
    (one,) = Reader(tokenizer, writer, TunePlan()).read([{"id": "1", "messages": json.dumps(TALK)}])
    assert tokenizer.decode([one.ids[at] for at in one.learn]) == "".join(learned)


@pytest.mark.parametrize(
    "template",
    [
        "{% for m in messages %}{{ m.role }}{% endfor %}",  # leaves the answers out
        "{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}",  # changes as it goes on
        "{{ raise_exception('no') }}",
        "{% for %}",
    ],
)
def test_a_template_that_hides_where_answers_are_is_refused(tokenizer, template: str) -> None:
    with pytest.raises(TemplateUnfit):
        Writer(tokenizer, template).write(TALK)


def test_a_question_is_cut_as_when_it_is_asked(tokenizer) -> None:
    """The space before an answer and its first letter are one token in this vocabulary: never in an example."""
    writer = Writer(tokenizer, TEMPLATE)
    asked = [{"role": "user", "content": "가로등이 꺼져서"}]
    prompt = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    row = {"id": "1", "messages": json.dumps([*asked, {"role": "assistant", "content": "도로"}])}
    (one,) = Reader(tokenizer, writer, TunePlan()).read([row])
    ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    assert list(one.ids[: len(ids)]) == ids
    assert one.learn[0] == len(ids)


def test_every_row_is_learned_once_an_epoch_in_an_order_that_the_seed_tells() -> None:
    lengths = [random.Random(at).randint(3, 90) for at in range(103)]
    orders = [Order(lengths, TunePlan(batch=8, epochs=2, seed=seed)) for seed in (1, 1, 2)]
    one, like, other = ([order.of(step) for step in range(order.steps)] for order in orders)
    assert one == like != other
    for epoch in (one[:13], one[13:]):
        assert sorted(row for batch in epoch for row in batch) == list(range(103))
    assert one[:13] != one[13:]
    assert orders[0].of(20) == one[20]  # any step, without those before it
    padded = sum(len(batch) * max(lengths[row] for row in batch) for batch in one)
    assert padded < 1.35 * 2 * sum(lengths)


def test_parts_hold_what_is_allowed_and_lose_nothing() -> None:
    lengths = sorted((random.Random(3).randint(1, 50) for _ in range(40)), reverse=True)
    parts = in_parts(lengths, 120)
    assert [at for part in parts for at in range(part.start, part.stop)] == list(range(40))
    assert all(lengths[part.start] * (part.stop - part.start) <= 120 for part in parts)
    assert in_parts([500, 3], 100) == [slice(0, 1), slice(1, 2)]  # one row that is too long stands alone


def head(cap: float = 0.0, *, learns: bool = False, **config: float) -> tuple[Head, torch.nn.Linear]:
    torch.manual_seed(0)
    linear = torch.nn.Linear(16, 700, bias=False)
    linear.weight.requires_grad_(requires_grad=learns)
    model = SimpleNamespace(
        config=SimpleNamespace(final_logit_softcapping=cap, **config), get_output_embeddings=lambda: linear
    )
    return Head(model), linear


@pytest.mark.parametrize("cap", [0.0, 2.0])
@pytest.mark.parametrize("learns", [False, True])
@pytest.mark.parametrize("config", [{}, {"logit_scale": 0.5}, {"logits_scaling": 4.0}])
def test_the_lean_loss_is_the_loss(cap: float, learns: bool, config: dict) -> None:
    ours, linear = head(cap, learns=learns, **config)
    hidden = torch.randn(401, 16, requires_grad=True)
    targets = torch.randint(700, (401,))
    weights = torch.rand(401)
    (ours.losses(hidden, targets) * weights).sum().backward()
    slope, of_head = hidden.grad.clone(), None if linear.weight.grad is None else linear.weight.grad.clone()
    hidden.grad = linear.weight.grad = None
    logits = linear(hidden * config.get("logit_scale", 1.0)) / config.get("logits_scaling", 1.0)
    logits = cap * torch.tanh(logits / cap) if cap else logits
    wanted = functional.cross_entropy(logits, targets, reduction="none")
    (wanted * weights).sum().backward()
    assert torch.allclose(ours.losses(hidden, targets), wanted, atol=1e-5)
    assert torch.allclose(slope, hidden.grad, atol=1e-6)
    assert (of_head is None) is not learns
    if of_head is not None:
        assert torch.allclose(of_head, linear.weight.grad, atol=1e-4)


def test_the_estimated_denominator_is_right_on_average() -> None:
    ours, _ = head()
    hidden, targets = torch.randn(20, 16), torch.randint(50, (20,))
    chance = torch.Generator().manual_seed(5)
    some = Candidates(targets, 700, 64, chance)
    exact = torch.exp(ours.losses(hidden, targets))
    drawn = torch.stack([torch.exp(ours.estimated(hidden, targets, some)) for _ in range(600)]).mean(0)
    assert torch.allclose(drawn, exact, rtol=0.05)  # the loss' exponential is linear in the denominator
    everything = Candidates(torch.arange(700), 700, 64, chance)
    assert torch.allclose(
        ours.estimated(hidden, targets, everything), ours.losses(hidden, targets), atol=1e-5
    )


def test_padding_is_never_learned_nor_looked_at() -> None:
    batch = lay([Example((5, 6, 7, 8), (2, 3)), Example((9, 4), (1,))], pad=0)
    assert batch.ids.tolist() == [[5, 6, 7, 8], [9, 4, 0, 0]]
    assert (batch.rows.tolist(), batch.targets.tolist(), batch.owner.tolist()) == (
        [1, 2, 4],
        [7, 8, 4],
        [0, 0, 1],
    )
    assert batch.tokens == 6


def test_the_rate_rises_and_falls() -> None:
    plan = TunePlan(learning_rate=1.0, warmup=0.1, floor=0.2)
    told = [rate(plan, step, 100) for step in range(100)]
    assert told[0] == pytest.approx(0.1)
    assert max(told) == told[10] == pytest.approx(1.0)
    assert told[10:] == sorted(told[10:], reverse=True)
    assert told[-1] == pytest.approx(0.2, abs=0.01)


def test_preference_is_ln_2_where_nothing_has_moved() -> None:
    zero = torch.zeros(1)
    assert float(preference(zero, zero, zero, 0.1)) == pytest.approx(0.6931, abs=1e-4)
    assert float(preference(zero + 9, zero, zero, 0.5)) < float(preference(zero + 1, zero, zero, 0.5)) < 0.69
    assert float(preference(zero + 5, zero, zero + 5, 0.5)) == pytest.approx(0.6931, abs=1e-4)


def test_pieces_are_the_most_frequent_and_never_cross_words() -> None:
    words: Counter[tuple[str, ...]] = Counter()
    for text in (
        (["▁개", "인", "정", "보"],) * 30 + (["▁개", "인"],) * 5 + (["▁정", "보", "<0xEA>", "<0x99>"],) * 9
    ):
        words.update(words_of(text * 2))
    pieces = learn(words, 10, 8, frozenset({"정보"}))
    assert pieces[0].text == "▁개인"
    assert {piece.text for piece in pieces} == {"▁개인", "▁개인정", "▁개인정보", "▁정보"}
    assert next(one for one in pieces if one.text == "▁개인정보").old == ("▁개", "인", "정", "보")
    assert learn(words, 1, 8, frozenset()) == learn(words, 10, 8, frozenset())[:1]
    assert learn(words, 10, 10_000, frozenset()) == []
