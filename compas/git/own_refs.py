"""Refs of our own: made once, never moved, and never written through a name that leads elsewhere."""

from compas.git.command import Git


async def make_ref(git: Git, ref: str, commit: str, about: str) -> str:
    """Make a ref that was not there, and return nothing; else return, for people, what stands in the way.

    One that names this very commit is our own, of before a crash, and counts as made.
    """
    making = ("update-ref", "--no-deref", "-m", about, "--end-of-options")
    made = await git.run(*making, ref, commit, "", good=(0, 1, 128))
    if made.code == 0:
        return ""
    listed = await git.text("for-each-ref", "--format=%(refname) %(objectname) %(symref)", "--end-of-options", ref)
    there = [line.strip() for line in listed.split("\n") if line.split(" ")[0] == ref]
    if there == [f"{ref} {commit}"]:
        return ""
    return f"it names {there[0].partition(' ')[2]} already" if there else f"git says: {made.words}"
