"""By a JSON schema that lets the model name nothing but one of the labels (`response_format`)."""

import msgspec

from hanbok.studio.evaluate.asking import Counter, Door, RowRefused
from hanbok.studio.evaluate.errors import EndpointGone, EndpointRefuses
from hanbok.studio.evaluate.method import Chosen, Question

_TOKENS = 64


class _Given(msgspec.Struct):
    answer: str


class Constrained:
    forms = ("chat",)
    bys = ("label",)

    async def works(self, door: Door, form: str) -> bool:  # noqa: ARG002 - it has one form
        labels = ("qx", "wy")  # nobody would write these of his own accord
        messages = [{"role": "user", "content": "1, 2, 3,"}]
        question = Question(messages=messages, labels=labels, texts=labels, marker="")
        try:
            return (await self.choose(question, door, Counter())).choice is not None
        except (RowRefused, EndpointRefuses, EndpointGone):
            return False

    async def choose(self, question: Question, door: Door, counter: Counter) -> Chosen:
        said = await door.chat(
            question.messages,
            counter,
            response_format=_schema(question.labels),
            max_tokens=_TOKENS,
            temperature=0,
            seed=question.seed,
        )
        try:
            given = msgspec.json.decode(said.text, type=_Given).answer
        except (msgspec.DecodeError, UnicodeDecodeError):
            given = ""
        choice = question.labels.index(given) if given in question.labels else None
        return Chosen(choice=choice, text=said.text)


def _schema(labels: tuple[str, ...]) -> dict[str, object]:
    answer = {"type": "string", "enum": list(labels)}
    schema = {
        "type": "object",
        "properties": {"answer": answer},
        "required": ["answer"],
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "choice", "strict": True, "schema": schema}}
