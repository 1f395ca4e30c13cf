"""Checks of numbers that depend on each other, of intents and of redaction patterns."""

import re
import warnings
from collections.abc import Iterator

from compas.config.checks.draft import Draft, Problem, error, warning
from compas.domain.merge_message import PLACES, unknown_places
from compas.suggest import did_you_mean


def concurrency(draft: Draft) -> Iterator[Problem]:
    """Limits larger than what can run, or smaller than what does, are probably not meant."""
    limits = draft.file.orchestration
    running = limits.max_concurrent_triggers
    at_most = sum(agent.entry.max_concurrent or limits.max_triggers_per_agent for agent in draft.working)
    if running is not None and running > at_most > 0:
        sentence = f"{running} is more than the {at_most} executions that the worker agents may run at once"
        yield warning(("orchestration", "max_concurrent_triggers"), sentence)
    if limits.max_queued_executions is not None and limits.max_queued_executions < (running or 0):
        sentence = f"{limits.max_queued_executions} is less than max_concurrent_triggers, {running}"
        yield warning(("orchestration", "max_queued_executions"), sentence)
    for agent in draft.working:
        own = agent.entry.max_concurrent
        if own is not None and own > draft.concurrency:
            sentence = f"{own} is more than the {draft.concurrency} executions that run in all"
            yield warning(agent.path("max_concurrent"), f"{sentence}; raise orchestration.max_concurrent_triggers")


def pool(draft: Draft) -> Iterator[Problem]:
    """The original's pool: its smaller bound is not above its larger one (c-config 12)."""
    database = draft.file.database
    if database.min_connections > database.max_connections:
        sentence = f"{database.min_connections} is more than max_connections, {database.max_connections}"
        yield error(("database", "min_connections"), sentence)


def intents(draft: Draft) -> Iterator[Problem]:
    """No intents: no message starts anything (c-config 14)."""
    if not draft.file.orchestration.trigger_intents:
        sentence = "the list is empty, so no message ever starts an agent; leave the key out for the usual intents"
        yield warning(("orchestration", "trigger_intents"), sentence)


def redaction(draft: Draft) -> Iterator[Problem]:
    """Every pattern compiles: a secret that is not found is not replaced (c-config 38)."""
    for index, pattern in enumerate(draft.file.orchestration.redaction_patterns):
        path = ("orchestration", "redaction_patterns", index)
        try:
            with warnings.catch_warnings():
                # Python warns where it reads a pattern differently from other dialects, such as [[:alpha:]].
                warnings.simplefilter("error")
                compiled = re.compile(pattern)
        except (re.error, Warning, ValueError, OverflowError, RecursionError) as failure:
            yield error(path, f"not a regular expression in Python's syntax: {failure}")
            continue
        if compiled.match(""):
            yield warning(path, "matches the empty text, so it replaces something everywhere")


def merge_message(draft: Draft) -> Iterator[Problem]:
    """Every place that the template names can be filled in."""
    for name in unknown_places(draft.file.orchestration.merge_message or ""):
        known = ", ".join(f"{{{place}}}" for place in PLACES)
        sentence = f"{{{name}}} means nothing here{did_you_mean(name, PLACES)}; there are {known}"
        yield error(("orchestration", "merge_message"), sentence)
