"""A build: steps in their order, each made once and found again by its key."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from hanbok.studio.apart import of_system, run_apart
from hanbok.studio.artifacts import Artifact, check, find, folder_of, make
from hanbok.studio.errors import ArtifactMissing, StepNotMade, StepUnknown
from hanbok.studio.stage import Estimate, Progress, Stage
from hanbok.studio.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A stage in its place. `takes` names the step that makes each of its inputs, by role."""

    name: str
    section: str
    """The part of the recipe that it belongs to."""
    stage: Stage
    takes: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a step came to. `seconds` is 0 for one that was there already."""

    step: Step
    artifact: Artifact
    cached: bool
    seconds: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a step would come to. `artifact` is None where it would have to be made, `estimate` where it is there, or
    where nobody can say before its inputs are.
    """

    step: Step
    artifact: Artifact | None
    begun: bool
    estimate: Estimate | None


class Watcher(Progress, Protocol):
    """Hears of a build step by step, and of each step's progress."""

    def step(self, name: str, index: int, count: int) -> None: ...

    def made(self, made: Made) -> None: ...


def selected(steps: Sequence[Step], *, only: str = "", until: str = "") -> list[Step]:
    """Return the steps of a run, all if nothing is named: a name is that of a step or of a section.

    `until`: those and all that they need. `only`: those; what they need must be there. Raises StepUnknown.
    """
    wanted = only or until
    if not wanted:
        return list(steps)
    named = {one.name for one in steps if wanted in (one.name, one.section)}
    if not named:
        known = dict.fromkeys(name for one in steps for name in (one.section, one.name))
        raise StepUnknown(name=wanted, known=", ".join(known))
    needed = named if only else _with_needs(steps, named)
    return [one for one in steps if one.name in needed]


def plan(steps: Sequence[Step], workspace: Workspace) -> list[Planned]:
    """Say what a build would do: what is there, what is begun, what the rest would take. Changes nothing."""
    there: dict[str, Artifact] = {}
    planned: list[Planned] = []
    for step in steps:
        inputs = {role: there[name] for role, name in step.takes.items() if name in there}
        complete = len(inputs) == len(step.takes)
        folder = _folder(step, inputs, workspace) if complete else None
        artifact = _there(folder) if folder else None
        if artifact:
            there[step.name] = artifact
        planned.append(
            Planned(
                step=step,
                artifact=artifact,
                begun=folder is not None and folder.with_name(f"{folder.name}.part").exists(),
                estimate=None if artifact else _estimate(step, inputs),
            )
        )
    return planned


def build(
    steps: Sequence[Step],
    workspace: Workspace,
    watcher: Watcher,
    chosen: Iterable[Step] | None = None,
    finish: Callable[[list[Made]], None] | None = None,
) -> list[Made]:
    """Make what is not there of the `chosen` steps (all), in their order, and return all that is there then.

    `finish` hears of everything while the workspace is still locked. Raises HanbokError: then what was made before
    stays, and nothing of the step that failed is to be seen but its own unfinished folder.
    """
    wanted = {one.name for one in (steps if chosen is None else chosen)}
    done: dict[str, Made] = {}
    try:
        with workspace.locked() as lock:
            for index, step in enumerate(steps, 1):
                if step.name in wanted:
                    watcher.step(step.name, index, len(steps))
                    done[step.name] = _make(step, done, workspace, watcher, lock)
                    watcher.made(done[step.name])
                elif found := _found(step, done, workspace):
                    done[step.name] = found
            if finish:
                finish(list(done.values()))
    except OSError as error:
        raise of_system("build", workspace.folder, error) from error
    return list(done.values())


def _make(step: Step, done: Mapping[str, Made], workspace: Workspace, watcher: Watcher, lock: int) -> Made:
    for name in step.takes.values():
        if name not in done:
            raise StepNotMade(name=step.name, missing=name)
    inputs = {role: done[name].artifact for role, name in step.takes.items()}
    folder = _folder(step, inputs, workspace)
    if artifact := _there(folder):
        check(artifact)
        return Made(step=step, artifact=artifact, cached=True)
    began = time.monotonic()
    stage = step.stage
    try:
        artifact = make(
            workspace.artifacts,
            stage.makes,
            stage.name,
            stage.spec,
            inputs,
            lambda half: run_apart(stage, inputs, half, watcher, lock),
        )
    except OSError as error:
        raise of_system(stage.name, folder, error) from error
    return Made(step=step, artifact=artifact, cached=False, seconds=time.monotonic() - began)


def _found(step: Step, done: Mapping[str, Made], workspace: Workspace) -> Made | None:
    if any(name not in done for name in step.takes.values()):
        return None
    inputs = {role: done[name].artifact for role, name in step.takes.items()}
    artifact = _there(_folder(step, inputs, workspace))
    return Made(step=step, artifact=artifact, cached=True) if artifact else None


def _estimate(step: Step, inputs: Mapping[str, Artifact]) -> Estimate | None:
    try:
        return step.stage.estimate(inputs)
    except KeyError:  # a role whose artifact is not there yet
        return None


def _folder(step: Step, inputs: Mapping[str, Artifact], workspace: Workspace) -> Path:
    return folder_of(workspace.artifacts, step.stage.name, step.stage.spec, inputs)


def _there(folder: Path) -> Artifact | None:
    try:
        return find(folder)
    except ArtifactMissing:
        return None


def _with_needs(steps: Sequence[Step], named: set[str]) -> set[str]:
    needs = {one.name: set(one.takes.values()) for one in steps}
    found = set[str]()
    waiting = list(named)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs[name]
    return found
