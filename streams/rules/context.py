"""What every rule is given: one household at one moment, and the policy's parameters for its county."""

from dataclasses import dataclass
from functools import cached_property

from schemas.fields import day_of, month_of
from schemas.findings import Finding, NotFiring, Undetermined
from schemas.household import Facts
from streams.ledger import Ledger, Missing, Window
from streams.policy import Line, Parameters, line_at
from streams.rules.indicators import Index, index_of

Answer = Finding | NotFiring | Undetermined


@dataclass(frozen=True)
class Context:
    """One household at ``as_of``. Windows of income are worked out once, when a rule first asks."""

    facts: Facts
    parameters: Parameters

    @property
    def as_of(self) -> int:
        """The household's clock in nanoseconds; only households with a clock are assessed."""
        if self.facts.as_of is None:
            raise ValueError("a household without reports has no as_of")
        return self.facts.as_of

    @cached_property
    def ledger(self) -> Ledger:
        """The household's books."""
        return Ledger(self.facts)

    @cached_property
    def indicators(self) -> Index:
        """How the household's worries and guarantees stand."""
        return index_of(self.facts)

    @cached_property
    def income(self) -> Window | Missing:
        """Income of the 12 months before the month of ``as_of``."""
        return self.ledger.income()

    @cached_property
    def earlier_income(self) -> Window | Missing:
        """Income of the 12 months before those."""
        return self.ledger.income(back=12)

    @cached_property
    def line(self) -> Line | None:
        """The income line in force on the day of ``as_of``, None before the first one."""
        return line_at(self.parameters, day_of(self.as_of))

    @property
    def month(self) -> int:
        """The month of ``as_of``."""
        return month_of(self.as_of)
