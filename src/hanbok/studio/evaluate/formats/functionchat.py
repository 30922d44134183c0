"""FunctionChat-Bench as published: dialogs (an item a turn), and single calls (an item a query and set of tools)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Functionchat:
    """Turns of the types `call`, `slot`, `relevance` and `completion`; all but the first want words and no call."""

    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        return _dialog(row, place) if "turns" in row else _single(row, place)


def _dialog(row: dict[str, Any], place: str) -> Iterator[Item]:
    for turn in row["turns"]:
        truth = turn["ground_truth"]
        calls = truth.get("tool_calls") or []
        yield Item(
            id=f"{row.get('id') or row.get('dialog_num') or place}-{turn['serial_num']}",
            group=turn["type_of_output"],
            question=str(turn["query"][-1].get("content") or ""),
            messages=turn["query"],
            tools=row["tools"],
            calls=tuple((one["function"]["name"], one["function"]["arguments"]) for one in calls),
            allowed=_allowed(turn.get("acceptable_arguments")),
            golds=(str(truth.get("content") or ""),),
            facts={"type": turn["type_of_output"]},
        )


def _single(row: dict[str, Any], place: str) -> Iterator[Item]:
    truths = {one["serial_num"]: one["content"] for one in row["ground_truth"]}
    others = {one["serial_num"]: one.get("content") for one in row.get("acceptable_arguments") or []}
    for tools in row["tools"]:
        for query in row["query"]:
            number = query["serial_num"]
            truth = truths[number]
            call = json.loads(truth) if isinstance(truth, str) else truth
            arguments = call["arguments"]
            yield Item(
                id=f"{row.get('function_num') or place}-{number}-{tools['type']}",
                group=tools["type"],
                question=query["content"],
                messages=[{"role": "user", "content": query["content"]}],
                tools=tools["content"],
                calls=((call["name"], arguments if isinstance(arguments, str) else json.dumps(arguments)),),
                allowed=_allowed(others.get(number)),
                facts={"type": "call"},
            )


def _allowed(given: object) -> tuple[str, ...]:
    """JSON of arguments, a list of such, or words that say there are none."""
    listed = given if isinstance(given, list) else [given] if given else []
    texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in listed]
    return tuple(one for one in texts if one.lstrip().startswith("{"))
