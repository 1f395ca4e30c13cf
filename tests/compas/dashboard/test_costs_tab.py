"""The tab with what was spent: by agent, batch, thread and day, and unknown where nobody told."""

import msgspec
import pytest

from compas.api.figures import CostsResponse, Span, Spending
from compas.dashboard.amounts import money, sparkline, tokens
from tests.kit.dashboard.played_screen import open_screen
from tests.kit.dashboard.played_supervisor import NOW, PlayedSupervisor, spent


def span(began: float, **fields: object) -> Span:
    return Span(began=began, **msgspec.structs.asdict(spent("", **fields)))


def spending() -> PlayedSupervisor:
    supervisor = PlayedSupervisor()
    supervisor.costs = CostsResponse(
        since=NOW - 86_400,
        total=spent("", executions=3, priced=2, cost_usd=3.5, tokens_in=1000),
        by_day=(span(NOW - 86_400, executions=0), span(NOW - 3600, executions=3, priced=2, cost_usd=3.5)),
        by_hour=tuple(span(NOW - 3600 * back, executions=back % 3) for back in range(24)),
        by_agent=(spent("dev", executions=2, priced=2, cost_usd=3.5, tokens_in=1000, failed=1), spent("silent")),
        by_batch=(spent("spring", cost_usd=0.004, priced=1),),
        by_thread=(spent("t1", cost_usd=3.5, priced=1), spent("t2")),
        titles={"t1": "Add a health check"},
    )
    return supervisor


async def test_everything_is_summed_up_and_what_nobody_told_is_unknown() -> None:
    async with open_screen(spending(), (120, 40)) as screen:
        await screen.type("6")
        assert "$3.50+ since Mon Nov 13 · " in await screen.text()
        assert "1 execution did not tell" in await screen.text()
        assert "$3.50 " in f"{await screen.line('dev  ')} "
        assert (await screen.line("silent")).split()[-2:] == ["unknown", "unknown"]
        assert "<$0.01" in await screen.line("spring")
        assert "$3.50" in await screen.line("Add a health check")
        assert "unknown" in await screen.line("t2  ")
        assert "$3.50+" in await screen.line("today  ")
        assert "Mon Nov 13  " not in await screen.text(), "a day without an end is left out"
        assert "▁" in await screen.line("24 hours")


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
async def test_a_small_screen_shows_names_tokens_and_costs(size: tuple[int, int]) -> None:
    async with open_screen(spending(), size) as screen:
        await screen.type("6")
        text = await screen.text()
        assert "dev" in text
        assert "$3.50" in text


async def test_a_thread_is_opened_from_its_costs() -> None:
    async with open_screen(spending(), (120, 40)) as screen:
        await screen.type("6")
        await screen.type("/", *"health", "enter", "enter")
        assert (await screen.lines())[0].startswith(" t1")


async def test_costs_are_read_again_when_something_ended_but_not_at_every_event() -> None:
    supervisor = spending()
    async with open_screen(supervisor, (120, 40)) as screen:
        assert "costs" not in supervisor.asked, "nobody looks at them"
        await screen.type("6")
        assert supervisor.asked.count("costs") == 1


@pytest.mark.parametrize(
    ("usd", "said"), [(None, "unknown"), (0.0, "$0.00"), (0.001, "<$0.01"), (12.345, "$12.35"), (12_345.6, "$12,346")]
)
def test_money_in_words(usd: float | None, said: str) -> None:
    assert money(usd) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(None, "unknown"), (0, "0"), (999, "999"), (1000, "1.0k"), (999_999, "1.0M"), (2_500_000, "2.5M")],
)
def test_tokens_in_words(count: int | None, said: str) -> None:
    assert tokens(count) == said


def test_a_sparkline_shows_the_newest_and_tells_something_from_nothing() -> None:
    assert sparkline([0, 1, 100], 8) == "▁▂█"
    assert sparkline([9, 0, 0], 2) == "▁▁"
    assert sparkline([], 5) == ""


def test_the_kit_says_of_an_amount_nothing_that_was_not_told() -> None:
    assert spent("x") == Spending(
        name="x", executions=1, failed=0, priced=0, cost_usd=None, tokens_in=None, tokens_out=None, duration_ms=0
    )
