"""What one kind of hostile deed is: a shell script, and what compas may make of it."""

from typing import Literal, NamedTuple

Lands = Literal["refused", "honest", "either"]
"""`refused`: no merge may complete, and what is said names what was found. `honest`: the thread's own work has to land.
`either`: landing and refusing are both right, as long as nothing that nobody was shown lands."""


class Kind(NamedTuple):
    """A deed, done in a thread's worktree by its agent, behind a commit of honest work.

    `deed` is a shell script. It knows REPO (the operator's checkout), DOTGIT (its git directory), TREE (the worktree),
    ADMIN (the worktree's own git directory), T (the thread), OTHER (another thread's worktree, with `other`), OUT (a
    directory of the operator's outside of the repository), CANARY (a program that leaves a mark when compas runs it).
    What must never land is called `evil…` and says EVIL; honest files are called `work…`.
    """

    name: str
    gain: str
    deed: str
    lands: Lands
    words: tuple[str, ...] = ()
    """One of these stands in what is said about a refusal."""
    before: str = ""
    """Done by the operator in the repository, before any agent."""
    other: bool = False
    """Needs a second thread with a worktree."""
    readers: bool = False
    """The work goes to two readers, each in a worktree of its own."""
    programs: bool = False
    """It names programs in the configuration of the repository itself, and whether these run is not judged here."""
    long: bool = False
    """Left to the long run."""


def left_to_the_long_run(kinds: tuple[Kind, ...], names: frozenset[str]) -> tuple[Kind, ...]:
    """Return the kinds with these marked as long."""
    assert names <= {kind.name for kind in kinds}, names
    return tuple(kind._replace(long=kind.long or kind.name in names) for kind in kinds)
