"""Keeps commits whose branch is deleted."""

from compas.git.command import Git
from compas.git.errors import GitRefused
from compas.git.naming import archive_ref
from compas.git.own_refs import make_ref


async def archive_commit(git: Git, name: str, commit: str) -> str:
    """Keep a commit under an archive ref, create-only, and return the ref; a repeat finds it there.

    One of this name that somebody else made, for something else, is passed over. Raises GitRefused `branch_kept` when
    every name is taken.
    """
    ref = trouble = ""
    for length in (12, len(commit)):
        ref = archive_ref(name, commit, length)
        trouble = await make_ref(git, ref, commit, "compas: archive")
        if not trouble:
            return ref
    raise GitRefused("branch_kept", f"{commit[:12]} of {name} could not be kept as {ref}: {trouble}")
