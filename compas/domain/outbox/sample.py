"""What a hook is told when it is tried and nothing of its kind has happened yet."""

from compas.domain.outbox.payload import Payload, timestamp
from compas.domain.outbox.points import ALWAYS, FIELDS
from compas.domain.outbox.specs import HookSpec

_SAMPLES: Payload = {
    "thread": "sample",
    "thread_id": "sample",
    "thread_summary": "a sample thread",
    "title": "a sample thread",
    "repository": "/path/to/repository",
    "status": "completed",
    "new_status": "Completed",
    "execution": "sample-execution",
    "execution_id": "sample-execution",
    "agent": "dev",
    "agent_alias": "dev",
    "backend": "sample-backend",
    "attempt": 1,
    "success": True,
    "final": True,
    "duration_ms": 61_000,
    "reply": "done",
    "verdict": "approve",
    "cost_usd": 0.42,
    "by": "operator",
    "operation": "sample-merge",
    "source": "compas/sample",
    "target": "main",
    "strategy": "merge",
    "conflicts": [],
    "state": "open",
    "failures": 3,
    "mode": "drained",
    "pid": 1,
    "version": "0",
    "schedule": "nightly",
    "slot": "2026-12-01 02:00 Europe/Berlin",
    "missed": 0,
}


def sample(hook: HookSpec, key: str, now: float) -> Payload:
    """Return fields as an event of the hook's point would have them."""
    known: Payload = {
        "event": hook.point.removeprefix("on_"),
        "key": key,
        "position": 0,
        "timestamp": timestamp(now),
        "hook": hook.name,
    }
    return {name: known.get(name, _SAMPLES.get(name)) for name in (*ALWAYS, *FIELDS[hook.point])}
