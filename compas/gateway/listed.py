"""Writes the tools that relays list while no supervisor says otherwise: python -m compas.gateway.listed."""

import json

from mcp.types.methods import serialize_server_result

from compas.gateway.server import listed_tools
from compas.relay.answers import HANDSHAKE_VERSIONS
from compas.relay.tool_list import BUILT


def built_list() -> bytes:
    """Return every tool as the SDK writes it, a line each."""
    whole = listed_tools().model_dump(by_alias=True, mode="json", exclude_none=True)
    tools = serialize_server_result("tools/list", HANDSHAKE_VERSIONS[-1], whole)["tools"]
    lines = ",\n".join(json.dumps(tool, ensure_ascii=False, separators=(",", ":")) for tool in tools)
    return f"[\n{lines}\n]\n".encode()


if __name__ == "__main__":
    BUILT.write_bytes(built_list())
