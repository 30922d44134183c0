"""What a recipe says of evaluation, and the stage that does it."""

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from hanbok.core.secret import Secret
from hanbok.gateway.llama.releases import Sampling
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.studio.artifacts import Artifact, Facts, Kind
from hanbok.studio.evaluate.asking import Door, Patience
from hanbok.studio.evaluate.harness import any_suite
from hanbok.studio.evaluate.held_out import HeldOutTask, held_out_task
from hanbok.studio.evaluate.judge import Judge, ModelJudge, RecordedJudge
from hanbok.studio.evaluate.pinned import pinned
from hanbok.studio.evaluate.plugs import METHODS, plug
from hanbok.studio.evaluate.running import Bench, Price, evaluate
from hanbok.studio.evaluate.serving import Weights, served, weights_in, weights_of
from hanbok.studio.evaluate.suite import Suite, TaskSpec, joined
from hanbok.studio.scores import Scores, Subject
from hanbok.studio.stage import Estimate, Progress

_CPU_SECONDS_A_ROW: Final = 0.6
"""A 270M model on a CPU, some 150 tokens a row."""
_NO_FIELDS: Final[Mapping[str, Any]] = {}


class EndpointPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint that speaks OpenAI's API. Its key comes from the environment, never from a recipe."""

    url: Annotated[str, Meta(description="Base URL, which ends in /v1.")]
    model: Annotated[str, Meta(description="Name of the model there.")]
    fields: Annotated[dict[str, Any], Meta(description="More fields for every request.")] = {}


class WeightsPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A GGUF file that no build made."""

    gguf: Annotated[Path, Meta(description="The file, or `embedded`: the weights of the extra `local`.")]
    adapter: Annotated[Path | None, Meta(description="A GGUF with an adapter for it.")] = None


class PricePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Won per million tokens."""

    input: Annotated[float, Meta(ge=0)]
    output: Annotated[float, Meta(ge=0)]


class JudgePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who judges: a model, or a file of verdicts that one gave before."""

    endpoint: EndpointPlan | None = None
    recorded: Annotated[Path | None, Meta(description="A `verdicts.jsonl`.")] = None


class EvaluatePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which suites are asked of whom, and how."""

    suites: Annotated[tuple[str, ...], Meta(description="Names of suites that come with hanbok.")] = ()
    files: Annotated[tuple[Path, ...], Meta(description="Files of suites of one's own.")] = ()
    data: Annotated[Path | None, Meta(description="Folder in which the suites' files are.")] = None
    held_out: Annotated[
        HeldOutTask | None, Meta(description="How the held-out rows are asked; null: they are not.")
    ] = HeldOutTask()
    endpoint: Annotated[
        EndpointPlan | None, Meta(description="An endpoint to evaluate instead of what the recipe made.")
    ] = None
    weights: Annotated[
        WeightsPlan | None, Meta(description="A file to evaluate instead of what the recipe made.")
    ] = None
    form: Annotated[
        Literal["chat", "plain"], Meta(description="`plain`: prompts are completed as they stand.")
    ] = "chat"
    method: Annotated[
        str, Meta(description="How choices are taken; `auto`: by what the endpoint can do.")
    ] = "auto"
    judge: JudgePlan | None = None
    limit: Annotated[int, Meta(ge=0, description="At most so many rows of each task; 0: all.")] = 0
    concurrency: Annotated[int, Meta(ge=1, description="Rows asked at a time, unless `exact`.")] = 4
    exact: Annotated[
        bool | None,
        Meta(
            description="One row at a time with nothing remembered of those before, so that llama.cpp gives the same "
            "scores to the last digit each time; none: so with weights, not with endpoints."
        ),
    ] = None
    context: Annotated[int, Meta(ge=256, description="Tokens of one question and its answer.")] = 4096
    template: Annotated[str, Meta(description="Chat template (Jinja) instead of the model's own.")] = ""
    stops: tuple[str, ...] = ()
    price: PricePlan | None = None
    patience: Patience = Patience()


class Evaluate:
    """The stage. Inputs: `export` (a GGUF, or an adapter for `export_base`), else `export_base`; `held_out`."""

    name = "evaluate"
    makes = Kind.SCORES

    def __init__(self, plan: EvaluatePlan, *, key: Secret = Secret(), judge_key: Secret = Secret()) -> None:  # noqa: B008 - it never changes
        """Raise SuiteInvalid, UnknownPlugin. The keys are those of the endpoint and of the judge."""
        if plan.method != "auto":
            plug(METHODS, plan.method)
        self.plan = plan
        self._keys = key, judge_key
        root = plan.data or Path()
        self._suites = [any_suite(name, root) for name in (*plan.suites, *map(str, plan.files))]

    @property
    def spec(self) -> Mapping[str, object]:
        plan: dict[str, object] = msgspec.to_builtins(self.plan, enc_hook=str)
        for place in ("files", "data", "patience", "concurrency"):
            del plan[place]
        plan["exact"] = self._exact
        plan["suites"] = msgspec.to_builtins(self._suites)
        weights = self.plan.weights
        if weights is not None:
            plan["weights"] = msgspec.to_builtins(weights_in(weights.gguf, weights.adapter)[1])
        judge = self.plan.judge
        if judge is not None and judge.recorded is not None:
            plan["judge"] = {"recorded": pinned(judge.recorded, judge.recorded.parent).sha256}
        return {"plan": plan, "method": 1}

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:
        rows = sum(self._rows(task) for suite in self._suites for task in suite.tasks)
        if self.plan.held_out is not None and "held_out" in inputs:
            rows += self.plan.held_out.rows(inputs["held_out"])
        if self.plan.endpoint is None:
            held = [inputs[role] for role in ("export", "export_base") if role in inputs]
            size = sum(file.size for one in held for file in one.manifest.files.values()) / (1 << 20)
            return Estimate(
                cpu_seconds=rows * _CPU_SECONDS_A_ROW, memory_mib=300 + 2 * size, disk_mib=1 + rows / 500
            )
        price = self.plan.price or PricePlan(input=0, output=0)
        cost = round(rows * (300 * price.input + 100 * price.output))
        return Estimate(cpu_seconds=rows * 0.002, memory_mib=120, disk_mib=1 + rows / 500, cost=cost)

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:
        suite = self._suite(inputs, folder)
        scores = asyncio.run(self._run(suite, inputs, folder, progress))
        return facts_of(scores)

    @property
    def _exact(self) -> bool:
        return self.plan.endpoint is None if self.plan.exact is None else self.plan.exact

    @property
    def _concurrency(self) -> int:
        return 1 if self._exact else self.plan.concurrency

    @property
    def _fields(self) -> Mapping[str, Any]:
        """llama.cpp computes a prompt otherwise beside others, or on from one that it remembers: by up to 0.7 nats."""
        return {"cache_prompt": False} if self._exact else {}

    def _rows(self, task: TaskSpec) -> int:
        rows = min(task.sample or task.files["rows"].rows, task.files["rows"].rows or task.sample)
        return min(rows, self.plan.limit or rows)

    def _suite(self, inputs: Mapping[str, Artifact], folder: Path) -> Suite:
        suites = list(self._suites)
        if self.plan.held_out is not None and "held_out" in inputs:
            suites.append(held_out_task(self.plan.held_out, inputs["held_out"], folder))
        return joined(suites)

    async def _run(
        self, suite: Suite, inputs: Mapping[str, Artifact], folder: Path, progress: Progress
    ) -> Scores:
        upstream = Http1()
        try:
            judge = self._judge(upstream)
            plan = self.plan.endpoint
            if plan is not None:
                door = _door(upstream, plan, self._keys[0], self.plan.patience, self._fields)
                subject = Subject(name=plan.model, kind="endpoint", url=plan.url)
                return await evaluate(suite, self._bench(subject, door, judge), folder, progress)
            named = self.plan.weights
            weights, subject = weights_of(inputs) if named is None else weights_in(named.gguf, named.adapter)
            weights = replace(
                weights,
                template=self.plan.template or weights.template,
                stops=self.plan.stops or weights.stops,
                context=self.plan.context,
                slots=self._concurrency,
            )
            async with served(weights, folder / ".model", folder.parent / ".weights") as (where, key):
                fields = {**self._fields, **_served_with(weights)}
                door = Door(upstream, where, "subject", key, self.plan.patience, fields)
                return await evaluate(suite, self._bench(subject, door, judge), folder, progress)
        finally:
            await upstream.close()

    def _bench(self, subject: Subject, door: Door, judge: Judge | None) -> Bench:
        price, template = self.plan.price, self.plan.template
        return Bench(
            subject=subject,
            door=door,
            root=self.plan.data or Path(),
            form=self.plan.form,
            template=f"{self.plan.form}:{sha256(template.encode()).hexdigest()[:16]}" if template else "",
            method=self.plan.method,
            judge=judge,
            concurrency=self._concurrency,
            limit=self.plan.limit,
            price=Price(input=price.input, output=price.output) if price else None,
        )

    def _judge(self, upstream: Http1) -> Judge | None:
        plan = self.plan.judge
        if plan is None:
            return None
        if plan.recorded is not None:
            return RecordedJudge(plan.recorded)
        if plan.endpoint is None:
            return None
        return ModelJudge(_door(upstream, plan.endpoint, self._keys[1], self.plan.patience))


def _door(
    upstream: Http1,
    plan: EndpointPlan,
    key: Secret,
    patience: Patience,
    fields: Mapping[str, Any] = _NO_FIELDS,
) -> Door:
    return Door(upstream, plan.url, plan.model, key, patience, {**plan.fields, **fields})


def _served_with(weights: Weights) -> dict[str, msgspec.Raw]:
    """Return what the gateway gives a request to a release that brings no grammar of its own."""
    held = Sampling(choices=weights.choices).members()
    return {name: msgspec.Raw(value) for name, value in held.items()}


def facts_of(scores: Scores) -> Facts:
    """Return what a manifest says of scores."""
    return {
        "model": scores.subject.name,
        "suite": scores.suite,
        "scores": {
            one.name: {
                "metric": one.main,
                "value": one.score.value,
                "low": one.score.low,
                "high": one.score.high,
                "rows": one.rows,
                "unread": one.unread,
                "protocol": one.protocol.digest,
            }
            for one in scores.tasks
        },
    }
