"""How a hook's run ended, in words."""

from compas.domain.facts.telling import HookOutcome

SHOWN_CHARACTERS = 500
"""How much of the end of its output is told."""


def how_it_ended(
    outcome: HookOutcome, *, exit_code: int | None, seconds: float, output: str = "", problem: str = ""
) -> str:
    """Say how a hook's run ended, where it failed with the end of its output."""
    match outcome:
        case "succeeded":
            return "succeeded"
        case "not_started" | "expired":
            return f"was not run: {problem}"
        case "timed_out":
            how = f"took too long and was ended after {seconds:.0f} s"
        case _:
            code = exit_code or 0
            how = f"failed with status {code}" if code >= 0 else f"was ended by signal {-code}"
    said = output.strip()[-SHOWN_CHARACTERS:]
    return f"{how}; it printed: {said}" if said else f"{how}; it printed nothing"
