"""What the judges found: each a household, an area or a dead letter."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Verdict:
    """What was found wrong, by kind."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Each exactly once, and as expected."""
        return not (self.lost or self.doubled or self.wrong)


def judge_sequences(verdict: Verdict, name: str, sequences: list[int]) -> None:
    """Whether what was published counts from 1 without gap or repetition, in order."""
    whole = list(range(1, len(set(sequences)) + 1))
    if len(set(sequences)) != len(sequences):
        verdict.doubled.append(f"{name}: sequences {sequences}")
    if sorted(set(sequences)) != whole:
        verdict.lost.append(f"{name}: sequences {sequences}")
    elif len(sequences) == len(whole) and sequences != whole:
        verdict.wrong.append(f"{name}: sequences {sequences}")
