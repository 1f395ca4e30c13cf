"""Writes the text of a first config file from what was chosen."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from compas.config.schema.forms import FORMS
from compas.domain.specs import OPERATOR
from compas.setup.config_place import is_default
from compas.setup.errors import SetupError

DEFAULT_ALIAS = "dev"
DEFAULT_BRANCH = "main"
_REVIEWER = "reviewer"
_SECOND_REVIEWER = "checker"
_STATE = "~/.compas/state"
_SHORT_ESCAPES = {"\\": "\\\\", '"': '\\"'}


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What a first config says. `repository` is absolute; `model` None leaves the choice to the CLI."""

    repository: Path
    backend: str
    alias: str = DEFAULT_ALIAS
    model: str | None = None
    branch: str = DEFAULT_BRANCH
    state_dir: str = _STATE
    is_minimal: bool = False

    @property
    def reviewer(self) -> str:
        """Return the name of the second agent."""
        return _SECOND_REVIEWER if self.alias.casefold() == _REVIEWER else _REVIEWER


def state_dir_for(config: Path, environ: Mapping[str, str]) -> str:
    """Return the state directory of a config: two configs cannot share one, so only the default one has the default."""
    if is_default(config, environ):
        return _STATE
    key = hashlib.sha256(os.fsencode(os.path.realpath(config))).hexdigest()[:8]
    return f"{_STATE}-{key}"


def render(choices: Choices) -> str:
    """Return the text of the config file. Raises SetupError for a value that it cannot hold."""
    checked_alias(choices.alias)
    return _minimal(choices) if choices.is_minimal else _taught(choices)


def quoted(text: str) -> str:
    """Return the text as a double-quoted YAML string, which comes back as it is (c-config-dashboard 79).

    Raises SetupError for line breaks and other control characters, which are no part of a sensible name or path, and
    for bytes that are no text.
    """
    if any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in text):
        raise SetupError(f"{text!r} has a line break or another control character in it; use a value without")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise SetupError(f"{text!r} is not valid UTF-8, and a config file is; use a name that is")
    return '"' + "".join(_SHORT_ESCAPES.get(char) or _as_written(char) for char in text) + '"'


def checked_alias(text: str) -> str:
    """Return the text if an agent may be called so. Raises SetupError."""
    form = FORMS["alias"]
    if not form.pattern.fullmatch(text):
        raise SetupError(f"an agent cannot be called {text!r}; its name is {form.words}")
    if text.casefold() == OPERATOR:
        raise SetupError(f"{text!r} means the person who operates compas; name the agent otherwise")
    return text


def _as_written(char: str) -> str:
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def _minimal(choices: Choices) -> str:
    lines = [
        "# Written by `compas init`.",
        f"default_workdir: {quoted(str(choices.repository))}",
        f"state_dir: {choices.state_dir}",
        *_branch_lines(choices),
        "agents:",
        f"  - alias: {quoted(choices.alias)}",
        f"    backend: {choices.backend}",
        *_model_line(choices),
        "    safety_mode: auto_approve",
        "    workspace: worktree",
        "    commit: auto",
    ]
    return "\n".join(lines) + "\n"


def _branch_lines(choices: Choices) -> list[str]:
    if choices.branch == DEFAULT_BRANCH:
        return []
    return ["orchestration:", f"  default_merge_target: {quoted(choices.branch)}"]


def _model_line(choices: Choices) -> list[str]:
    return [f"    model: {quoted(choices.model)}"] if choices.model else []


def _taught(choices: Choices) -> str:
    alias, reviewer = quoted(choices.alias), choices.reviewer
    model = f"model: {quoted(choices.model)}" if choices.model else f"# model: …  # without it: {choices.backend}'s own"
    return f"""\
# The configuration of compas, written by `compas init`. Check a change with `compas doctor`.
# Every key is explained in docs/config.md of compas. Relative paths start at this file's directory.

# The repository that the agents work for.
default_workdir: {quoted(str(choices.repository))}

# Where compas keeps its event log. Two config files cannot share one.
state_dir: {choices.state_dir}

orchestration:
  # The branch that work starts from, and that `compas merge` merges it into.
  default_merge_target: {quoted(choices.branch)}
  # Seconds after which an agent that is not done is ended.
  execution_timeout_secs: 1800

agents:
  - alias: {alias}
    backend: {choices.backend}
    {model}
    safety_mode: auto_approve     # it asks nobody for permission: {choices.backend} runs with its prompts off
    workspace: worktree           # a git worktree for each thread, never your checkout
    commit: auto                  # what it leaves uncommitted is committed on the thread's branch
    handoff:
      on_response: {reviewer}       # its reply goes to the reviewer by itself
      until: approved             # … and back again, until the reviewer approves
      max_chain_depth: 5          # or this many handoffs have been made; then you are asked

  - alias: {reviewer}
    backend: {choices.backend}
    {model}
    safety_mode: auto_approve
    workspace: worktree           # the thread's: it sees the work that it reviews
    prompt: |
      You review the change on this branch. Read the diff against {quoted(choices.branch)}, run the tests, and
      look for mistakes, missing tests and needless complexity. Change nothing yourself. Say what is wrong and how to
      correct it, or that it is good. End your answer with a line of its own that is either
      `Verdict: approve` or `Verdict: request changes`.
    handoff:
      on_response: {alias}        # what it wants changed goes back
      max_chain_depth: 5

# More that an agent can have: timeout_secs, max_retries, env, workdir, prompt_file, max_concurrent, …
# Any other program can be an agent, too: see backend_definitions.
"""
