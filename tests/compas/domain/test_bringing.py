"""Variables beside a request: only those asked for, only where agents are concerned, and never a reason to fail."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.client.bringing import Bringing
from compas.domain.bringing import BROUGHT, LARGEST, ONLY_MISSING, WANTED, brought_along, read_brought

WELCOME = {WANTED: "A_KEY B_*"}
SHELL = {"A_KEY": "1", "B_URL": "2", "HOME": "/h", "C": "3"}


def test_a_client_sends_what_the_supervisor_names_and_nothing_else() -> None:
    assert read_brought(brought_along("dispatch", WELCOME, SHELL)) == {"A_KEY": "1", "B_URL": "2"}


@pytest.mark.parametrize("op", ["status", "wait", "log", "stop", "reload"])
def test_a_request_that_concerns_no_agent_carries_nothing(op: str) -> None:
    assert brought_along(op, WELCOME, SHELL) == {}


def test_a_supervisor_that_names_nothing_is_sent_nothing() -> None:
    assert brought_along("dispatch", {}, SHELL) == {}


@pytest.mark.parametrize("name", ["COMPAS_EXECUTION", "COMPAS_RUN_TOKEN", "COMPAS_CALLER"])
def test_inside_an_execution_nothing_is_brought(name: str) -> None:
    assert Bringing({**SHELL, name: "x"}).beside("dispatch", WELCOME) == {}


def test_a_client_that_runs_for_long_says_so() -> None:
    assert ONLY_MISSING in Bringing(SHELL, is_lasting=True).beside("health", WELCOME)
    assert ONLY_MISSING not in Bringing(SHELL).beside("health", WELCOME)


def test_a_value_that_is_no_text_stays_where_it_is() -> None:
    assert brought_along("dispatch", WELCOME, {"A_KEY": "\udcff"}) == {}


@pytest.mark.parametrize(
    "said", ["", "{", "[]", "1", '{"A": 1}', '{"": "x"}', '{"A=B": "x"}', '{"A": "\\u0000"}', '{"A": "\\udcff"}']
)
def test_nonsense_beside_a_request_is_passed_over(said: str) -> None:
    assert read_brought({BROUGHT: said}) == {}


def test_more_than_a_shell_has_is_passed_over() -> None:
    assert read_brought({BROUGHT: json.dumps({"A": "x" * LARGEST})}) == {}


@given(st.text())
def test_whatever_stands_there_is_no_error(said: str) -> None:
    read_brought({BROUGHT: said})
