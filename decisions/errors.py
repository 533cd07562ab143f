"""The error of this folder."""


class DecisionError(Exception):
    """A decision job cannot run as asked; the message says what, where and the mend."""
