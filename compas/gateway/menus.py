"""Writes what the menus of editors hold whatever is going on, for relays to tell: python -m compas.gateway.menus."""

import json

from mcp.types import ListPromptsResult, ListResourceTemplatesResult

from compas.gateway.prompts import listed_prompts
from compas.gateway.resources import TEMPLATES
from compas.relay.menus import BUILT


def built_menus() -> bytes:
    """Return the results of the methods that list them."""
    menus = {
        "prompts/list": ListPromptsResult(prompts=listed_prompts()),
        "resources/templates/list": ListResourceTemplatesResult(resource_templates=list(TEMPLATES)),
    }
    kept = {"prompts", "resource_templates"}
    found = {
        method: menu.model_dump(by_alias=True, mode="json", exclude_none=True, include=kept)
        for method, menu in menus.items()
    }
    return (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode()


if __name__ == "__main__":
    BUILT.write_bytes(built_menus())
