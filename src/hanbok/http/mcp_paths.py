"""Where MCP is: apart, so that the door knows the way without opening the room."""

from typing import Final

MCP: Final = "/mcp"
WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
