"""How the tools differ from those of the original, for people whose prompts and scripts were written for it."""

DIFFERENCES: tuple[tuple[str, str, str], ...] = (
    # the tool, what it did, what it does
    ("all", "wrote null where there was no value", "leaves the field out"),
    ("`orch_tasks`", "answered with an array", "with an object, as structured content has to be: `tasks` is the array"),
    ("`orch_worktrees`", "answered with an array", "`worktrees` is the array"),
    ("`orch_execution_events`", "answered with an array", "`events` is the array"),
    ("`orch_execution_events`", "`event_type`, `tool_name`, `id`", "`kind`, `tool`; `event_index` names an event"),
    ("`orch_metrics`", "`thread_counts`, `active_by_agent`: lists of pairs", "objects"),
    ("`orch_tasks`", "`eligible_at` was a text", "is seconds; the text is `eligible_at_rfc3339`"),
    ("`orch_read_log`", "answered with `lines`", 'too; with `unit="bytes"` all counts bytes, and `text` is the answer'),
    ("`orch_merge_status`", "one operation, or `counts` and `recent`", "too, and `merges` has either of them in full"),
    ("`orch_health`", "asked every model", "with `ping=true` only; else `ping_alive` says whether the CLI can start"),
    ("`orch_health`", "`worker_heartbeat`: the last one written down", "the supervisor that answers, by its own clock"),
    ("`orch_abandon`", "gave up a completed thread, too", "refuses that"),
    ("`orch_batch_status`", "100 threads, the newest change first", "in the order of their opening, page by page"),
    ("`orch_close`", "went by merges on record", "by what the target holds; with `merge`, once that has completed"),
)
