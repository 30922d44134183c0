"""Tasks of lm-evaluation-harness: read as ours, and ours written as theirs, so that others can check our figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from hanbok.core.values import Text
from hanbok.studio.evaluate.checkers.filtered import FILTERS
from hanbok.studio.evaluate.errors import DataUnreadable, HarnessTaskUnsupported, SuiteInvalid
from hanbok.studio.evaluate.own_rows import SUFFIXES, suite_of_rows
from hanbok.studio.evaluate.pinned import Pin, pinned
from hanbok.studio.evaluate.suite import Suite, TaskSpec, read_suite, suites

_SUFFIXES: Final = ("jsonl", "json", "csv", "parquet")
_KINDS: Final = {"multiple_choice": "multiple_choice", "generate_until": "generation"}
_METRICS: Final = {"multiple_choice": {"acc", "acc_norm"}, "generate_until": {"exact_match"}}
_MATCHING: Final = ("ignore_case", "ignore_punctuation", "ignore_numbers", "regexes_to_ignore")
_UNKNOWN: Final = (
    "process_docs",
    "process_results",
    "custom_dataset",
    "use_prompt",
    "doc_to_image",
    "unsafe_code",
)


class _Loader(yaml.SafeLoader):
    """Plain YAML, where a tag such as `!function` becomes a value that is refused by name."""


class _Function(str):
    __slots__ = ()


def _named(loader: yaml.SafeLoader, node: yaml.nodes.ScalarNode) -> _Function:
    return _Function(loader.construct_scalar(node))


_Loader.add_constructor("!function", _named)


def is_harness_task(text: str) -> bool:
    """Tell a task of the harness from a suite of ours."""
    try:
        found = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader with one more tag
    except yaml.YAMLError:
        return False
    return isinstance(found, dict) and "suite" not in found and ("task" in found or "include" in found)


def read_harness_task(path: Path, root: Path) -> Suite:
    """Return the task in a YAML file as a suite of one. `root` is where data is looked for beside the file's folder.

    A `dataset_path` of a hub is looked for at `root/dataset_path/dataset_name/split.jsonl` (or .json, .csv,
    .parquet). Raises SuiteInvalid, HarnessTaskUnsupported, DataUnreadable.
    """
    told = _whole(path)
    kind = told.get("output_type", "generate_until")
    _refuse(path, told, kind)
    filters, matching = _filters(path, told), _matching(told)
    shots = int(told.get("num_fewshot") or 0)
    files = {
        "rows": _file(path, root, told, told.get("test_split") or told.get("validation_split") or "test")
    }
    if shots:
        files["shots"] = _shots(path, root, told)
    generation = told.get("generation_kwargs") or {}
    options: dict[str, Any] = {
        "raw": True,
        "joint": told.get("target_delimiter", " "),
        "between": told.get("fewshot_delimiter", "\n\n"),
        "doc_to_text": told["doc_to_text"],
        "doc_to_target": told["doc_to_target"],
    }
    if kind == "multiple_choice":
        options["doc_to_choice"] = told["doc_to_choice"]
    name = str(told["task"])
    until = generation.get("until", [options["between"]])
    task = TaskSpec(
        name=name,
        title=Text(ko=name, en=name),
        kind=_KINDS[kind],
        format="harness",
        files=files,
        shots=shots,
        prompt="{{ question }}",
        system=str(told.get("description") or ""),
        by="text" if kind == "multiple_choice" else "label",
        checkers={} if kind == "multiple_choice" else {"filtered": {"filters": filters, **matching}},
        options=options,
        stop=tuple([until] if isinstance(until, str) else until),
        max_tokens=int(generation.get("max_gen_toks", 256)),
        temperature=float(generation.get("temperature", 0.0)),
    )
    return Suite(suite=name, title=task.title, tasks=[task])


def any_suite(name: str, root: Path) -> Suite:
    """Return a suite by its name or file; or a task of the harness, or a file of rows, as one. Raises as `read_suite`,
    `read_harness_task` and `suite_of_rows`.
    """
    path = Path(name)
    if path.suffix.lower() in SUFFIXES:
        return suite_of_rows(path, root)
    if (
        name not in suites()
        and path.is_file()
        and is_harness_task(path.read_text(encoding="utf-8", errors="replace"))
    ):
        return read_harness_task(path, root)
    return read_suite(name)


def _whole(path: Path) -> dict[str, Any]:
    """Return the file's mapping with that of the one it includes below it."""
    try:
        told = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader with one more tag
    except OSError as error:
        raise SuiteInvalid(path=path, why=error.strerror) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SuiteInvalid(path=path, why=str(error)) from None
    if not isinstance(told, dict):
        raise SuiteInvalid(path=path, why="not a mapping")
    below = told.pop("include", None)
    return {**_whole(path.parent / below), **told} if below else told


def _refuse(path: Path, told: Mapping[str, Any], kind: str) -> None:
    if kind not in _KINDS:
        raise HarnessTaskUnsupported(path=path, what=f"output_type {kind}")
    if not isinstance(told.get("task"), str):
        raise HarnessTaskUnsupported(path=path, what="task")
    needed = ["doc_to_text", "doc_to_target", *(["doc_to_choice"] if kind == "multiple_choice" else [])]
    for name in needed:
        if name not in told:
            raise HarnessTaskUnsupported(path=path, what=f"-{name}")
        if isinstance(told[name], _Function):
            raise HarnessTaskUnsupported(path=path, what=f"{name}: !function")
    for name in _UNKNOWN:
        if told.get(name):
            raise HarnessTaskUnsupported(path=path, what=name)
    metrics = {str(one.get("metric")) for one in told.get("metric_list") or ()}
    if metrics and not metrics & _METRICS[kind]:
        raise HarnessTaskUnsupported(path=path, what=f"metric_list: {', '.join(sorted(metrics))}")


def _filters(path: Path, told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the filters of the first pipeline: each pipeline is a score of its own there."""
    listed = told.get("filter_list") or []
    filters = [dict(one) for one in listed[0]["filter"]] if listed else []
    for one in filters:
        if one.get("function") not in FILTERS:
            raise HarnessTaskUnsupported(path=path, what=f"filter {one.get('function')}")
    return filters


def _matching(told: Mapping[str, Any]) -> dict[str, Any]:
    exact: dict[str, Any] = next(
        (one for one in told.get("metric_list") or () if one.get("metric") == "exact_match"), {}
    )
    return {name: exact[name] for name in _MATCHING if name in exact}


def _shots(path: Path, root: Path, told: Mapping[str, Any]) -> Pin:
    """Examples are the first rows of their split; the harness draws others by chance, which nobody can repeat here."""
    if (told.get("fewshot_config") or {}).get("sampler") != "first_n":
        raise HarnessTaskUnsupported(path=path, what="fewshot_config.sampler (first_n)")
    split = told.get("fewshot_split") or told.get("training_split") or told.get("validation_split")
    if not split:
        raise HarnessTaskUnsupported(path=path, what="fewshot_split")
    return _file(path, root, told, str(split))


def _file(path: Path, root: Path, told: Mapping[str, Any], split: str) -> Pin:
    named = (told.get("dataset_kwargs") or {}).get("data_files")
    if isinstance(named, dict):
        named = named.get(split)
    if isinstance(named, list) and len(named) == 1:
        named = named[0]
    if isinstance(named, str):
        tried = [Path(named), path.parent / named, root / named]
    else:
        folder = root / str(told.get("dataset_path", "")) / str(told.get("dataset_name") or "")
        tried = [folder / f"{split}.{suffix}" for suffix in _SUFFIXES]
    for one in tried:
        if one.is_file():
            return pinned(one.absolute(), root.absolute())
    raise DataUnreadable(path=tried[-1] if isinstance(named, str) else tried[0], why="-")


def written_for_harness(
    name: str, rows: list[dict[str, Any]], *, chooses: bool, joint: str, stop: list[str]
) -> str:
    """Return the YAML of a task whose prompts stand in `NAME.jsonl` beside it."""
    assert rows  # noqa: S101 - a task without rows does not come so far
    told: dict[str, Any] = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": f"{name}.jsonl"}},
        "test_split": "test",
        "output_type": "multiple_choice" if chooses else "generate_until",
        "doc_to_text": "prompt",
        "doc_to_target": "answer",
        "target_delimiter": joint,
        "num_fewshot": 0,
        "metadata": {"version": 1.0},
    }
    if chooses:
        told["doc_to_choice"] = "choices"
        told["metric_list"] = [
            {"metric": metric, "aggregation": "mean", "higher_is_better": True}
            for metric in ("acc", "acc_norm")
        ]
    else:
        told["generation_kwargs"] = {"until": stop, "do_sample": False, "temperature": 0.0}
        told["metric_list"] = [
            {"metric": "exact_match", "aggregation": "mean", "higher_is_better": True, "ignore_case": True}
        ]
    return yaml.safe_dump(told, allow_unicode=True, sort_keys=False)


def encoded(rows: list[dict[str, Any]]) -> bytes:
    """Return rows as JSON lines."""
    return b"".join(msgspec.json.encode(one) + b"\n" for one in rows)
