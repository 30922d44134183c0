"""FunctionChat-Bench as published: dialogs (an item a turn), decisions, and single calls (an item a query and set
of tools).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Chat, Item


class Functionchat:
    """Turns of the types `call`, `slot`, `relevance` and `completion`; all but the first want words and no call."""

    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        if "turns" in row:
            name = row.get("id") or row.get("dialog_num") or place
            return [
                _turn(turn, f"{name}-{turn['serial_num']}", turn["query"], row["tools"])
                for turn in row["turns"]
            ]
        if "input_messages" in row:
            name = str(row.get("id") or row.get("serial_num") or place)
            return [_turn(row, name, row["input_messages"], row["input_tools"])]
        return _single(row, place)


def _turn(turn: dict[str, Any], name: str, messages: Chat, tools: list[dict[str, Any]]) -> Item:
    truth = turn["ground_truth"]
    calls = truth.get("tool_calls") or []
    return Item(
        id=name,
        group=turn["type_of_output"],
        question=str(messages[-1].get("content") or ""),
        messages=messages,
        tools=tools,
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
