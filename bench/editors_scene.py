"""A supervisor, its gateway and many editors, each with waits for the same agent."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator

import msgspec

from bench.comparison import Times
from bench.floors import Floor
from bench.herd import Herd, open_herd
from bench.process_figures import descriptors, look, program, proportional_kb, switches_between
from bench.stamps import BenchError
from bench.workplace import Workplace, ask
from compas.api.dispatch import DISPATCH, DispatchRequest
from compas.api.supervision import HEALTH, HealthRequest
from compas.client.blocking import BlockingConnection
from compas.runner import processes

COMPLETION = "agent's end to last editor"
GATEWAY_MODULE = "compas.gateway.app"
LOOKS = 10


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What the processes have at one moment; memory is in kB and proportional (PSS)."""

    gateway_kb: int
    relay_kb: int
    """Of one relay, on average."""
    gateway_descriptors: int
    supervisor_descriptors: int


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """One round: of all waits together."""

    gateways: int
    supervisor_switches_while_waiting: int
    """Context switches of its threads in `watched_secs`."""
    watched_secs: float
    during: Costs
    answers: int
    completions: int
    """How many different messages the answers speak of."""
    waits_left: int
    """At the supervisor, once all editors have hung up in the middle of their waits."""


class Scene:
    """Made by `open_scene`."""

    def __init__(
        self, place: Workplace, supervisor: int, connection: BlockingConnection, herd: Herd, waits: int
    ) -> None:
        self.place = place
        self.supervisor = supervisor
        self.herd = herd
        self.waits = waits
        self.answers: list[bytes] = []
        self._connection = connection
        self._last = 0

    @property
    def total(self) -> int:
        """How many waits there are."""
        return len(self.herd.pids) * self.waits

    def shake_hands(self) -> None:
        """Let every editor open its conversation, and have its first call."""
        client = {"name": "bench", "version": "1"}
        greeting = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}
        self.herd.say([self._message("initialize", greeting)])
        self.herd.hear(1)
        told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        self.herd.say([json.dumps(told).encode(), self._call("orch_status", {})])
        self.herd.hear(1)

    def begin(self) -> None:
        """Give the agent a task, and return once every wait for it is at the supervisor."""
        sent = ask(self._connection, DISPATCH, DispatchRequest(to="solo", body="begin"))
        self.place.stamps.wait("solo begins")
        self.place.wait_for_event(sent.thread_id, "execution.started")
        given = {"thread_id": sent.thread_id, "since_reference": sent.reference}
        self.herd.say([self._call("orch_wait", given) for _ in range(self.waits)])
        self._until_clients(self.total)
        self._execution = sent.execution_id or ""

    def end(self) -> float:
        """Let the agent end, and return how long it took from there to the last answer of the last editor."""
        self.place.gate.open()
        heard, at = self.herd.hear(self.waits)
        self.answers = [line for lines in heard for line in lines]
        ended = self.place.stamps.wait("solo ends")
        self.place.wait_runner_gone(self._execution)
        return at - ended

    def complete(self) -> float:
        """Take a whole round, and return how long its end took."""
        self.begin()
        return self.end()

    def messages(self) -> list[str]:
        """Return the messages that the last answers speak of. Raises BenchError when one of them is no answer."""
        found = [json.loads(line)["result"].get("structuredContent", {}) for line in self.answers]
        if not all(one.get("found") for one in found):
            raise BenchError(f"not every wait was answered: {self.answers[0].decode()}")
        return [str(one["reference"]) for one in found]

    def hang_up(self) -> int:
        """Let every editor go in the middle of its waits; return how many are at the supervisor once all have ended."""
        self.begin()
        if any(self.herd.hang_up()):
            raise BenchError("a relay did not end in good order")
        self._until_clients(0)
        left = self._clients()
        self.place.gate.open()
        self.place.stamps.wait("solo ends")
        self.place.wait_runner_gone(self._execution)
        return left

    def gateways(self) -> list[int]:
        """Return the numbers of all gateways that run."""
        below = processes.descendants(self.supervisor, processes.list_processes())
        return [process.pid for process in below if program(process.pid) == GATEWAY_MODULE]

    def gateways_started(self) -> int:
        """Return how many gateways there have been, over all supervisors of this place."""
        log = (self.place.state / "supervisor.log").read_text()
        return len(re.findall(r"editors are served \(pid", log))

    def costs(self) -> Costs:
        """Return what the processes have now."""
        (gateway,) = self.gateways()
        pids = self.herd.pids
        return Costs(
            gateway_kb=proportional_kb(gateway),
            relay_kb=sum(map(proportional_kb, pids)) // len(pids),
            gateway_descriptors=descriptors(gateway),
            supervisor_descriptors=descriptors(self.supervisor),
        )

    def _message(self, method: str, params: dict[str, object]) -> bytes:
        self._last += 1
        return json.dumps({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params}).encode()

    def _call(self, tool: str, arguments: dict[str, object]) -> bytes:
        return self._message("tools/call", {"name": tool, "arguments": arguments})

    def _clients(self) -> int:
        """Return how many requests are under way beside this one."""
        return ask(self._connection, HEALTH, HealthRequest()).clients - 1

    def _until_clients(self, count: int) -> None:
        """Return once so many requests are under way, at several looks in a row: one that is about to end is none."""
        looks = 0
        while looks < LOOKS:
            looks = looks + 1 if self._clients() == count else 0


@contextlib.contextmanager
def open_scene(place: Workplace, editors: int, waits: int) -> Iterator[Scene]:
    """Start a supervisor and these editors; all have had a call."""
    command = place.compas("mcp-server", "--no-start")
    with contextlib.ExitStack() as stack:
        supervisor = stack.enter_context(place.supervising())
        connection = stack.enter_context(place.connect())
        herd = stack.enter_context(open_herd(command, place.environ, editors))
        scene = Scene(place, supervisor, connection, herd, waits)
        scene.shake_hands()
        yield scene


def count_one_round(scene: Scene, watch_secs: float) -> Counted:
    """Take a round, and look at what each part of it asks of the supervisor; the editors are gone afterwards."""
    scene.begin()
    early = look(scene.supervisor, "supervisor")
    threading.Event().wait(watch_secs)
    switches = switches_between(early, look(scene.supervisor, "supervisor"))
    during = scene.costs()
    scene.end()
    messages = scene.messages()
    gateways = len(scene.gateways())
    return Counted(
        gateways=gateways,
        supervisor_switches_while_waiting=switches,
        watched_secs=watch_secs,
        during=during,
        answers=len(messages),
        completions=len(set(messages)),
        waits_left=scene.hang_up(),
    )


def bare_completion(scene: Scene, cats: Herd, floor: Floor) -> Times:
    """The same lines to as many processes, which do nothing but pass them on, after one page is on disk."""
    lines = scene.answers[: scene.waits]
    began = time.monotonic()
    floor.file.append()
    cats.say(lines)
    _, at = cats.hear(len(lines))
    return {COMPLETION: at - began}
