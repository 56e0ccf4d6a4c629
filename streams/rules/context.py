"""What every rule is given: one household at one moment, and the policy's parameters for its county."""

from schemas.fields import day_of, month_of
from schemas.household import Facts
from streams.ledger import Ledger, Missing, Window
from streams.policy import Line, Parameters, line_at
from streams.rules.signals import Signals


class Context:
    """One household at ``as_of``. What costs something is worked out once, when a rule first asks."""

    __slots__ = ("_earlier", "_income", "_ledger", "_line", "_signals", "facts", "parameters", "tier")

    def __init__(self, facts: Facts, parameters: Parameters, tier: str = "unknown") -> None:
        """Bind a household to what it is judged by, and to the tier of its county."""
        self.facts, self.parameters, self.tier = facts, parameters, tier
        self._signals: Signals | None = None
        self._ledger: Ledger | None = None
        self._income: Window | Missing | None = None
        self._earlier: Window | Missing | None = None
        self._line: tuple[Line | None] | None = None

    @property
    def as_of(self) -> int:
        """The household's clock in nanoseconds; only households with a clock are assessed."""
        if self.facts.as_of is None:
            raise ValueError("a household without reports has no as_of")
        return self.facts.as_of

    @property
    def ledger(self) -> Ledger:
        """The household's books."""
        if self._ledger is None:
            self._ledger = Ledger(self.facts)
        return self._ledger

    @property
    def signals(self) -> Signals:
        """What was said of things of which the newest counts."""
        if self._signals is None:
            self._signals = Signals(self.facts)
        return self._signals

    def age(self, month: int) -> int:
        """Return how many months a month lies before that of ``as_of``; below 0 it has not come yet."""
        return self.month - month

    @property
    def income(self) -> Window | Missing:
        """Income of the 12 months before the month of ``as_of``."""
        if self._income is None:
            self._income = self.ledger.income()
        return self._income

    @property
    def earlier_income(self) -> Window | Missing:
        """Income of the 12 months before those."""
        if self._earlier is None:
            self._earlier = self.ledger.income(back=12)
        return self._earlier

    @property
    def line(self) -> Line | None:
        """The income line in force on the day of ``as_of``, None before the first one."""
        if self._line is None:
            self._line = (line_at(self.parameters, day_of(self.as_of)),)
        return self._line[0]

    @property
    def month(self) -> int:
        """The month of ``as_of``."""
        return month_of(self.as_of)
