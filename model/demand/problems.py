"""Everything wrong with a folder of data, told at once and without any child's row in it."""

from collections.abc import Sequence


class DemandInputError(ValueError):
    """Input that cannot be used. ``problems`` lists every fault: where, what was expected, how to mend it."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep the list and join it into one message."""
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))
