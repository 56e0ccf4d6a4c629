"""Layers of a policy: province, over it the tier, over both the county; whoever is meant and nobody else, however written."""

import copy
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.policy import Parameters, Policy
from streams.policy_documents import content_of, merge_documents
from streams.policy_layers import Difference, differences, in_force
from streams.policy_parse import parse_policy
from streams.policy_values import OPTIONAL, OPTIONAL_KEYS, SHAPES
from tests.streams.test_policy import SHIPPED

VALUES: dict[tuple[str, str], tuple[Any, ...]] = {
    ("water", "severity"): ("blue", "yellow", "red"),
    ("food", "enabled"): (True, False),
    ("housing", "grade-c"): ("yellow", "red"),
    ("expenditure-shock", "relieved"): (1000, 3000, 9000),
    ("income-line", "lines"): ([{"from": "2021-01-01", "amount": 6000}], [{"from": "2024-03-14", "amount": 8800}]),
    ("verification", "working-days"): (2, 5, 20),
    ("noise", "window-days"): (0, 7),
    ("scale-risk", "village-households"): (3, 9),
}
"""What overlays give in these tests: two tables that every policy has to say, two that it may leave out, and others."""
unhurried = settings(deadline=None)
"""An example reads several policies, which takes a busy machine more than the moment that Hypothesis allows."""
TIERS = ("leading", "consolidating", "key")
COUNTIES = {"140105": "leading", "140123": "key", "140215": "key", "140121": "consolidating"}
"""Counties of the shipped policy, two of one tier; a test compares them with it."""
UNLISTED = "999999"
COMPARED = {code: SHIPPED["counties"][code] for code in COUNTIES}


class Said(NamedTuple):
    """A parameter that a layer gives: ``province`` itself, a tier or a county."""

    kind: str
    name: str
    rule: str
    key: str
    value: Any


def said() -> st.SearchStrategy[list[Said]]:
    """Return some parameters of some layers, each given once."""
    scopes = [("province", ""), *(("tier", name) for name in TIERS), *(("county", code) for code in COUNTIES)]
    places = [(*scope, *key) for scope in scopes for key in VALUES]
    chosen = st.lists(st.sampled_from(places), unique=True, max_size=24)
    return chosen.flatmap(lambda some: st.tuples(*map(_with_value, some)).map(list))


def _with_value(place: tuple[str, str, str, str]) -> st.SearchStrategy[Said]:
    return st.sampled_from(VALUES[place[2:]]).map(lambda value: Said(*place, value))


def base() -> dict[str, Any]:
    """Return the shipped policy, of four counties, without what a policy may leave out."""
    made = copy.deepcopy(SHIPPED) | {"counties": COMPARED}
    for rule in OPTIONAL:
        del made["rules"][rule]
    for rule, key in OPTIONAL_KEYS:
        del made["rules"][rule][key]
    return made


def document(layers: list[Said]) -> dict[str, Any]:
    """Return that policy with what the layers give."""
    made = base()
    for kind, name, rule, key, value in layers:
        rules = made["rules"] if kind == "province" else made.setdefault(kind, {}).setdefault(name, {}).setdefault("rules", {})
        rules.setdefault(rule, {})[key] = value
    return made


def overlay(each: Said) -> dict[str, Any]:
    return {each.kind: {each.name: {"rules": {each.rule: {each.key: each.value}}}}}


def giving(layers: list[Said], county: str, rule: str, key: str) -> Said | None:
    """Return what is said of a parameter nearest to a county, by looking for the county, its tier, and the province."""
    for kind, name in (("county", county), ("tier", COUNTIES.get(county)), ("province", "")):
        for each in layers:
            if (kind, name, rule, key) == each[:4]:
                return each
    return None


def flat(layers: list[Said], county: str) -> Parameters:
    """Return the parameters of a province in which everybody is told what this county is told."""
    nearest = [giving(layers, county, *place) for place in VALUES]
    whole = document([each._replace(kind="province", name="") for each in nearest if each is not None])
    return parse(whole).province


def parse(made: dict[str, Any]) -> Policy:
    return parse_policy(made, "a.toml")


def test_the_counties_are_those_of_the_shipped_policy() -> None:
    assert {code: county["tier"] for code, county in COMPARED.items()} == COUNTIES
    assert set(TIERS) == {county["tier"] for county in SHIPPED["counties"].values()}


@unhurried
@given(said())
def test_the_nearest_layer_that_says_something_decides(layers: list[Said]) -> None:
    """And a county that no list has is told what the province is told, whatever tiers and counties say."""
    policy = parse(document(layers))

    for county in (*COUNTIES, UNLISTED):
        assert flat(layers, county) == policy.parameters(county), county


@unhurried
@given(said())
def test_of_every_parameter_it_is_said_which_layer_it_comes_from(layers: list[Said]) -> None:
    """What `fangfan policy explain` shows is what judges."""
    made = document(layers)

    for county in (*COUNTIES, UNLISTED):
        shown = {(each.rule, each.key): (each.value, each.layer) for each in in_force(made, county)}
        for rule, key in VALUES:
            nearest = giving(layers, county, rule, key)
            layer = nearest.kind if nearest is not None else "default" if rule in OPTIONAL else "province"
            given = nearest.value if nearest is not None else made["rules"].get(rule, {}).get(key)
            assert layer == shown[rule, key][1], (county, rule, key)
            assert given is None or given == shown[rule, key][0], (county, rule, key)


@unhurried
@given(said())
def test_what_is_shown_of_a_county_is_all_that_judges_it(layers: list[Said]) -> None:
    """Written down as a province's, defaults of what a policy may leave out included, it makes the same parameters."""
    made, policy = document(layers), parse(document(layers))

    for county in (*COUNTIES, UNLISTED):
        rules: dict[str, dict[str, Any]] = {}
        for each in in_force(made, county):
            rules.setdefault(each.rule, {})[each.key] = each.value
        assert {rule: set(keys) for rule, (_, keys) in SHAPES.items()} == {rule: set(keys) for rule, keys in rules.items()}
        assert policy.parameters(county) == parse(base() | {"rules": rules}).province


@unhurried
@given(said(), st.sampled_from([*((("tier", name)) for name in TIERS), *(("county", code) for code in COUNTIES)]), st.data())
def test_an_overlay_reaches_whom_it_names_and_nobody_else(
    layers: list[Said], scope: tuple[str, str], data: st.DataObject
) -> None:
    """Nobody else is judged again because of it, for their marks are the same; whoever is told otherwise is."""
    kind, name = scope
    rule, key = data.draw(st.sampled_from(list(VALUES)))
    value = data.draw(st.sampled_from(VALUES[rule, key]))
    before = parse(document(layers))
    after = parse(
        document([each for each in layers if each[:4] != (kind, name, rule, key)] + [Said(kind, name, rule, key, value)])
    )
    meant = {name} if kind == "county" else {code for code, tier in COUNTIES.items() if tier == name}

    assert before.province == after.province
    for county in {*COUNTIES, UNLISTED} - meant:
        assert (before.parameters(county), before.mark_of(county)) == (after.parameters(county), after.mark_of(county))
    for county in meant:
        changed = before.parameters(county) != after.parameters(county)
        assert not changed or before.mark_of(county) != after.mark_of(county)


@unhurried
@given(said(), st.randoms(use_true_random=False))
def test_overlays_mean_the_same_in_one_file_or_in_many_in_any_order(layers: list[Said], rng: Any) -> None:
    """A folder, the document that is published of it, and a single file."""
    whole_base = document([each for each in layers if each.kind == "province"])
    overlays = [overlay(each) for each in layers if each.kind != "province"]
    rng.shuffle(overlays)
    whole, folder = (
        parse(document(layers)),
        parse_policy(whole_base, "a.toml", [(f"{at}.toml", each) for at, each in enumerate(overlays)]),
    )
    merged = merge_documents(whole_base, overlays)

    for county in (*COUNTIES, UNLISTED):
        assert whole.parameters(county) == folder.parameters(county) == parse(merged).parameters(county)
        assert whole.mark_of(county) == folder.mark_of(county) == parse(merged).mark_of(county)
    assert content_of(document(layers)) == content_of(merged)


def place(each: Difference) -> tuple[str, str, str]:
    return each.scope, each.rule, each.key


@unhurried
@given(said(), said())
def test_what_differs_is_named_by_its_layer_and_all_of_it(one: list[Said], other: list[Said]) -> None:
    before, after = document(one), document(other)
    found = differences(before, after)

    def places(layers: list[Said]) -> dict[tuple[str, str, str], Any]:
        shipped = {("province", rule, key): base()["rules"].get(rule, {}).get(key) for rule, key in VALUES}
        shipped["province", "income-line", "lines"] = [{"from": "2021-01-01", "amount": 6000}]
        return shipped | {(each.name or "province", each.rule, each.key): each.value for each in layers}

    was, now = places(one), places(other)
    assert {each for each in {*was, *now} if was.get(each) != now.get(each)} == {place(each) for each in found}
    back = {place(each): (each.after, each.before) for each in differences(after, before)}
    assert {place(each): (each.before, each.after) for each in found} == back
    assert [] == differences(after, after)
