"""The one list of operations, each with the area it belongs to.

An area has one name everywhere: `compas/api/<area>.py` declares its operations, the file of that name in
`compas/orchestrator/handlers/` serves them, and the one in `compas/cli/render/` writes their answers. The operation
`merge_status` is `MERGE_STATUS` in the first, `merge_status` in the second, `merge_status_text` in the third.
"""

from typing import Final

AREAS: Final[dict[str, str]] = {
    # operation: its area, in the order in which help texts list them
    "dispatch": "dispatch",
    "wait": "waiting",
    "status": "threads",
    "transcript": "threads",
    "poll": "messages",
    "read": "messages",
    "diff": "history",
    "commit": "worktrees",
    "approve": "reviews",
    "request_changes": "reviews",
    "merge": "merges",
    "wait_merge": "waiting",
    "merge_status": "merges",
    "merge_cancel": "merges",
    "close": "lifecycle",
    "cancel": "lifecycle",
    "abandon": "lifecycle",
    "reopen": "lifecycle",
    "verdict": "reviews",
    "batch_status": "batches",
    "abandon_batch": "batches",
    "worktrees": "worktrees",
    "worktree_remove": "worktrees",
    "why": "diagnosis",
    "diagnose": "diagnosis",
    "session_info": "diagnosis",
    "events": "history",
    "log": "history",
    "executions": "executions",
    "execution_events": "activity",
    "tasks": "tasks",
    "schedules": "schedules",
    "schedule_run": "schedules",
    "schedule_pause": "schedules",
    "schedule_resume": "schedules",
    "schedule_reset": "schedules",
    "list_agents": "agents",
    "metrics": "figures",
    "costs": "figures",
    "tool_stats": "figures",
    "hooks": "hooks",
    "hook_test": "hooks",
    "health": "supervision",
    "prune": "retention",
    "settings": "configuration",
    "reload": "configuration",
    "dashboard_commands": "configuration",
    "stop": "supervision",
}
