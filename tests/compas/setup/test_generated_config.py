"""What goes into a generated config comes out of it when it is loaded."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compas.config.config import Loaded
from compas.config.load import load
from compas.setup.errors import SetupError
from compas.setup.generated_config import Choices, quoted, render, state_dir_for

HOME = {"HOME": "/nowhere"}
NASTY = ":#{}[],&*!|>'\"%@`\\?- ~=<\u2028\u2029\ufeff\u200bnullyestrue0é漢🜚"

texts = st.text(st.one_of(st.sampled_from(NASTY), st.characters(exclude_categories=("Cc", "Cs"))), max_size=30)
models = texts.map(str.strip).filter(bool)
names = texts.filter(lambda text: text.strip() and "/" not in text and len(text.encode()) < 200)
aliases = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}", fullmatch=True).filter(lambda one: one != "operator")


def loaded(choices: Choices) -> Loaded:
    """Load what is generated."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "config.yaml")
        path.write_text(render(choices), encoding="utf-8")
        return load(path, environ=HOME)


# proves: c-config-dashboard 79, c-config-dashboard 80
@given(
    aliases.filter(lambda one: one.casefold() != "operator"),
    models,
    names.filter(lambda name: name not in (".", "..")),
    models,
    st.booleans(),
)
def test_names_models_paths_and_branches_come_back_as_they_went_in_and_nothing_is_complained_of(
    alias: str, model: str, name: str, branch: str, is_minimal: bool
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        repository = Path(directory, name)
        repository.mkdir()
        found = loaded(
            Choices(
                repository=repository,
                backend="claude",
                alias=alias,
                model=model,
                branch=branch,
                is_minimal=is_minimal,
            )
        )
    config = found.config
    assert found.warnings == ()
    assert config.default_workdir == str(repository)
    assert config.default_merge_target == branch
    first = config.agents[alias]
    assert (first.model, first.backend, first.workspace, first.commit) == (model, "claude", "worktree", "auto")
    assert len(config.agents) == (1 if is_minimal else 2)


def test_the_developer_hands_to_the_reviewer_until_it_approves_and_the_reviewer_hands_back(tmp_path: Path) -> None:
    config = loaded(Choices(repository=tmp_path, backend="claude")).config
    dev, reviewer = config.agents.values()
    assert dev.handoff is not None
    assert (dev.handoff.targets, dev.handoff.until) == (("reviewer",), "approved")
    assert reviewer.handoff is not None
    assert reviewer.handoff.targets == ("dev",)
    assert reviewer.prompt is not None
    assert "`Verdict: approve` or `Verdict: request changes`" in reviewer.prompt
    assert reviewer.workspace == "worktree"


def test_a_developer_called_reviewer_is_reviewed_by_somebody_else(tmp_path: Path) -> None:
    config = loaded(Choices(repository=tmp_path, backend="claude", alias="Reviewer")).config
    assert list(config.agents) == ["Reviewer", "checker"]


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\x85b", "\x7f", "\udcff"])
def test_what_no_sensible_value_holds_is_refused(text: str) -> None:
    with pytest.raises(SetupError):
        quoted(text)


@pytest.mark.parametrize("alias", ["", "-x", "a b", "a:b", "a" * 65, "Operator"])
def test_a_name_that_no_agent_can_have_is_refused_in_words(tmp_path: Path, alias: str) -> None:
    with pytest.raises(SetupError, match="agent"):
        render(Choices(repository=tmp_path, backend="claude", alias=alias))


def test_only_the_default_config_has_the_default_state_directory() -> None:
    default = Path("/nowhere/.compas/config.yaml")
    assert state_dir_for(default, HOME) == "~/.compas/state"
    assert state_dir_for(default, {**HOME, "COMPAS_CONFIG": "/other.yaml"}) == "~/.compas/state"
    others = {state_dir_for(Path(f"/{name}/config.yaml"), HOME) for name in "ab"}
    assert len(others | {"~/.compas/state"}) == 3
