"""A session keeps its promises under any order of asking, answering, pushing, cancelling and losing."""

import msgspec
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.remote.call import Call
from actors.remote.errors import CallError, RequestFailed, SessionLost
from actors.remote.framing import Encoding
from actors.remote.handshake import WelcomeInfo
from actors.remote.server import ServerSettings, serve_connection
from actors.remote.session import Session, open_session
from actors.remote.transport import memory_transport_pair
from tests.kit.ceiling import CEILING


class Plan(msgspec.Struct, frozen=True):
    """One request: how many items are pushed, how it ends, and when its client gives up, in turns of the test."""

    number: int
    items: int
    ending: str
    gives_up_after: int | None
    starts_after: int


_PLANS = st.lists(
    st.tuples(
        st.integers(0, 90),
        st.sampled_from(["reply", "fail", "crash", "hang"]),
        st.none() | st.integers(0, 6),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=8,
).map(lambda rows: [Plan(n, *row) for n, row in enumerate(rows)])


class World:
    """The server's side of all plans, and what came of each on both sides."""

    def __init__(self) -> None:
        self.serving: set[int] = set()
        self.outcomes: dict[int, object] = {}
        self.items: dict[int, list[object]] = {}

    async def serve(self, call: Call) -> object:
        plan = call.decode(Plan)
        self.serving.add(plan.number)
        try:
            for n in range(plan.items):
                await call.push([plan.number, n])
            match plan.ending:
                case "hang":
                    await trio.sleep_forever()
                case "fail":
                    raise CallError("planned", str(plan.number))
                case "crash":
                    raise LookupError(str(plan.number))
            return plan.number
        finally:
            self.serving.remove(plan.number)

    async def ask(self, session: Session, plan: Plan) -> None:
        """Make the request and note how it ended for its client."""
        items = self.items.setdefault(plan.number, [])
        await _turns(plan.starts_after)
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                if plan.gives_up_after is not None:
                    nursery.start_soon(_cancel_after, scope, plan.gives_up_after)
                try:
                    self.outcomes[plan.number] = await session.request(
                        "plan", plan, int, on_push=lambda raw: items.append(session.decode(raw, list))
                    )
                except (RequestFailed, SessionLost) as error:
                    self.outcomes[plan.number] = error
                nursery.cancel_scope.cancel()
        if plan.number not in self.outcomes:
            assert scope.cancelled_caught
            self.outcomes[plan.number] = "gave up"


async def _turns(n: int) -> None:
    for _ in range(n):
        await trio.lowlevel.checkpoint()


async def _cancel_after(scope: trio.CancelScope, turns: int) -> None:
    await _turns(turns * 5)
    scope.cancel()


def _check(world: World, plan: Plan, *, may_be_lost: bool) -> None:
    outcome, items = world.outcomes[plan.number], world.items[plan.number]
    assert items == [[plan.number, n] for n in range(len(items))], "items of this request only, in order, none twice"
    match outcome:
        case int():
            assert (plan.ending, outcome, len(items)) == ("reply", plan.number, plan.items)
        case RequestFailed(code=code):
            assert {"fail": "planned", "crash": "internal"}[plan.ending] == code
            assert len(items) == plan.items
        case SessionLost():
            assert may_be_lost
        case _:
            assert outcome == "gave up"
            assert plan.gives_up_after is not None


@settings(max_examples=60, deadline=None)
@given(_PLANS, st.sampled_from(list(Encoding)), st.sampled_from([0, 1, 16]))
async def test_every_request_has_its_own_ending_and_its_own_items(
    plans: list[Plan], encoding: Encoding, capacity: int
) -> None:
    endless = [p for p in plans if p.ending == "hang" and p.gives_up_after is None]
    world = World()
    near, far = memory_transport_pair(encoding, capacity=capacity)
    with trio.fail_after(CEILING):
        async with trio.open_nursery() as server:
            server.start_soon(serve_connection, far, world.serve, ServerSettings(welcome=WelcomeInfo(server="s")))
            async with open_session(near, client="c") as session:
                async with trio.open_nursery() as nursery:
                    for plan in plans:
                        if plan not in endless:
                            nursery.start_soon(world.ask, session, plan)
                await trio.testing.wait_all_tasks_blocked()
                assert world.serving == set(), "a request that ended for its client has ended for the server"
                assert await session.request("plan", Plan(99, 0, "reply", None, 0), int) == 99
    for plan in plans:
        if plan not in endless:
            _check(world, plan, may_be_lost=False)


@settings(max_examples=60, deadline=None)
@given(_PLANS, st.integers(0, 120), st.booleans())
async def test_a_loss_at_any_moment_ends_every_request_on_both_sides(
    plans: list[Plan], lost_after: int, lost_by_client: bool
) -> None:
    world = World()
    near, far = memory_transport_pair(capacity=1)
    with trio.fail_after(CEILING):
        async with trio.open_nursery() as server:
            server.start_soon(serve_connection, far, world.serve, ServerSettings(welcome=WelcomeInfo(server="s")))
            async with open_session(near, client="c") as session, trio.open_nursery() as nursery:
                for plan in plans:
                    nursery.start_soon(world.ask, session, plan)
                await _turns(lost_after)
                await (near if lost_by_client else far).aclose()
    assert world.serving == set()
    for plan in plans:
        _check(world, plan, may_be_lost=True)
