"""An MCP server over standard input and output with one tool, `poke`, which says that it was poked."""

import json
import sys

TOOL = {"name": "poke", "description": "Pokes.", "inputSchema": {"type": "object", "properties": {}}}


def answer(method: str, given: dict[str, object]) -> dict[str, object] | None:
    """Return the result of a request; None for one that is not known here."""
    match method:
        case "initialize":
            version = given["protocolVersion"]
            return {
                "protocolVersion": version,
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "poke", "version": "1"},
            }
        case "tools/list":
            return {"tools": [TOOL]}
        case "tools/call":
            return {"content": [{"type": "text", "text": "poked"}]}
    return None


for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        found = answer(request["method"], request.get("params", {}))
        said = {"error": {"code": -32601, "message": "not known"}} if found is None else {"result": found}
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], **said}), flush=True)
