"""The section `release` of a recipe, and the stage that puts a release together: files, cards, notices, digests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import Meta

from hanbok.core.plugin import load
from hanbok.core.values import Text
from hanbok.gateway.llama.releases import SERVING, Sampling, Serving
from hanbok.studio.artifacts import Artifact, Facts, Kind, sha256
from hanbok.studio.release.card import Card, CardPlan, write_cards
from hanbok.studio.release.errors import ParityRowsMissing
from hanbok.studio.release.export import Exported, Exporter
from hanbok.studio.release.export_plan import ADAPTER, MODEL, ExportPlan, gguf_of, lay
from hanbok.studio.release.licences import Duty, Purpose, duties
from hanbok.studio.release.notices import write_notices
from hanbok.studio.release.version import PATTERN
from hanbok.studio.scores import SCORES
from hanbok.studio.stage import Estimate, Progress

EXPORTS: Final = "hanbok.studio.release.exports"
SCORE_FILES: Final = {"scores": "scores.json", "scores_base": "scores-base.json", "parity": "parity.json"}
_VERSION: Final = 1
_MIB: Final = 1 << 20


class ReleasePlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is released, and to whom."""

    purpose: Annotated[
        Purpose,
        Meta(
            description="`internal`: used inside the organisation, not passed on; `noncommercial`, `commercial`: "
            "passed on. Licences are checked for it."
        ),
    ] = "internal"
    licence: Annotated[
        str, Meta(description="Licence of what is released, SPDX id or LicenseRef-*; empty: the base's.")
    ] = ""
    permissions: Annotated[
        dict[str, str],
        Meta(
            description="By licence: on what other ground its work is used, such as the owner's permission."
        ),
    ] = msgspec.field(default_factory=dict)
    exports: Annotated[
        tuple[str, ...],
        Meta(description="Forms beside the GGUF: `modelfile`, `vllm`, `oci`, `safetensors`."),
    ] = ("modelfile",)
    card: Annotated[CardPlan, Meta(description="What only people can say.")] = CardPlan()


class Release:
    """Makes a RELEASE of `base`, `corpus`, `tuned`, `export`, `export_base`, `parity` and, where there are any,
    `scores_base` and `scores`.
    """

    name: ClassVar[str] = "release"
    makes: ClassVar[Kind] = Kind.RELEASE

    def __init__(self, plan: ReleasePlan, *, name: str, version: str, export: ExportPlan) -> None:
        """Raise UnknownPlugin for an export that there is not, ValueError for what is no version."""
        self.plan, self._name, self._release_version, self._export = plan, name, version, export
        msgspec.convert(version, Annotated[str, Meta(pattern=PATTERN)])
        self._exporters: dict[str, Exporter] = {one: load(EXPORTS, one)() for one in plan.exports}

    @property
    def spec(self) -> Mapping[str, object]:
        return {
            "version": _VERSION,
            "name": self._name,
            "release": self._release_version,
            "plan": msgspec.to_builtins(self.plan),
            "sampling": msgspec.to_builtins(self._sampling()),
        }

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:
        size = 300.0
        if "export" in inputs:
            size = sum(one.size for one in inputs["export"].manifest.files.values()) / _MIB
        return Estimate(
            cpu_seconds=1 + size / 200, memory_mib=200, disk_mib=1 + size * (1 + len(self._exporters) / 2)
        )

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:
        """Raise LicenceForbids, ParityRowsMissing, ExportUnsupported."""
        if "parity" not in inputs:
            raise ParityRowsMissing(path="parity", why="parity: null")
        asked = self._duties(inputs)
        progress.begin(
            Text(ko="릴리스 만들기", en="Putting the release together"), 3 + len(self._exporters), "part"
        )
        serving = self._serving(inputs, folder)
        (folder / SERVING).write_bytes(msgspec.json.format(msgspec.json.encode(serving)))
        progress.advance(1)
        write_notices(folder, asked, inputs["base"], self.plan.licence)
        progress.advance(1)
        card = Card(
            name=self._name,
            version=self._release_version,
            purpose=self.plan.purpose,
            licence=serving.licence,
            said=self.plan.card,
            duties=asked,
            serving=serving,
            inputs=inputs,
        )
        write_cards(folder, card)
        _lay_scores(folder, inputs)
        progress.advance(1)
        exported = Exported(folder=folder, serving=serving, inputs=inputs)
        made = {name: self._made(one, exported, progress) for name, one in self._exporters.items()}
        return {
            "name": self._name,
            "version": self._release_version,
            "form": serving.form,
            "base": serving.base,
            "licence": serving.licence,
            "data_licences": inputs["tuned"].manifest.facts.get("data_licences", {}),
            "purpose": self.plan.purpose,
            "permissions": self.plan.permissions,
            "parity": inputs["parity"].manifest.facts,
            "exports": made,
        }

    @staticmethod
    def _made(one: Exporter, exported: Exported, progress: Progress) -> str:
        made = one.write(exported)
        progress.advance(1)
        return made

    def _duties(self, inputs: Mapping[str, Artifact]) -> list[Duty]:
        base = str(inputs["base"].manifest.facts.get("licence", ""))
        rows = inputs["tuned"].manifest.facts.get("data_licences") or {}
        return duties(base, rows, self.plan.purpose, self.plan.licence or base, self.plan.permissions)

    def _sampling(self) -> Sampling:
        said = self._export
        return Sampling(
            stops=said.stops, temperature=said.temperature, min_p=said.min_p, choices=said.choices
        )

    def _serving(self, inputs: Mapping[str, Artifact], folder: Path) -> Serving:
        facts = inputs["export"].manifest.facts
        form = "adapter" if facts["form"] == "adapter" else "model"
        file = ADAPTER if form == "adapter" else MODEL
        lay(gguf_of(inputs["export"]), folder / file)
        return Serving(
            name=self._name,
            version=self._release_version,
            form="adapter" if form == "adapter" else "model",
            file=file,
            sha256=sha256(folder / file),
            base=str(facts["base"]) if form == "adapter" else "",
            template=str(facts["template"]),
            sampling=self._sampling(),
            licence=self.plan.licence or str(inputs["base"].manifest.facts.get("licence", "")),
        )


def _lay_scores(folder: Path, inputs: Mapping[str, Artifact]) -> None:
    for role, name in SCORE_FILES.items():
        if role in inputs:
            lay(inputs[role].path / SCORES, folder / name)
