"""Fills what an agent does not say from `agent_defaults`; the agent's own word always wins."""

from dataclasses import dataclass

from msgspec import structs

from compas.config.findings import KeyPath, Report
from compas.config.schema.agents import AgentDefaults, AgentEntry, Handoff
from compas.config.schema.file import ConfigFile

_OWN_RULES = frozenset({"env", "prompt", "prompt_file", "handoff"})


@dataclass(frozen=True, slots=True)
class MergedAgent:
    """An agent with its defaults filled in; `inherited` names the keys that came from them."""

    index: int
    entry: AgentEntry
    inherited: frozenset[str]

    def path(self, key: str) -> KeyPath:
        """Return where in the file a value of this agent comes from."""
        return ("agent_defaults", key) if key in self.inherited else ("agents", self.index, key)


def merge(file: ConfigFile, report: Report) -> tuple[MergedAgent, ...]:
    """Merge the defaults into every agent (c-config 2.7, 24 to 30).

    `env` is joined name by name; `backend_args` and `handoff` are replaced as a whole. `null` counts as absent, so
    only `backend_args: []`, `env_pass: []`, `may: []`, `workspace: shared` and zeros clear a default. What is
    inherited but cannot hold for an agent is left out with a warning.
    """
    defaults = file.agent_defaults or AgentDefaults()
    if defaults.prompt and defaults.prompt_file:
        report.warn(("agent_defaults", "prompt"), "ignored: prompt_file beside it wins")
    return tuple(_merged(index, entry, defaults, report) for index, entry in enumerate(file.agents))


def _merged(index: int, entry: AgentEntry, defaults: AgentDefaults, report: Report) -> MergedAgent:
    filled: dict[str, object] = {}
    for field in structs.fields(AgentDefaults):
        if field.name not in _OWN_RULES and getattr(entry, field.name) is None:
            filled[field.name] = getattr(defaults, field.name)
    if entry.prompt and entry.prompt_file:
        report.warn(("agents", index, "prompt"), "ignored: prompt_file beside it wins")
    filled["prompt"], filled["prompt_file"] = _prompt(entry, defaults)
    filled["env"] = {**(defaults.env or {}), **(entry.env or {})}
    if entry.handoff is None and defaults.handoff is not None:
        filled["handoff"] = _handoff_of_another(index, entry.alias, defaults.handoff, report)
    inherited = frozenset(name for name, value in filled.items() if value is not None and getattr(entry, name) is None)
    return MergedAgent(index, structs.replace(entry, **filled), inherited)


def _prompt(entry: AgentEntry, defaults: AgentDefaults) -> tuple[str | None, str | None]:
    # Whoever is nearer to the agent decides, whatever form it chose; beside each other, the file wins.
    for prompt, prompt_file in ((entry.prompt, entry.prompt_file), (defaults.prompt, defaults.prompt_file)):
        if prompt_file is not None:
            return None, prompt_file
        if prompt is not None:
            return prompt, None
    return None, None


def _handoff_of_another(index: int, alias: str, handoff: Handoff, report: Report) -> Handoff | None:
    targets = handoff.on_response
    if targets is None or alias not in ((targets,) if isinstance(targets, str) else targets):
        return handoff
    others = () if isinstance(targets, str) else tuple(target for target in targets if target != alias)
    rest = f"its reply goes to {', '.join(others)} only" if others else "its reply goes to nobody"
    sentence = f"agent_defaults hands the reply of {alias} to {alias} itself, which is skipped: {rest}"
    report.warn(("agents", index, "handoff"), sentence)
    return structs.replace(handoff, on_response=others) if others else None
