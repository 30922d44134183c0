"""`models.<name>.escalation` and `models.<name>.shadow`: answers that are judged, and answers that nobody gets."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from hanbok.settings.section import Count, Section

_DECLINES: Final = (
    "죄송하지만",
    "죄송합니다만",
    "도와드릴 수 없",
    "답변드릴 수 없",
    "답변할 수 없",
    "답할 수 없",
    "알 수 없습니다",
    "잘 모르겠",
    "i'm sorry, but",
    "i cannot",
    "i can't",
    "i am unable",
    "i'm unable",
    "as an ai",
)


class JudgeSettings(Section, frozen=True, kw_only=True):
    model: Annotated[
        str,
        Meta(
            description="Name of another model in `models`; its first target judges, and is not in the zone `foreign`."
        ),
    ]
    seconds: Annotated[float, Meta(gt=0, description="How long a judgement may take.")] = 10


class EscalationSettings(Section, frozen=True, kw_only=True):
    to: Annotated[
        str,
        Meta(min_length=1, description="Group of the targets that are asked second; all others are first."),
    ]
    min_characters: Annotated[Count, Meta(description="Least characters of a first answer.")] = 0
    refusals: Annotated[
        tuple[str, ...],
        Meta(
            description="Words at the beginning of an answer that declines; large and small letters are alike."
        ),
    ] = _DECLINES
    json: Annotated[
        bool,
        Meta(
            description="Whether an answer that was asked for as JSON, and arguments of tools, must be JSON."
        ),
    ] = True
    min_logprob: Annotated[
        Annotated[float, Meta(le=0)] | None,
        Meta(description="Least mean log probability of its tokens; none: not asked for."),
    ] = None
    judge: Annotated[
        JudgeSettings | None,
        Meta(description="Model that says whether an answer is good; none: rules alone do."),
    ] = None
    unjudged: Annotated[
        Literal["keep", "escalate", "refuse"],
        Meta(description="What happens where the judge does not answer `yes` or `no`, or may not be asked."),
    ] = "escalate"
    unanswered: Annotated[
        Literal["keep", "refuse"],
        Meta(description="Whether the first answer is given where none of the second group answers."),
    ] = "keep"


class ShadowSettings(Section, frozen=True, kw_only=True):
    model: Annotated[str, Meta(description="Name of another model in `models`, which answers too.")]
    percent: Annotated[float, Meta(gt=0, le=100, description="Share of the calls that are copied.")]
    keys: Annotated[
        tuple[str, ...],
        Meta(
            min_length=1,
            description="Ids of keys that pay, each for the calls of its own organisation: their budgets and limits "
            "are those of the copies.",
        ),
    ]
    at_once: Annotated[
        int, Meta(ge=1, le=256, description="Copies under way at once in each process; more are dropped.")
    ] = 4
