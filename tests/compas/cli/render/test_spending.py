"""What was spent, where settings come from, and what is told of one thread, as the command line writes it."""

import msgspec

from compas.api.configuration import SettingRow, SettingsResponse
from compas.api.figures import CostsResponse, Span, Spending
from compas.api.threads import GivenVerdict, StatusRow, ThreadDetails
from compas.cli.render.configuration import settings_text
from compas.cli.render.figures import costs_text
from compas.cli.render.text import Style
from compas.cli.render.threads import thread_text

NOW = 1_700_000_000.0
PLAIN = Style(now=NOW)


def spent(name: str, **fields: object) -> Spending:
    known: dict[str, object] = {"executions": 1, "failed": 0, "priced": 0, "cost_usd": None, "tokens_in": None}
    return msgspec.convert({**known, "tokens_out": None, "duration_ms": 1500, "name": name, **fields}, Spending)


def test_costs_are_summed_up_and_what_nobody_told_is_unknown() -> None:
    today = Span(began=NOW, **msgspec.structs.asdict(spent("", executions=3, priced=2, cost_usd=0.5)))
    response = CostsResponse(
        since=NOW,
        total=spent("", executions=3, priced=2, cost_usd=0.5),
        by_day=(today,),
        by_hour=(),
        by_agent=(spent("dev", executions=2, priced=2, cost_usd=0.5), spent("silent")),
        by_batch=(),
        by_thread=(),
    )
    text = costs_text(response, PLAIN)
    assert "$0.5000 and more (1 execution did not tell), 3 executions" in text
    rows = {line.split()[0]: line.split() for line in text.splitlines() if line}
    assert rows["dev"][-1] == "$0.5000"
    assert rows["silent"][-1] == "unknown"
    assert rows["silent"][3:5] == ["-", "-"]
    assert "BATCH" not in text
    nothing = msgspec.structs.replace(response, total=spent("", executions=0))
    assert costs_text(nothing, PLAIN).startswith("nothing has ended since ")


def test_settings_name_their_line_and_what_waits() -> None:
    rows = (
        SettingRow(key="state_dir", value="/s", source="file", effect="after a restart", doc="d", line=7, waits=True),
        SettingRow(key="tools", value="core", source="default", effect="at its next use", doc="d"),
    )
    response = SettingsResponse(config="/c", state_dir="/s", since=NOW, settings=rows, warnings=("doubtful",))
    lines = settings_text(response, PLAIN).splitlines()
    assert "  warning: doubtful" in lines
    assert [line.split() for line in lines[-2:]] == [
        ["state_dir", "line", "7", "/s", "(waits", "for", "`compas", "restart`)"],
        ["tools", "default", "core"],
    ]


def test_a_thread_tells_who_judged_it_and_what_it_cost() -> None:
    details = ThreadDetails(
        title="Add it",
        verdicts=(GivenVerdict(by="rev", verdict="request_changes"),),
        executions=2,
        priced=1,
        cost_usd=0.25,
        tokens_in=7,
        branch="compas/t",
    )
    text = thread_text(StatusRow(thread_id="t", thread_status="Active", updated_at=NOW, details=details), PLAIN)
    assert "rev: request changes" in text
    assert "$0.2500 (1 execution did not tell)" in text
    assert "7 in, 0 out" in text
    assert "judged" not in thread_text(StatusRow(thread_id="t", thread_status="Active", updated_at=NOW), PLAIN)
