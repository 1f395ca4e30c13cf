"""JSON schemas of tools, from the api's own declarations, as small as they can be: every client reads them all."""

from typing import Any

import msgspec

from compas.gateway.tool import Tool

Schema = dict[str, Any]
_REF = "#/$defs/{name}"

_OF_SENTENCES = ("Sentence", "Advice", "Placeholder")
"""Never seen by a model: what is said is text by then, see `in_tools`."""
_LEFT_OUT = ({"type": "null"}, {"$ref": _REF.format(name="Sentence")})


def input_schema(tool: Tool) -> Schema:
    """Return what the tool takes. A parameter may be left out or null unless it is required."""
    properties: Schema = {}
    required: list[str] = []
    for declared in (tool.operation.request, tool.beside):
        if declared is None:
            continue
        components = _components(declared)
        schema = components[declared.__name__]
        properties |= {
            name: _parameter(one, components)
            for name, one in schema["properties"].items()
            if declared is tool.beside or name not in tool.hidden
        }
        required += [name for name in schema.get("required", ()) if name in properties]
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def output_schema(tool: Tool) -> Schema:
    """Return what the tool answers with; `$defs` holds what is nested in it. Names explain themselves.

    A value that is not there is left out of an answer, see `without_nulls`, so nothing is ever null.
    """
    schemas = {name: _object(schema) for name, schema in _components(tool.answer_type).items()}
    root: Schema = schemas.pop(tool.answer_type.__name__)
    return root | ({"$defs": schemas} if schemas else {})


def without_nulls(value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    """Leave out of an answer what is null in it."""
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(one) for one in value]
    return value


def _components(declared: type[msgspec.Struct]) -> Schema:
    """Return the schema of a Struct and of every other one in it, by name. A sentence is written as text."""
    anything = {"title": "anything"}  # an empty schema would be taken for none
    _, components = msgspec.json.schema_components([declared], schema_hook=lambda _: anything, ref_template=_REF)
    return {name: one for name, one in components.items() if name not in _OF_SENTENCES}


def _parameter(schema: Schema, components: Schema) -> Schema:
    """Write a parameter the short way. Fractions of a second are of no use to a model."""
    found = _without_null(schema)
    if "$ref" in found:  # an object: its fields are parameters too
        nested = components[found.pop("$ref").rpartition("/")[2]]
        fields = {name: _parameter(one, components) for name, one in nested["properties"].items()}
        found |= {"type": "object", "properties": fields, "additionalProperties": False}
    if found.get("default", ...) in (None, False):
        del found["default"]
    for bound in ("minimum", "maximum"):
        found.pop(bound, None)  # told to who passes it: hardly a model does
    if found.get("type") == "number":
        found["type"] = "integer"
    if "enum" in found:
        found["type"] = "string"  # some clients refuse a parameter without a type
    return found


def _object(schema: Schema) -> Schema:
    """Write an object of an answer the short way: what may be null may be absent."""
    properties = {name: _value(one) for name, one in schema["properties"].items()}
    required = [name for name in schema.get("required", ()) if not _may_be_null(schema["properties"][name])]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def _value(schema: Any) -> Any:  # noqa: ANN401 - a schema is any JSON
    """Leave out what only people read."""
    if isinstance(schema, list):
        return [_value(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _value(one) for key, one in _without_null(schema).items()}
    return {key: one for key, one in kept.items() if key not in ("title", "description", "default")}


def _may_be_null(schema: Schema) -> bool:
    return {"type": "null"} in schema.get("anyOf", ())


def _without_null(schema: Schema) -> Schema:
    found = dict(schema)
    if "anyOf" in found:
        options = [option for option in found.pop("anyOf") if option not in _LEFT_OUT]
        found |= options[0] if len(options) == 1 else {"anyOf": options}
    return found
