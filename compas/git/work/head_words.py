"""What people are told about a worktree whose HEAD is not where its thread's work is looked for."""


def head_elsewhere(path: str, stands: str, branch: str) -> str:
    """Say where it stands, what that means, and what to do."""
    return (
        f"{path} stands {stands}, not on {branch}, which is what is shown, reviewed and merged; bring the work to "
        f"{branch} there, then `git switch {branch}`"
    )
