"""What a policy's numbers of the rules on signals mean, in Chinese and English."""

from fangfan.looks import SEVERITY_ZH
from schemas.fields import render_money
from streams.policy import BP, Parameters

Meaning = tuple[str, str]


def percent(points: int) -> str:
    """Return basis points as a percentage."""
    return f"{points * 100 / BP:g}%"


def graded(zh: str, en: str, severity: str) -> Meaning:
    """Return what a rule with one severity says."""
    return f"{zh}：{SEVERITY_ZH[severity]}", f"{en}: {severity}"


def meanings(p: Parameters) -> dict[str, Meaning]:
    """Return them by the name of the rule's parameters."""
    return _of_persons(p) | _of_business(p)


def _of_persons(p: Parameters) -> dict[str, Meaning]:
    work, stall, grades, death, entry, born = (
        p.employment, p.skills_stall, p.disability, p.bereavement, p.registration, p.newborn_cover,
    )  # fmt: skip
    hurt = p.accident
    return {
        "employment": (
            f"有劳动力成员无业{work.months}个月起为黄，{work.orange_months}个月起为橙",
            f"a member who could work is out of work for {work.months} months: yellow; {work.orange_months}: orange",
        ),
        "skills_stall": graded(
            f"技能服务停滞{stall.months}个月起", f"waits {stall.months} months in the one-stop line", stall.severity
        ),
        "disability": (
            f"{grades.new_months}个月内新增一级残疾：{SEVERITY_ZH[grades.grade_1]}；二级：{SEVERITY_ZH[grades.grade_2]}",
            f"newly disabled within {grades.new_months} months, grade 1: {grades.grade_1}; grade 2: {grades.grade_2}",
        ),
        "accident": (
            f"{hurt.months}个月内意外重伤：{SEVERITY_ZH[hurt.serious]}；致残：{SEVERITY_ZH[hurt.disabling]}；"
            f"死亡：{SEVERITY_ZH[hurt.fatal]}",
            f"accident within {hurt.months} months, serious: {hurt.serious}; disabling: {hurt.disabling}; fatal: {hurt.fatal}",
        ),
        "deceased_paid": graded("成员死亡后仍发放转移收入", "transfers paid to a member who died", p.deceased_paid.severity),
        "bereavement": graded(f"{death.months}个月内有成员去世", f"a member died within {death.months} months", death.severity),
        "registration": graded(
            f"人口变动{entry.months}个月后登记仍不符", f"the entry differs {entry.months} months after a change", entry.severity
        ),
        "newborn_cover": graded(
            f"新生儿{born.months}至{born.until_months}个月无参保记录",
            f"no word of insurance of a child of {born.months} to under {born.until_months} months",
            born.severity,
        ),
    }


def _of_business(p: Parameters) -> dict[str, Meaning]:
    relief, taken, crop, cost, claim, gap = (
        p.new_relief, p.support_withdrawn, p.production_loss, p.disaster_loss, p.claim_reminder, p.insurance_gap,
    )  # fmt: skip
    case, market, asset, share = p.petition, p.market_slump, p.project_asset, p.dividend
    limit, tiers = render_money(cost.fires_from), ", ".join(gap.tiers)
    twice, four = f"{cost.orange_multiple / BP:g}", f"{cost.red_multiple / BP:g}"
    return {
        "new_relief": graded(
            f"{relief.months}个月内新纳入低保、特困或临时救助",
            f"dibao, destitute support or temporary relief granted within {relief.months} months",
            relief.severity,
        ),
        "support_withdrawn": graded(
            f"脱贫后{taken.transition_months}个月过渡期内帮扶被取消",
            f"support withdrawn within {taken.transition_months} months after the household's relief",
            taken.severity,
        ),
        "production_loss": (
            f"种养损失{percent(crop.fires_from)}起为黄，{percent(crop.orange_from)}起为橙，{percent(crop.red_from)}起为红",
            f"crop or livestock lost from {percent(crop.fires_from)}: yellow; {percent(crop.orange_from)}: orange; "
            f"{percent(crop.red_from)}: red",
        ),
        "disaster_loss": (
            f"近12个月受灾损失减灾害理赔{limit}元起为黄，{twice}倍为橙，{four}倍为红",
            f"disaster losses less claims of 12 months from {limit} yuan: yellow; {twice} times: orange; {four} times: red",
        ),
        "claim_reminder": graded(
            f"已投保，受灾(损失{percent(claim.lost_from)}起)或意外{claim.months}个月后仍未理赔",
            f"insured, nothing claimed {claim.months} months after a loss (from {percent(claim.lost_from)}) or accident",
            claim.severity,
        ),
        "insurance_gap": graded(
            f"{tiers}县未投价格或灾害保险", f"no price or disaster insurance in counties of tier {tiers}", gap.severity
        ),
        "petition": (
            f"诉求未办结：{SEVERITY_ZH[case.open]}；紧急或满{case.overdue_months}个月：{SEVERITY_ZH[case.overdue]}",
            f"open request: {case.open}; urgent or {case.overdue_months} months old: {case.overdue}",
        ),
        "market_slump": (
            f"{market.months}个月内所产农产品价格下跌{percent(market.price_from)}起或滞销{percent(market.sales_from)}起为黄，"
            f"价格下跌{percent(market.orange_from)}起为橙",
            f"within {market.months} months the price of what is grown fell by {percent(market.price_from)}, or "
            f"{percent(market.sales_from)} found no buyer: yellow; price by {percent(market.orange_from)}: orange",
        ),
        "project_asset": graded(
            f"所联结项目资产停运或闲置{asset.months}个月起",
            f"a linked asset out of order or idle for {asset.months} months",
            asset.severity,
        ),
        "dividend": graded(
            f"所联结项目资产{share.months}个月未付分红",
            f"a linked asset has paid nothing for {share.months} months",
            share.severity,
        ),
    }
