"""Checks of numbers that depend on each other, of intents and of redaction patterns."""

import re
import warnings
from collections.abc import Iterator

from compas.config.checks.draft import Draft, Problem, error, warning


def concurrency(draft: Draft) -> Iterator[Problem]:
    """Limits that are larger than what there is, or smaller than what runs, are probably not meant."""
    limits = draft.file.orchestration
    running = limits.max_concurrent_triggers
    if running is None:
        return
    if running > draft.workers > 0:
        sentence = f"{running} is more than the {draft.workers} worker agents, unless some run more than once at a time"
        yield warning(("orchestration", "max_concurrent_triggers"), sentence)
    if limits.max_queued_executions is not None and limits.max_queued_executions < running:
        sentence = f"{limits.max_queued_executions} is less than max_concurrent_triggers, {running}"
        yield warning(("orchestration", "max_queued_executions"), sentence)


def pool(draft: Draft) -> Iterator[Problem]:
    """The original's pool: its smaller bound is not above its larger one (c-config 12)."""
    database = draft.file.database
    if database.min_connections > database.max_connections:
        sentence = f"{database.min_connections} is more than max_connections, {database.max_connections}"
        yield error(("database", "min_connections"), sentence)


def intents(draft: Draft) -> Iterator[Problem]:
    """No intents: no message starts anything (c-config 14)."""
    if not draft.file.orchestration.trigger_intents:
        sentence = (
            "the list is empty, so no message ever starts an agent; leave the key out for the usual intents"
        )
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
