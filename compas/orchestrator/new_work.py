"""Whether executions may still be begun: not any more once the supervisor is ending."""


class NewWork:
    """One for all who let executions in or begin them. It outlives their crashes, and is never welcome again."""

    def __init__(self) -> None:
        self.is_welcome = True

    def refuse(self) -> None:
        """Leave what is queued to the next supervisor."""
        self.is_welcome = False
