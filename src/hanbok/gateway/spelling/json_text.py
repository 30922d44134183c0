"""JSON texts as all dialects write them."""

import msgspec

encode = msgspec.json.Encoder().encode
JSON_HEADERS = (("content-type", "application/json"),)
