"""Actions on the supervisor itself: reload, stop."""

from compas.api.configuration import RELOAD, ReloadRequest, ReloadResponse
from compas.api.supervision import STOP, StopRequest, StopResponse
from compas.dashboard.actions.action import Action
from compas.dashboard.actions.conditions import connected
from compas.dashboard.actions.plan import Deed, Field, Plan, Values
from compas.dashboard.lines import one_line
from compas.dashboard.situation import Situation
from compas.text import counted

_MODES = {"drain": "agents at work finish first", "now": "agents at work are ended", "detach": "agents work on"}


def _reload(now: Situation) -> Plan:
    return Plan(
        title="Reload the config",
        deeds=lambda _: (Deed(about="", operation=RELOAD, request=ReloadRequest(), tell=_reloaded),),
        is_asked=False,
    )


def _reloaded(answer: ReloadResponse) -> str:
    if answer.errors:
        return "the config file cannot be used; the last good one stays in force:\n" + "\n".join(answer.errors)
    changed = f"changed: {', '.join(answer.changed)}" if answer.is_new and answer.changed else "nothing has changed"
    waiting = f"; a restart is needed for {', '.join(answer.waiting)}" if answer.waiting else ""
    warnings = f"; {one_line(' · '.join(answer.warnings))}" if answer.warnings else ""
    return f"the config file is in force; {changed}{waiting}{warnings}"


def _stop(now: Situation) -> Plan:
    running = counted(now.board.running, "execution")
    hints = "; ".join(f"{mode}: {what}" for mode, what in _MODES.items())
    return Plan(
        title="Stop the supervisor?",
        says=(f"{running} at work. {hints[0].upper()}{hints[1:]}.",),
        fields=(Field(name="mode", label="how", kind="choice", value="drain", choices=tuple(_MODES)),),
        deeds=_stop_deeds,
    )


def _stop_deeds(values: Values) -> tuple[Deed, ...]:
    mode = next((mode for mode in ("now", "detach") if mode == values["mode"]), "drain")
    request = StopRequest(mode=mode)  # type: ignore[arg-type]
    return (Deed(about="", operation=STOP, request=request, tell=_stopping),)


def _stopping(answer: StopResponse) -> str:
    return f"the supervisor is stopping ({answer.mode}), {counted(answer.running, 'execution')} at work"


MACHINE: tuple[Action, ...] = (
    Action(name="reload", help="take up the config file now", refuse=connected, begin=_reload),
    Action(name="stop-supervisor", help="stop the supervisor", refuse=connected, begin=_stop),
)
