import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.remote.errors import FrameInvalid, PeerRefused, SessionLost, VersionRefused
from actors.remote.frames import BUSY, Goodbye, Refused, Reply, Welcome
from actors.remote.handshake import WelcomeInfo, answer_hello, greet, take_answer
from actors.remote.versions import Versions

_INFO = WelcomeInfo(server="compas/2.0", state="recovering", epoch=4)
_RANGES = st.tuples(st.integers(1, 9), st.integers(0, 3)).map(lambda pair: Versions(pair[0], sum(pair)))


@given(_RANGES, _RANGES)
def test_the_highest_common_version_is_chosen_or_none(client: Versions, server: Versions) -> None:
    common = {*range(client.oldest, client.newest + 1)} & {*range(server.oldest, server.newest + 1)}
    hello = greet("cli/1.0", client)
    answer = answer_hello(hello, server, _INFO)
    if common:
        assert take_answer(answer, hello) == Welcome(
            protocol=max(common), server="compas/2.0", state="recovering", epoch=4
        )
    else:
        with pytest.raises(VersionRefused, match=r"upgrade the (client cli/1.0|server compas/2.0)$"):
            take_answer(answer, hello)


def test_a_client_that_is_too_old_is_the_one_to_upgrade() -> None:
    answer = answer_hello(greet("cli/1.0", Versions(1, 2)), Versions(3, 4), _INFO)
    assert answer == Refused(
        code="version",
        message="the client cli/1.0 speaks protocol 1 to 2, the server compas/2.0 speaks 3 to 4: "
        "upgrade the client cli/1.0",
    )


def test_a_server_that_is_too_old_is_the_one_to_upgrade() -> None:
    answer = answer_hello(greet("cli/9", Versions(5, 5)), Versions(3, 4), _INFO)
    assert isinstance(answer, Refused)
    assert answer.message.endswith(
        "speaks protocol 5, the server compas/2.0 speaks 3 to 4: upgrade the server compas/2.0"
    )


def test_a_welcome_in_a_version_that_was_not_offered_is_refused() -> None:
    hello = greet("cli/1", Versions(1, 2))
    with pytest.raises(VersionRefused, match="chose protocol 3"):
        take_answer(Welcome(protocol=3, server="s"), hello)


def test_other_answers_are_told_apart() -> None:
    hello = greet("cli/1", Versions())
    with pytest.raises(PeerRefused, match="full") as refused:
        take_answer(Refused(code=BUSY, message="full"), hello)
    assert refused.value.code == BUSY
    with pytest.raises(SessionLost, match="going down"):
        take_answer(Goodbye(reason="going down"), hello)
    with pytest.raises(FrameInvalid, match="Reply"):
        take_answer(Reply(id=1, result=b""), hello)  # type: ignore[arg-type]
