"""The values that configuration produces."""

import hashlib

from compas.domain.specs import AgentSpec


def agent(*, prompt: str | None = None, prompt_file: str | None = None) -> AgentSpec:
    return AgentSpec(alias="dev", backend="claude", workdir="/w", prompt=prompt, prompt_file=prompt_file)


def test_the_hash_is_that_of_the_prompt_the_agent_runs_with() -> None:
    assert agent(prompt="be kind").prompt_hash() == hashlib.sha256(b"be kind").hexdigest()
    assert agent(prompt_file="/p.md").prompt_hash("grüße") == hashlib.sha256("grüße".encode()).hexdigest()


def test_an_agent_without_a_prompt_has_no_hash_and_never_that_of_nothing() -> None:
    assert agent().prompt_hash() is None
    assert agent(prompt="").prompt_hash() is None
    assert agent(prompt_file="/p.md").prompt_hash("") is None
    assert agent().prompt_hash("the text of some file") is None
