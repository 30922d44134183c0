"""JSON and nothing else, of a schema where there is one, with the row's values where those are asked for."""

import json
import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from hanbok.studio.evaluate.item import Item

_FENCE = re.compile(r"^```(?:json)?\s*\n(.*?)\n?```$", re.DOTALL)


class JsonSchema:
    """Options: `schema`; `fence`: true allows ```json around it; `equal`: true compares with the row's first gold."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        schema = options.get("schema")
        try:
            Draft202012Validator.check_schema(schema if schema is not None else {})
        except SchemaError as error:
            raise ValueError(f"schema: {error.message}") from None
        self._schema = Draft202012Validator(schema) if schema is not None else None
        self._fence, self._equal = bool(options.get("fence", False)), bool(options.get("equal", False))

    def check(self, text: str, item: Item) -> float:
        inner = _FENCE.match(text.strip()) if self._fence else None
        try:
            found = json.loads(inner[1] if inner else text)
            if self._schema is not None and not self._schema.is_valid(found):
                return 0.0
            return float(not self._equal or found == json.loads(item.golds[0]))
        except (ValueError, RecursionError):
            return 0.0
