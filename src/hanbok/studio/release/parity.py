"""The gate before a release: every form of a model answers the same held-out rows, and answers them alike."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

import msgspec

from hanbok.core.clock import stamp
from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact, Facts, Kind, sha256
from hanbok.studio.release.answering_served import Served
from hanbok.studio.release.answering_torch import ANSWER_TOKENS, TorchModel
from hanbok.studio.release.errors import ParityFailed, ParityRowsMissing
from hanbok.studio.release.export_plan import gguf_of, template_of
from hanbok.studio.release.parity_plan import ParityPlan
from hanbok.studio.release.parity_rows import Row, Told, rows_to_compare
from hanbok.studio.scores import ANSWERS, SCORES, Answer, Protocol, Scores, Spent, Subject, TaskScore
from hanbok.studio.significance import wilson
from hanbok.studio.stage import Estimate, Progress

_VERSION: Final = 1
_SHOWN: Final = 10
_SECONDS_A_ROW: Final = 1.2
_HARNESS: Final = "hanbok.parity/1"


class Compared(NamedTuple):
    """One form against the model as it was trained."""

    name: str
    answers: Sequence[Told]
    differ: Sequence[str]
    """Ids of the rows that it answers otherwise."""

    def share(self) -> float:
        return len(self.differ) / len(self.answers)


class Parity:
    """Makes SCORES of `base`, `tuned`, `export`, `export_base`, `held_out` and, if there is one, `merged`."""

    name: ClassVar[str] = "parity"
    makes: ClassVar[Kind] = Kind.SCORES

    def __init__(
        self, plan: ParityPlan, *, choices: tuple[str, ...] = (), stops: tuple[str, ...] = ()
    ) -> None:
        self.plan, self._choices, self._stops = plan, choices, stops

    @property
    def spec(self) -> Mapping[str, object]:
        said = msgspec.to_builtins(self.plan, enc_hook=str) | {
            "version": _VERSION,
            "choices": self._choices,
            "stops": self._stops,
        }
        if self.plan.held_out is not None:
            said["held_out"] = sha256(self.plan.held_out)
        return {str(name): value for name, value in said.items()}

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:
        size = (
            sum(one.size for one in inputs["base"].manifest.files.values()) / (1 << 20)
            if "base" in inputs
            else 1024
        )
        return Estimate(
            cpu_seconds=20 + self.plan.rows * _SECONDS_A_ROW * size / 1024 * 2,
            memory_mib=600 + 1.6 * size,
            disk_mib=1,
        )

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:
        """Raise ParityFailed, ParityRowsMissing, ExportUnsupported, StudioExtraMissing."""
        source = self.plan.held_out or inputs.get("held_out")
        if source is None:
            raise ParityRowsMissing(path="held_out", why="-")
        rows = rows_to_compare(source, self.plan.rows)
        forms = self._compared(inputs, rows, folder, progress)
        _write(folder, inputs, rows, forms, self._protocol(source, rows, inputs))
        failed = next((one for one in forms if one.share() > self.plan.limit), None)
        if failed is not None and not self.plan.waive:
            named = ", ".join(failed.differ[:_SHOWN]) + (" ..." if len(failed.differ) > _SHOWN else "")
            raise ParityFailed(
                pair=failed.name,
                count=len(failed.differ),
                total=len(rows),
                limit=f"{self.plan.limit:.1%}",
                rows=named,
            )
        return {
            "rows": len(rows),
            "limit": self.plan.limit,
            "agreement": {one.name: round(1 - one.share(), 4) for one in forms},
            "differ": {one.name: list(one.differ) for one in forms if one.differ},
            "waived": self.plan.waive if failed is not None else "",
        }

    def _compared(
        self, inputs: Mapping[str, Artifact], rows: list[Row], folder: Path, progress: Progress
    ) -> list[Compared]:
        tuned, merged = inputs["tuned"], inputs.get("merged")
        adapter = tuned.path if tuned.manifest.kind is Kind.ADAPTER else None
        template = template_of(merged or tuned)
        # Weights that were mixed with another model's are a model of their own: what was tuned says otherwise.
        alike = merged is None or merged.manifest.spec.get("how", "adapter") == "adapter"
        parts = 2 + bool(adapter and alike)
        progress.begin(Text(ko="같은 답을 하는지 견주기", en="Comparing answers"), len(rows) * parts, "row")
        served = self._served(inputs, template)
        told = served.answers(rows, self._choices, ANSWER_TOKENS, folder, progress.advance)
        model = self._trained(inputs, template)
        own = self._asked(model, rows, progress)
        forms = [self._compare("gguf", model, rows, own, told)]
        if adapter and merged is None:
            model.merge()
            forms.append(self._compare("merged", model, rows, own, self._asked(model, rows, progress)))
        elif adapter and alike:
            model = TorchModel(inputs["base"].path, tokenizer=tuned.path, template=template, adapter=adapter)
            forms.append(self._compare("adapter", model, rows, self._asked(model, rows, progress), own))
        return forms

    @staticmethod
    def _trained(inputs: Mapping[str, Artifact], template: str) -> TorchModel:
        """Return the model of which the export was made."""
        tuned, merged = inputs["tuned"], inputs.get("merged")
        if merged is None and tuned.manifest.kind is Kind.ADAPTER:
            base = inputs["base"].path
            return TorchModel(base, tokenizer=tuned.path, template=template, adapter=tuned.path)
        whole = (merged or tuned).path
        return TorchModel(whole, tokenizer=whole, template=template)

    def _served(self, inputs: Mapping[str, Artifact], template: str) -> Served:
        file = gguf_of(inputs["export"])
        if inputs["export"].manifest.facts.get("form") == "adapter":
            return Served(
                model=gguf_of(inputs["export_base"]), adapter=file, template=template, stops=self._stops
            )
        return Served(model=file, template=template, stops=self._stops)

    def _asked(self, model: TorchModel, rows: list[Row], progress: Progress) -> list[Told]:
        ask: Callable[[Row], Told] = model.write
        if self._choices:
            ask = self._choose(model)
        found: list[Told] = []
        for row in rows:
            found.append(ask(row))
            progress.advance(1)
        return found

    def _choose(self, model: TorchModel) -> Callable[[Row], Told]:
        return lambda row: model.choose(row, self._choices)

    def _compare(
        self, name: str, model: TorchModel, rows: list[Row], own: Sequence[Told], told: Sequence[Told]
    ) -> Compared:
        differ = [
            row.id
            for row, mine, theirs in zip(rows, own, told, strict=True)
            if mine.text.strip() != theirs.text.strip()
            and (self._choices or model.distance(row, theirs) > self.plan.margin)
        ]
        return Compared(name, told, differ)

    def _protocol(self, source: Artifact | Path, rows: list[Row], inputs: Mapping[str, Artifact]) -> Protocol:
        data = sha256(source) if isinstance(source, Path) else source.digest
        return Protocol(
            kind="parity",
            data={"rows": data},
            rows=_digest([row.id for row in rows]),
            prompt=template_of(inputs["tuned"]),
            method="constrained" if self._choices else "write",
            options={"margin": str(self.plan.margin), "choices": ", ".join(self._choices)},
            max_tokens=ANSWER_TOKENS,
            harness=_HARNESS,
        )


def _digest(names: list[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _write(
    folder: Path, inputs: Mapping[str, Artifact], rows: list[Row], forms: list[Compared], protocol: Protocol
) -> None:
    tasks = [
        TaskScore(
            name=f"parity.{one.name.replace(' ', '_')}",
            title=Text(ko=f"같은 답: {one.name}", en=f"Same answers: {one.name}"),
            language="ko",
            main="agreement",
            paired="agreement",
            metrics={"agreement": wilson(len(rows) - len(one.differ), len(rows))},
            protocol=protocol,
            rows=len(rows),
        )
        for one in forms
    ]
    scores = Scores(
        subject=Subject(name=inputs["export"].path.name, kind="embedded", digest=inputs["export"].digest),
        suite="parity",
        title=Text(
            ko="내보낸 모델이 학습한 모델과 같은가", en="Whether the exported model is the trained one"
        ),
        tasks=tasks,
        spent=Spent(requests=len(rows) * len(forms), input=0, output=0, seconds=0, wall=0),
        harness=_HARNESS,
        made_at=stamp(),
    )
    (folder / SCORES).write_bytes(msgspec.json.format(msgspec.json.encode(scores)))
    answers = (
        Answer(
            task=f"parity.{form.name.replace(' ', '_')}",
            id=row.id,
            protocol=protocol.digest,
            turns=[told.text],
            marks={"agreement": float(row.id not in form.differ)},
        )
        for form in forms
        for row, told in zip(rows, form.answers, strict=True)
    )
    (folder / ANSWERS).write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in answers))
