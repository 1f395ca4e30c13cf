"""What scripted supervisors answer to the gateway."""

LISTED = {
    "agents": [],
    "global_max_concurrent": 1,
    "global_active": 0,
    "global_available": 1,
    "execution_timeout_secs": 600,
}
HANGING = {"wait": {"hang": True}, "list_agents": {"reply": LISTED}}
"""Of waits that never end."""
