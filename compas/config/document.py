"""Writes docs/config.md from the schema: python -m compas.config.document [FILE], or - for standard output."""

import sys
from collections.abc import Iterator
from pathlib import Path

from compas.config.schema.agents import AgentDefaults, AgentEntry
from compas.config.schema.declared import Declared, in_words, is_section, item_types, keys
from compas.config.schema.file import ConfigFile
from compas.config.schema.key import Effect, Section

DOCUMENT = Path("docs/config.md")

_OPENING = """# The config file

<!-- Written by `python -m compas.config.document` from the schema; change that instead. -->

compas reads one YAML document: `--config FILE`, else the file that `COMPAS_CONFIG` names, else `~/.compas/config.yaml`.

- Relative paths start at the directory the file is in (of a symbolic link: the link's directory). `~/` is your home
  directory; `~name/` is refused.
- Strings are strict: `PORT: 8080` is a number where a string is wanted, and is refused; write `PORT: "8080"`.
- A key without a value, or with `null`, counts as absent.
- Anchors and aliases work for whole values; merge keys (`<<`) are refused.
- Everything that is wrong is reported at once, with line and column. Loading creates nothing on disk.
- Files of the Rust original load. Where it ignored a key it did not know, compas warns.

## While compas runs

A saved file is taken up by itself, once its content has settled; `compas reload` takes it up at once and says what
changed. A file that cannot be used changes nothing: the last good one stays in force, and `compas status`, `compas
health`, `compas doctor`, the dashboard and the tools of an editor say so until it is corrected. The same holds while
the file is not there. Each file taken up, and each refused, is an event in the log: which keys changed, never their
values, or what is wrong, with secrets redacted.

The last column says when a changed value is used:

- *At its next use*: at once, for whatever begins from then on. What is running goes on as it began. Larger limits let
  in more work at once; smaller ones end nothing.
- *After a restart*: until `compas restart` the old value holds for everything, and the key is named in a warning. The
  place of the socket follows from the path of the config file; moving the file takes a restart too.
- *Not yet*: the key is read and checked, but this version does not act on it, and says so when it loads.
- *Never*: the key has a meaning only for the original.

On Linux changes are noticed by inotify, also those behind symbolic links. On macOS kqueue does it; that part is written
from its documentation and has not been tried on a Mac. Where nothing can be watched, a warning says so; then, and in a
network folder for what was saved on another machine, `compas reload` takes the file up. A prompt file is read anew for
every execution."""


def document() -> str:
    """Return the text of docs/config.md."""
    return "\n\n".join([_OPENING, *_sections(ConfigFile, "", Effect.LIVE, set())]) + "\n"


def _sections(section: type[Section], prefix: str, above: Effect, seen: set[type[Section]]) -> Iterator[str]:
    """Yield a section and what is nested in it; a section without effect takes its keys' effect with it."""
    seen.add(section)
    title = f"## `{prefix}`" if prefix else "## Top level"
    text = section.__doc__ or ""
    if section.LENIENT:
        text += " A key that is not known here is ignored with a warning."
    shown = keys(section)
    if section is AgentEntry:
        text += " Beside these keys, every key of `agent_defaults`."
        shown = {name: declared for name, declared in shown.items() if name not in keys(AgentDefaults)}
    head = "| key | value | default | meaning | used |\n|---|---|---|---|---|"
    yield f"{title}\n\n{text}\n\n" + "\n".join([head, *(_row(declared, above) for declared in shown.values())])
    for declared in keys(section).values():
        for nested, ending in _nested(declared):
            where = f"{prefix}.{declared.name}{ending}" if prefix else f"{declared.name}{ending}"
            if nested not in seen:
                yield from _sections(nested, where, _effect(declared, above), seen)


def _effect(declared: Declared, above: Effect) -> Effect:
    return declared.key.effect if above is Effect.LIVE else above


def _nested(declared: Declared) -> Iterator[tuple[type[Section], str]]:
    for option in declared.types:
        if is_section(option):
            yield option, ""
        yield from ((item, "[]") for item in item_types(option) if is_section(item))


def _row(declared: Declared, above: Effect) -> str:
    key = declared.key
    words = " or ".join(in_words(option, key) for option in declared.types)
    doc = key.doc
    if key.aliases:
        doc += f" Older names: {', '.join(f'`{alias}`' for alias in key.aliases)}."
    if key.effect is Effect.NEVER:
        doc += f" No effect: {key.why}."
    cells = (f"`{declared.name}`", words, _default(declared), doc, _effect(declared, above).value)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(declared: Declared) -> str:
    if declared.required:
        return "required"
    if declared.key.default is not None:
        return declared.key.default
    match declared.default:
        case None | ():
            return "none"
        case bool() as switch:
            return str(switch).lower()
        case tuple() as items:
            return f"[{', '.join(items)}]"
        case Section():
            return "see below"
    return str(declared.default)


def main(arguments: list[str]) -> int:
    """Write the document where the only argument says, else to docs/config.md below the current directory."""
    target = arguments[0] if arguments else str(DOCUMENT)
    if target == "-":
        sys.stdout.write(document())
    else:
        Path(target).write_text(document(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
