"""How the demo ends for the pilot county: its households, what the shadow policy finds, who is silent, what waits."""

from rich.table import Table

from fangfan.demo_found import Found
from fangfan.demo_tables import compare, of, right
from fangfan.demo_verdict import feeds_good, pilot_good, place_good, shadow_good, trial_places, waiting_good
from fangfan.looks import SEVERITY_ZH, TRANSITION_ZH, grid
from fangfan.pilot_plants import PILOTS, PILOTS_ZH, PilotPlant
from fangfan.truth import Simulation


def pilot_table(simulation: Simulation, found: Found) -> Table:
    """Return what was planted in the pilot county against what was found, and what came of it as a whole."""
    title = "pilot county, a version published midway 试点县，中途发布新版政策"
    table = grid("pilot county 试点县", "must be said 应发出", "planted 预设", "found 发现", "", title=title)
    for name, plant in PILOTS.items():
        households = of(simulation.pilots, name)
        good = sum(pilot_good(household, name, found) for household in households)
        compare(table, f"{name} {PILOTS_ZH[name]}", _said(plant), len(households), good)
    table.add_section()
    planted = [PILOTS[name] for name in simulation.pilots.values()]
    shadowed = simulation.shadowed()
    more = len(shadowed) - len(simulation.planted)
    compare(table, "shadow policy 影子政策", f"all planted and {more} more 全部预设，另加{more}户", len(shadowed),
            sum(found.shadow.get(each) == rules for each, rules in shadowed.items()),
            good=shadow_good(simulation, found))  # fmt: skip
    feeds = [plant for plant in planted if plant.silent]
    names = ", ".join(str(plant.feed) for plant in feeds)
    compare(
        table, "silent departments 中断部门", names, len(feeds), sum(found.feeds.values()), good=feeds_good(simulation, found)
    )
    compare(table, "withheld 暂缓发出", "within the window 窗口期内", sum(plant.waits for plant in planted), found.waiting,
            good=waiting_good(simulation, found))  # fmt: skip
    for place in trial_places(simulation):
        said = found.areas.get(place.area)
        compare(table, f"place 地方 {place.area}", "at risk by its share 占登记户比例达标", len(place.members),
                len(said.members) if said is not None else 0, good=place_good(place, found))  # fmt: skip
    return right(table, 2, 3)


def _said(plant: PilotPlant) -> str:
    """Return in words what must be published of a household, or found by the shadow alone."""
    if plant.shadow:
        return f"nothing, {', '.join(sorted(plant.shadow))} by the shadow 不发出，仅影子政策发现"
    said = ", then ".join(f"{kind} {severity} {TRANSITION_ZH[kind]}{SEVERITY_ZH[severity]}" for kind, severity in plant.said)
    return f"{', '.join(sorted(plant.rules))}: {said}" if said else "nothing 不发出"
