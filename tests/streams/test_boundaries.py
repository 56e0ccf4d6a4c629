"""Both sides of every boundary of contract §4, to the fen, the month and the day."""

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.fields import render_money
from schemas.findings import Assessment, Finding, Undetermined
from schemas.household import EMPTY
from schemas.rejections import Rejection
from streams.assess import assess
from streams.household import merge
from streams.ledger import Ledger, Missing, Window, divide_half_even
from streams.normalise import normalise
from streams.policy import Policy
from streams.policy_parse import parse_policy
from streams.topics import TOPIC_OF
from tests.build import TIMESTAMP, cadre, declaration, department, encode, entry, member, statement

ALONE = entry("H000001", member("P-0001"))
Record = dict[str, Any]


def facts_of(*records: Record) -> Any:
    facts = EMPTY.facts
    for record in records:
        message = normalise(TOPIC_OF[record["schema"]], None, encode(record), TIMESTAMP)
        assert not isinstance(message, Rejection), message
        facts = merge(facts, message)
    return facts


def look(policy: Policy, *records: Record) -> Assessment:
    found = assess(facts_of(*records), policy)
    assert found is not None
    return found


def firing(policy: Policy, *records: Record) -> dict[str, str]:
    return {each.rule.partition("@")[0]: each.severity for each in look(policy, *records).findings}


def year(wage: str, **over: Any) -> Record:
    return statement("2025-06", "2026-05", wage, **over)


def before(wage: str, **over: Any) -> Record:
    return statement("2024-06", "2025-05", wage, **over)


@pytest.mark.parametrize(
    ("income", "severity"),
    [("6000.01", None), ("6000.00", None), ("5999.99", "yellow"), ("4800.00", "yellow"), ("4799.99", "orange"),
     ("3000.00", "orange"), ("2999.99", "red"), ("0.00", "red")],
)  # fmt: skip
def test_income_line(policy: Policy, income: str, severity: str | None) -> None:
    """Contract §4: under the line; ratio to the line 0.8 and 0.5."""
    assert severity == firing(policy, ALONE, cadre("c", year(income))).get("income-line")


@pytest.mark.parametrize(("operator", "fires"), [("<", False), ("<=", True)])
def test_the_operator_at_the_line_is_data(operator: str, fires: bool) -> None:
    document = tomllib.loads(Path("policy/shanxi.toml").read_text("utf-8"), parse_float=Decimal)
    document["rules"]["income-line"]["operator"] = operator

    assert fires == ("income-line" in firing(parse_policy(document, "x"), ALONE, cadre("c", year("6000.00"))))


def test_before_the_first_line_income_is_undetermined() -> None:
    document = tomllib.loads(Path("policy/shanxi.toml").read_text("utf-8"), parse_float=Decimal)
    for start, undetermined in ((date(2026, 6, 10), False), (date(2026, 6, 11), True)):
        document["rules"]["income-line"]["lines"][0]["from"] = start
        found = look(parse_policy(document, "x"), ALONE, cadre("c", year("1.00")))
        rules = {each.rule for each in found.undetermined}
        assert undetermined == ("income-line@1" in rules)
        assert undetermined == ("policy-dependence@1" in rules)


@pytest.mark.parametrize(
    ("now", "severity"), [("7000.01", None), ("7000.00", "yellow"), ("5000.01", "yellow"), ("5000.00", "orange")]
)
def test_income_drop(policy: Policy, now: str, severity: str | None) -> None:
    """30 % and 50 % under 10,000.00 of the window before."""
    assert severity == firing(policy, ALONE, cadre("c", year(now), before("10000.00"))).get("income-drop")


@pytest.mark.parametrize("earlier", ["0", "-0.01"])
def test_a_drop_from_nothing_is_undetermined(policy: Policy, earlier: str) -> None:
    """The earlier income must be above 0."""
    found = look(policy, ALONE, cadre("c", year("0"), before("0", business=earlier)))

    assert "income-drop@1" in {each.rule for each in found.undetermined}
    assert "yellow" == firing(policy, ALONE, cadre("c", year("0.07"), before("0.10"))).get("income-drop")


@pytest.mark.parametrize(
    ("wage", "transfer", "fires"),
    [("3599.98", "5399.97", True), ("3599.99", "5399.97", False), ("3600.00", "5400.00", False), ("0", "8999.99", True),
     ("0", "9000.00", False), ("0", "0", False)],
)  # fmt: skip
def test_policy_dependence(policy: Policy, wage: str, transfer: str, fires: bool) -> None:
    """Transfers from 60 % of the gross, reference income under 1.5 times the line; nothing gross never fires."""
    found = firing(policy, ALONE, cadre("c", year(wage, transfer=transfer)))

    assert fires == ("policy-dependence" in found)


@pytest.mark.parametrize(
    ("status", "spent", "severity"),
    [("relieved", "4999.99", None), ("relieved", "5000.00", "yellow"), ("relieved", "9999.99", "yellow"),
     ("relieved", "10000.00", "orange"), ("relieved", "19999.99", "orange"), ("relieved", "20000.00", "red"),
     ("general", "19999.99", None), ("general", "20000.00", "yellow"), ("general", "39999.99", "yellow"),
     ("general", "40000.00", "orange"), ("general", "79999.99", "orange"), ("general", "80000.00", "red")],
)  # fmt: skip
def test_expenditure_shock(policy: Policy, status: str, spent: str, severity: str | None) -> None:
    spending = {"type": "spending", "category": "education", "self_paid": spent, "month": "2026-05"}
    home = entry("H000001", member("P-0001"), status=status)

    assert severity == firing(policy, home, declaration("d", spending)).get("expenditure-shock")
    found = look(policy, declaration("d", spending))
    assert "expenditure-shock@1" in {each.rule for each in found.undetermined}  # nobody knows whether it was relieved


def test_claims_lower_a_shock_by_the_fen(policy: Policy) -> None:
    spending = {"type": "spending", "category": "medical", "self_paid": "5000.00", "month": "2026-05"}
    claim = {"type": "claim", "kind": "other", "amount": "0.01", "month": "2026-05"}

    assert "expenditure-shock" in firing(policy, ALONE, declaration("d", spending))
    assert "expenditure-shock" not in firing(policy, ALONE, declaration("d", spending, claim))
    assert "expenditure-shock" in firing(policy, ALONE, declaration("d", spending, claim | {"month": "2025-05"}))


@pytest.mark.parametrize(
    ("fact", "rule", "severity"),
    [({"type": "food", "adequate": False}, "food", "red"), ({"type": "food", "adequate": True}, "food", None),
     ({"type": "clothing", "adequate": False}, "clothing", "orange"), ({"type": "housing", "grade": "B"}, "housing", None),
     ({"type": "housing", "grade": "C"}, "housing", "orange"), ({"type": "housing", "grade": "D"}, "housing", "red"),
     ({"type": "water", "safe": False}, "water", "orange"),
     ({"type": "medical_cover", "person_id": "P-0001", "enrolled": False}, "medical-cover", "yellow"),
     ({"type": "medical_cover", "person_id": "P-0001", "enrolled": True}, "medical-cover", None)]
    + [({"type": "schooling", "person_id": "P-0001", "stage": stage, "status": status}, "schooling",
        "red" if (stage, status) == ("compulsory", "dropout") else None)
       for stage in ("compulsory", "senior", "vocational", "higher")
       for status in ("attending", "dropout", "suspended", "graduated")],
)  # fmt: skip
def test_indicators(policy: Policy, fact: Record, rule: str, severity: str | None) -> None:
    assert severity == firing(policy, cadre("c", fact)).get(rule)


def window(*records: Record, back: int = 0) -> Window | Missing:
    return Ledger(facts_of(*records)).income(back=back)


def reference(*records: Record) -> str | None:
    found = window(*records)
    return render_money(found.reference) if isinstance(found, Window) else None


def test_shares_are_rounded_down_and_the_remainder_lies_in_the_last_month() -> None:
    """Of 100.01 over three months 33.33, 33.33, 33.35; of a loss of 100.01 -33.34, -33.34, -33.33."""
    for total, inside, last in (("100.01", "66.66", "33.35"), ("-100.01", "-66.68", "-33.33")):
        loss = statement("2026-03", "2026-05", "0", business=total)
        rest = statement("2025-06", "2026-02", "0")
        assert total == reference(ALONE, cadre("c", loss, rest))
        early = cadre("c", loss, rest, at="2026-05-31T23:59:59+08:00")  # as_of in May: March and April are in the window
        earlier = statement("2025-05", "2025-05", "0")
        assert inside == reference(ALONE, early, cadre("e", earlier, at="2026-05-30T09:00:00+08:00"))
        assert last == render_money(round(Decimal(total) * 100) - round(Decimal(inside) * 100))


def test_a_statement_is_carried_twelve_months_and_not_thirteen() -> None:
    """Contract §4: `to` lies 1 to 12 months before the month."""
    carried = cadre("c", statement("2025-04", "2025-05", "10.01"), at="2026-06-01T00:00:00+08:00")
    too_old = cadre("c", statement("2025-03", "2025-04", "10.01"), at="2026-06-01T00:00:00+08:00")

    assert "60.00" == reference(ALONE, carried)  # twelve times the rounded share of 5.00
    assert reference(ALONE, too_old) is None


def test_who_speaks_for_a_month() -> None:
    """A department's facts, else the newest cadre statement that covers it, else the newest declaration."""
    said = declaration("d", year("1200.00"), at="2026-06-12T09:00:00+08:00")
    found = cadre("c", year("2400.00"), at="2026-06-11T09:00:00+08:00")
    paid = {"type": "income", "component": "wage", "month": "2026-05", "amount": "1000.00"}
    known = department("w", "human-resources", paid, paid | {"person_id": "P-0001", "amount": "0.50"})

    assert "1200.00" == reference(ALONE, said)
    assert "2400.00" == reference(ALONE, said, found)
    assert "3200.50" == reference(ALONE, said, found, known)  # eleven shares of 200 and May as the department knows it


def test_a_month_with_an_unknown_component_is_never_zero() -> None:
    for component in ("wage", "business", "property", "transfer"):
        facts = [{"type": "income", "component": component, "month": f"{m // 12}-{m % 12 + 1:02d}", "amount": "1"}
                 for m in range(2025 * 12 + 5, 2026 * 12 + 5)]  # fmt: skip
        assert isinstance(window(ALONE, department("w", "human-resources", *facts)), Missing)
    assert isinstance(window(entry("H000001") | {"members": []}, cadre("c", year("1"))), Missing)
    assert isinstance(window(cadre("c", year("1"))), Missing)


@pytest.mark.parametrize(("total", "parts", "quotient"), [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (1, 3, 0), (2, 3, 1)])
def test_per_head_is_half_even(total: int, parts: int, quotient: int) -> None:
    assert quotient == divide_half_even(total, parts)


@pytest.mark.parametrize(
    ("at", "month", "inside"),
    [("2026-05-31T23:59:59.999+08:00", "2026-04", True), ("2026-05-31T23:59:59.999+08:00", "2026-05", False),
     ("2026-05-31T16:00:00Z", "2026-05", True), ("2026-05-31T15:59:59Z", "2026-05", False),
     ("2024-02-29T23:59:59+08:00", "2024-02", False), ("2024-02-29T16:00:00Z", "2024-02", True),
     ("2025-03-01T00:00:00+08:00", "2024-02", False), ("2025-02-28T23:59:59+08:00", "2024-02", True)],
)  # fmt: skip
def test_the_window_ends_with_the_month_before_as_of_in_china(at: str, month: str, inside: bool) -> None:
    """Month ends by the clock of Shanghai, leap February among them."""
    spent = {"type": "spending", "category": "other", "self_paid": "1.00", "month": month}
    ledger = Ledger(facts_of(cadre("c", spent, at=at)))

    assert inside == bool(ledger.spending())


@pytest.mark.parametrize(
    ("old", "counts"), [("2023-06-01T00:00:00+08:00", True), ("2023-05-31T16:00:00Z", True), ("2023-05-31T15:59:59Z", False)]
)
def test_a_report_counts_in_the_month_of_as_of_and_36_before(policy: Policy, old: str, counts: bool) -> None:
    bad = cadre("old", {"type": "water", "safe": False}, at=old)
    now = declaration("now", {"type": "food", "adequate": True})

    for order in ((bad, now), (now, bad)):
        assert counts == ("water" in firing(policy, *order))
    withdrawn = cadre("x", {"type": "water", "safe": False}, at="2023-05-20T09:00:00+08:00")
    withdrawal = cadre("v", at=old) | {"voids": "old", "facts": []}
    assert not firing(policy, withdrawn, bad, withdrawal, now).get("water")


def test_cumulative_totals_replace_each_other_within_a_year_only(policy: Policy) -> None:
    def total(event: str, month: str, amount: str, day: str) -> Record:
        fact = {"type": "spending", "category": "medical", "self_paid": amount, "month": month, "cumulative": True}
        return department(event, "medical-insurance", fact, at=f"{day}T09:00:00+08:00")

    november, december = total("a", "2025-11", "3000.00", "2025-12-02"), total("b", "2025-12", "4000.00", "2026-01-02")
    january, may = total("c", "2026-01", "900.00", "2026-02-02"), total("d", "2026-05", "1000.00", "2026-06-02")
    spent = sum(each.amount for each in Ledger(facts_of(november, may, january, december)).spending())

    assert "5000.00" == render_money(spent)
    assert "yellow" == firing(policy, ALONE, november, december, january, may)["expenditure-shock"]
    assert "expenditure-shock" not in firing(policy, ALONE, november, january, may)


@pytest.mark.parametrize(
    ("born", "labour", "pathway"),
    [(2010, "full", "development"), (2011, "full", "security"), (1967, "partial", "development"), (1966, "full", "security"),
     (1980, "none", "security")],
)  # fmt: skip
def test_pathway_by_age_in_the_year_of_as_of(policy: Policy, born: int, labour: str, pathway: str) -> None:
    home = entry("H000001", member("P-0001", birth_year=born, labour=labour))

    assert pathway == look(policy, home, cadre("c", {"type": "water", "safe": False})).pathway


def test_category(policy: Policy) -> None:
    shock = {"type": "spending", "category": "disaster", "self_paid": "90000.00", "month": "2026-05"}
    poor, rich = cadre("c", year("1.00"), shock), cadre("c", year("90000.00"), shock)
    general = entry("H000001", member("P-0001"), status="general")

    assert "sudden" == look(policy, ALONE, rich).category
    assert "unstable" == look(policy, ALONE, poor).category
    assert "marginal" == look(policy, general, poor).category
    assert "unknown" == look(policy, cadre("w", {"type": "water", "safe": False})).category


def test_answers_are_of_three_kinds_only(policy: Policy) -> None:
    found = look(policy, ALONE, cadre("c", {"type": "water", "safe": False}))

    assert all(isinstance(each, Finding) for each in found.findings)
    assert {"income-line@1", "income-drop@1", "policy-dependence@1"} <= {each.rule for each in found.undetermined}
    assert all(isinstance(each, Undetermined) for each in found.undetermined)
