"""What is advised reaches a client as it asks for it: as data, or else as commands in plain text."""

from typing import TypeVar

import msgspec
import pytest
from trio.testing import MockClock

from actors.remote.errors import RequestFailed
from compas.api.advice import SENTENCES_AS_DATA, in_commands
from compas.api.diagnosis import WHY
from compas.api.dispatch import DISPATCH
from compas.api.lifecycle import ABANDON
from compas.api.merges import MERGE_STATUS
from compas.api.operation import Operation
from compas.domain.advice import Sentence, advise, say
from tests.kit.orchestrator.actor_workshop import Supervisor, agent, open_workshop

Res = TypeVar("Res", bound=msgspec.Struct)


async def as_data(
    supervisor: Supervisor, operation: Operation[msgspec.Struct, Res], name: str = "", **fields: object
) -> Res:
    """Ask as a client that writes advice itself does."""
    request = operation.request(**fields)
    return await supervisor.session.request(
        operation.name, request, operation.response, request_id=name, meta=SENTENCES_AS_DATA
    )


async def test_only_a_client_that_asks_for_sentences_as_data_gets_them_so(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        wait = advise("wait", thread_id="t1", since_reference="db:2")
        plain = await supervisor.dispatch("dev", "x", request_id="once", thread_id="t1")
        assert plain.next_step == "compas wait --thread-id t1 --since db:2"
        asked = await as_data(supervisor, DISPATCH, "once", to="dev", body="x", thread_id="t1")
        assert asked.next_step == Sentence(parts=(wait,)), "the answer that was kept is data too"
        assert (await supervisor.dispatch("dev", "x", request_id="once", thread_id="t1")) == plain


async def test_a_sentence_inside_a_list_of_an_answer_is_written_for_its_client_too(autojump_clock: MockClock) -> None:
    async with open_workshop(agent("dev", workspace="worktree")) as shop, shop.supervisor() as supervisor:
        await supervisor.chain(await supervisor.dispatch("dev", "x", thread_id="t1"))
        await supervisor.wait_merge((await supervisor.merge("t1")).op_id)
        (failed,) = (await supervisor.ask(MERGE_STATUS)).merges
        assert failed.suggested_actions == ("compas why t1",)
        (failed,) = (await as_data(supervisor, MERGE_STATUS)).merges
        assert failed.suggested_actions == (say(advise("why", thread_id="t1")),)


async def test_a_refusal_is_readable_and_has_its_advice_as_data_beside_that(autojump_clock: MockClock) -> None:
    async with open_workshop() as shop, shop.supervisor() as supervisor:
        for operation in (WHY, ABANDON):
            with pytest.raises(RequestFailed) as caught:
                await supervisor.ask(operation, thread_id="gone")
            assert caught.value.message == "there is no thread 'gone'; `compas status` lists them"
            assert caught.value.details is not None
            said = supervisor.session.decode(caught.value.details, Sentence)
            assert said.parts[1] == advise("status")
            assert in_commands(said) == caught.value.message
