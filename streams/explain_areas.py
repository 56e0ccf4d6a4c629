"""What an area's alert means, in Chinese and English."""

from typing import Final

from schemas.alerts import Explanation
from schemas.area_alerts import AreaDay
from schemas.vocabulary import AreaLevel, RiskCause

_BECAUSE: Final[dict[RiskCause, tuple[str, str]]] = {
    "households": ("户数达到{limit}户", "at least {limit} households"),
    "share": ("占登记户的{share}", "{share} of those registered"),
    "disaster": ("其中{disaster}户受灾", "{disaster} of them hit by a disaster"),
    "market": ("其中{market}户遇价格滞销", "{market} of them by a slump of the market"),
}


def explain(
    level: AreaLevel, count: AreaDay, causes: tuple[RiskCause, ...], window_days: int, limit: int, registered: int
) -> Explanation:
    """Return what an area's alert means, in a sentence."""
    zh_level, en_level = {"village": ("村", "village"), "township": ("乡镇", "township")}[level]
    if not causes:
        return Explanation(f"本{zh_level}集中风险已解除", f"the {en_level} is no longer at risk")
    members = count.households
    words = {
        "limit": limit, "share": f"{members * 100 / registered:.1f}%" if registered else "",
        "disaster": count.disaster, "market": count.market,
    }  # fmt: skip
    zh = "、".join(_BECAUSE[cause][0].format(**words) for cause in causes)
    en = ", ".join(_BECAUSE[cause][1].format(**words) for cause in causes)
    return Explanation(
        f"本{zh_level}{window_days}天内新增{members}户预警：{zh}",
        f"{members} households of the {en_level} have a new alert within {window_days} days: {en}",
    )
