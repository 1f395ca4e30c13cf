"""Adds a repository to the text of a config file, and leaves every other character of it as it is."""

import yaml

from compas.errors import CompasError

_KEY = "repositories"


class NotListedError(CompasError):
    """The text is written in a way that nothing can be added to by itself."""


def with_repository(text: str, entry: dict[str, str]) -> str:
    """Return the text with `entry` at the end of its list of repositories, which is made where there is none.

    What comes out is read again: it says what it said before, and the entry. Raises NotListedError where that cannot
    be had.
    """
    try:
        changed = _added(text, entry)
        before, after = yaml.safe_load(text), yaml.safe_load(changed)
    except (yaml.YAMLError, ValueError) as error:
        raise NotListedError(f"the file cannot be changed by itself: {error}") from error
    wanted = {**before, _KEY: [*(before.get(_KEY) or ()), entry]}
    if after != wanted:
        raise NotListedError("the file is written in a way that nothing can be added to by itself")
    return changed


def _added(text: str, entry: dict[str, str]) -> str:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise NotListedError("the file is not a list of keys")
    found = next((value for key, value in root.value if key.value == _KEY), None)
    if found is None:
        return _with_key(text, root, entry)
    if isinstance(found, yaml.SequenceNode):
        return _with_item(text, found, entry)
    if isinstance(found, yaml.ScalarNode) and found.tag == "tag:yaml.org,2002:null":
        start, end = found.start_mark.index, found.end_mark.index
        if root.flow_style:
            return f"{text[:start]} [{_in_line(entry)}]{text[end:]}"
        return text[:start] + _newline(text) + _block(text, entry, root.start_mark.column + 2).rstrip() + text[end:]
    raise NotListedError(f"`{_KEY}` is not a list")


def _with_key(text: str, root: yaml.MappingNode, entry: dict[str, str]) -> str:
    if root.flow_style:
        at = root.end_mark.index - 1
        return f'{text[:at]}{_comma(text[:at], bool(root.value))}"{_KEY}": [{_in_line(entry)}]{text[at:]}'
    newline, column = _newline(text), root.start_mark.column
    ended = text if text.endswith("\n") else text + newline
    return f"{ended}{newline}{' ' * column}{_KEY}:{newline}{_block(text, entry, column + 2)}"


def _with_item(text: str, listed: yaml.SequenceNode, entry: dict[str, str]) -> str:
    if listed.flow_style:
        at = listed.end_mark.index - 1
        return text[:at] + _comma(text[:at], bool(listed.value)) + _in_line(entry) + text[at:]
    newline, end = _newline(text), _end(listed)
    at = end if text[:end].endswith("\n") else text.find("\n", end) + 1
    ahead = text[:at] if at else text + newline
    return ahead + _block(text, entry, listed.start_mark.column) + (text[at:] if at else "")


def _end(node: yaml.Node) -> int:
    """Return where the last thing in a node ends: a block goes on to the next key, over comments and empty lines."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return max(map(_end, last)) if isinstance(last, tuple) else _end(last)
    return int(node.end_mark.index)


def _comma(before: str, has_others: bool) -> str:
    return ", " if has_others and not before.rstrip().endswith(",") else ""


def _block(text: str, entry: dict[str, str], column: int) -> str:
    newline, indent = _newline(text), " " * column
    lines = [f"{key}: {_quoted(value)}" for key, value in entry.items()]
    return f"{indent}- " + f"{newline}{indent}  ".join(lines) + newline


def _in_line(entry: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{key}": {_quoted(value)}' for key, value in entry.items()) + "}"


def _quoted(text: str) -> str:
    """Return the text as YAML has it between quotation marks, on one line."""
    return yaml.dump(text, default_style='"', allow_unicode=True, width=1 << 30).rstrip("\n")


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
