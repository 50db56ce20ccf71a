"""What an alarm is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Alarm:
    """One alarm.

    Args:
        name: what is wrong.
        evidence: the numbers, and the reference they are held against.
        advice: what to try.
    """

    name: str
    evidence: str
    advice: str
