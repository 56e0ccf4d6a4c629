"""policy: the numbers that cases and noise control are judged by."""

import msgspec


class CaseRules(msgspec.Struct, frozen=True):
    """Clocks of a case in Chinese working days or months, and what removal asks for (docs/contract-cases.md).

    ``known_good`` are guarantees, by the names of their rules, that somebody must have reported: silence is not health.
    """

    notice_days: int
    finish_days: int
    settle_days: int
    watch_months: int
    income_months: int
    without_labour: bool
    known_good: tuple[str, ...] = ()


class NoiseRules(msgspec.Struct, frozen=True):
    """How many days a transition keeps milder ones back, and how long a snooze may last at most; 0 for not at all."""

    window_days: int = 0
    snooze_days: int = 92
