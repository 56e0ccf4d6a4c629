"""Partitions are shared out evenly, nothing moves that need not, and a standby is where it helps."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.shares import Claim
from streams.shares import Plan, share_out

PARTITIONS = st.integers(1, 24)


@st.composite
def groups(draw: st.DrawFn) -> tuple[dict[str, Claim], int]:
    partitions = draw(PARTITIONS)
    some = st.lists(st.integers(-1, partitions), max_size=partitions, unique=True).map(tuple)
    claim = st.builds(Claim, some, some, some, st.booleans())
    return draw(st.dictionaries(st.sampled_from("abcdef"), claim, min_size=1)), partitions


@given(groups())
def test_every_partition_is_worked_on_once_and_nobody_has_two_more_than_another(group: tuple[dict[str, Claim], int]) -> None:
    claims, partitions = group
    plan = share_out(claims, partitions)
    counts = [len(owned) for owned, _ in plan.values()]

    assert list(range(partitions)) == sorted(each for owned, _ in plan.values() for each in owned)
    assert max(counts) - min(counts) <= 1
    assert claims.keys() == plan.keys()


@given(groups())
def test_a_partition_is_followed_by_one_that_is_ready_and_does_not_work_on_it(group: tuple[dict[str, Claim], int]) -> None:
    claims, partitions = group
    plan = share_out(claims, partitions)
    followed = sorted(each for _, follows in plan.values() for each in follows)
    able = [
        each for each in range(partitions)
        if any(claims[name].standby and each not in owned for name, (owned, _) in plan.items())
    ]  # fmt: skip

    assert able == followed
    for name, (owned, follows) in plan.items():
        assert claims[name].standby or not follows
        assert not set(owned) & set(follows)


def claimed(plan: Plan, *left: str, standby: bool = True) -> dict[str, Claim]:
    """Return what workers claim the next time; some have left."""
    return {
        name: Claim(owned, follows, owned + follows, standby) for name, (owned, follows) in plan.items() if name not in left
    }  # fmt: skip


@given(PARTITIONS, st.integers(1, 6))
def test_nothing_moves_where_nobody_comes_or_goes(partitions: int, workers: int) -> None:
    plan = share_out({f"w{number}": Claim(standby=True) for number in range(workers)}, partitions)

    assert plan == share_out(claimed(plan), partitions)


@given(PARTITIONS, st.integers(2, 6))
def test_who_leaves_leaves_to_whom_follows(partitions: int, workers: int) -> None:
    """Others keep what they have; what the one had goes to workers that followed it, as far as they have room."""
    plan = share_out({f"w{number}": Claim(standby=True) for number in range(workers)}, partitions)
    after = share_out(claimed(plan, "w0"), partitions)

    for name, (owned, _) in after.items():
        assert set(plan[name][0]) <= set(owned)
    if workers == 2:
        assert set(plan["w0"][0]) <= set(plan["w1"][1])


@given(PARTITIONS, st.integers(1, 6))
def test_who_comes_gets_only_its_part(partitions: int, workers: int) -> None:
    plan = share_out({f"w{number}": Claim() for number in range(workers)}, partitions)
    after = share_out(claimed(plan) | {"new": Claim()}, partitions)
    moved = [each for name, (owned, _) in after.items() for each in owned if name != "new" and each not in plan[name][0]]

    assert [] == moved
    assert len(after["new"][0]) in (partitions // (workers + 1), -(-partitions // (workers + 1)))


def test_a_worker_that_comes_back_gets_what_it_has_the_state_of() -> None:
    plan = share_out({"a": Claim(owned=(0, 1, 2, 3)), "b": Claim(holds=(0, 2))}, 4)

    assert {"a": ((1, 3), ()), "b": ((0, 2), ())} == plan


def test_of_two_that_claim_one_partition_the_later_generation_counts() -> None:
    """The other was away for a while and does not know yet that its partitions were given to somebody else."""
    plan = share_out({"a": Claim(owned=(0, 1), generation=4), "b": Claim(owned=(0, 1), generation=5), "c": Claim()}, 3)

    assert {"a": ((1,), ()), "b": ((0,), ()), "c": ((2,), ())} == plan
