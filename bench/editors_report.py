"""What was found out about many editors, as JSON to keep and as text to read."""

import msgspec

from bench.comparison import Comparison
from bench.editors_scene import Costs, Counted
from bench.report import Machine, Report, table


class EditorsReport(msgspec.Struct, frozen=True, kw_only=True):
    """One run: a round that was counted, and rounds whose times were taken, under a supervisor each."""

    machine: Machine
    editors: int
    waits: int
    """Of each editor."""
    counted: Counted
    before: Costs
    """When every editor had had a call, and none waited."""
    rounds: tuple[Costs, ...]
    """After each completion."""
    gateways_started: int
    """Under both supervisors together."""
    latency: Comparison


def in_words(report: EditorsReport) -> str:
    """Return it as text."""
    counted, total = report.counted, report.editors * report.waits
    first, last = report.rounds[0], report.rounds[-1]
    memory = {"before": report.before, "while they wait": counted.during, "after 1 completion": first}
    memory[f"after {len(report.rounds)} completions"] = last
    lines = [
        f"{report.editors} editors with {report.waits} waits each, which is {total} for one agent",
        "",
        f"gateways at a time: {counted.gateways}; started under two supervisors: {report.gateways_started}",
        f"while they wait, {counted.watched_secs:g} s, the supervisor has "
        f"{counted.supervisor_switches_while_waiting} context switches",
        f"answered: {counted.answers} waits, by {counted.completions} message",
        f"left at the supervisor when all editors hang up: {counted.waits_left}",
        "",
        f"{'memory (PSS) and descriptors':32}{'gateway':>12}{'each relay':>12}{'gateway':>10}{'supervisor':>12}",
        *(_costs(name, costs) for name, costs in memory.items()),
        "",
    ]
    return "\n".join(lines) + "\n" + table(Report(machine=report.machine, figures=(report.latency,))) + "\n"


def _costs(name: str, costs: Costs) -> str:
    return (
        f"{name:32}{costs.gateway_kb / 1024:>9.1f} MB{costs.relay_kb / 1024:>9.1f} MB"
        f"{costs.gateway_descriptors:>10}{costs.supervisor_descriptors:>12}"
    )
