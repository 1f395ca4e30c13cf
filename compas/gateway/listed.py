"""Writes down which tools there are, for relays to read.

As a program it writes those of no config, with which compas is built: python -m compas.gateway.listed.
"""

import json
from collections.abc import Sequence

from compas.domain.specs import ToolSet
from compas.gateway.tool_list import Agent, is_listed, tool_list
from compas.gateway.tools import TOOLS
from compas.relay.tool_list import BUILT


def listed_tools(agents: Sequence[Agent] = (), which: ToolSet = "core") -> bytes:
    """Return what relays read: every tool, a line each, and which of them they tell of with a config like this."""
    core = [tool.name for tool in TOOLS if is_listed(tool, "core")]
    every = ",\n".join(_written(tool) for tool in tool_list(agents, "all"))
    return f'{{"which":{_written(which)},"core":{_written(core)},"tools":[\n{every}\n]}}\n'.encode()


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    BUILT.write_bytes(listed_tools())
