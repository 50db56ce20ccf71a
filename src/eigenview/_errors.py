"""The one exception that means: the user asked for something that cannot be."""


class UsageError(ValueError):
    """A user's mistake, told in one line: what is wrong, what would be right. The command line exits with 2 on it."""
