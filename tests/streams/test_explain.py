"""What a cadre reads: every rule's sentence in Chinese and English, word for word."""

import re
from typing import Any

import pytest

from streams.policy import Policy
from tests.build import cadre, declaration, department, entry, statement
from tests.ways import Pure


def year(wage: str, **over: Any) -> dict[str, Any]:
    return statement("2025-06", "2026-05", wage, **over)


LATER = "2026-06-11T09:00:00+08:00"
WAGE = {"type": "income", "component": "wage", "month": "2025-09", "amount": "100"}
TRANSFER = {"type": "income", "component": "transfer", "month": "2026-04", "amount": "120", "person_id": "P-0001"}
GRADED = {"type": "disability", "person_id": "P-0001", "grade": "2", "since": "2026-06"}
DIED = {"type": "membership", "person_id": "P-0001", "status": "left", "cause": "death", "since": "2026-03"}
BILL = {"type": "spending", "category": "medical", "self_paid": "12000", "month": "2026-05"}
UNINSURED = {"type": "medical_cover", "person_id": "P-0002", "enrolled": False}
DROPOUT = {"type": "schooling", "person_id": "P-0002", "stage": "compulsory", "status": "dropout"}
SENTENCES = [
    ("income-line@1", [entry(), cadre("c1", year("9625.00")), department("d1", "human-resources", WAGE, at=LATER)],
     "人均监测收入4,461.46元，低于6,000元监测线(2021-01-01起)；依据：人社部门9月工资记录、干部6月10日走访",
     "reference income of 4,461.46 yuan a head is under the line of 6,000 yuan (since 2021-01-01); on the word of: "
     "human resources department's wage record for 2025-09, cadre's visit of 2026-06-10"),
    ("income-drop@1", [entry(), cadre("c0", statement("2024-06", "2025-05", "60000"), at="2025-06-10T09:00:00+08:00"),
                       cadre("c1", year("36000"))],
     "人均监测收入由上年同期30,000.00元降至18,000.00元，下降40.00%(预警线30.00%)；"
     "依据：干部2026年6月10日走访、干部2025年6月10日走访",
     "reference income a head fell from 30,000.00 to 18,000.00 yuan within a year, by 40.00 % (warning from 30.00 %); "
     "on the word of: cadre's visit of 2026-06-10, cadre's visit of 2025-06-10"),
    ("policy-dependence@1", [entry(), declaration("d1", year("6000", transfer="10000"))],
     "转移性收入占62.50%(预警线60.00%)，人均监测收入8,000.00元，接近6,000元监测线(2021-01-01起)；依据：农户6月10日申报",
     "62.50 % of income are transfers (warning from 60.00 %), reference income of 8,000.00 yuan a head is near the line of "
     "6,000 yuan (since 2021-01-01); on the word of: household's declaration of 2026-06-10"),
    ("expenditure-shock@1", [entry(), department("m1", "medical-insurance", BILL)],
     "近12个月自付支出12,000.00元，扣除理赔0.00元后为12,000.00元，达到脱贫户预警线5,000.00元；依据：医保部门5月医疗自付支出记录",
     "self-paid spending of 12,000.00 yuan in 12 months, 12,000.00 after claims of 0.00, reaches the 5,000.00 yuan of a "
     "relieved household; on the word of: medical insurance department's medical spending record for 2026-05"),
    ("food@1", [cadre("c1", {"type": "food", "adequate": False})],
     "吃饭有困难；依据：干部6月10日走访", "food is not adequate; on the word of: cadre's visit of 2026-06-10"),
    ("clothing@1", [declaration("c1", {"type": "clothing", "adequate": False})],
     "穿衣有困难；依据：农户6月10日申报", "clothing is not adequate; on the word of: household's declaration of 2026-06-10"),
    ("schooling@1", [department("c1", "education", DROPOUT)],
     "成员P-0002义务教育阶段失学辍学；依据：教育部门6月10日学籍记录",
     "member P-0002 has left compulsory school; on the word of: education department's schooling record of 2026-06-10"),
    ("medical-cover@1", [department("c1", "medical-insurance", UNINSURED)],
     "成员P-0002未参加基本医保；依据：医保部门6月10日参保记录",
     "member P-0002 is not in basic medical insurance; on the word of: medical insurance department's medical cover record "
     "of 2026-06-10"),
    ("housing@1", [cadre("c1", {"type": "housing", "grade": "C"})],
     "住房安全等级为C级；依据：干部6月10日走访", "the house is graded C; on the word of: cadre's visit of 2026-06-10"),
    ("water@1", [department("w0", "water", {"type": "water", "safe": True}, at="2026-06-09T09:00:00+08:00"),
                 cadre("c1", {"type": "water", "safe": False})],
     "饮水不安全；各渠道说法不一，需核实；依据：干部6月10日走访、水利部门6月9日饮水记录",
     "drinking water is not safe; channels disagree, please verify; on the word of: cadre's visit of 2026-06-10, "
     "water department's water record of 2026-06-09"),
    ("disability@1", [department("c1", "disabled-federation", GRADED)],
     "成员P-0001新增2级残疾(2026-06发证)；依据：残联6月10日残疾记录",
     "member P-0001 is newly disabled, grade 2 (certificate of 2026-06); on the word of: disabled persons' federation's "
     "disability record of 2026-06-10"),
    ("insurance-gap@1", [entry(), department("i1", "insurance", {"type": "cover", "kind": "price", "covered": False,
                                                                 "until": "2026-12"})],
     "重点帮扶县未投价格保险；依据：保险机构6月10日保险记录",
     "no price insurance in a key county; on the word of: insurer's insurance cover record of 2026-06-10"),
    ("deceased-paid@1", [department("p1", "public-security", DIED), department("t1", "civil-affairs", TRANSFER, at=LATER)],
     "成员P-0001已于2026-03死亡，其后仍发放1笔共120.00元；依据：民政部门4月转移收入记录、公安部门6月10日人口变动记录",
     "member P-0001 died in 2026-03; 1 payment of 120.00 yuan in all came after; on the word of: civil affairs department's "
     "transfer record for 2026-04, public security department's membership record of 2026-06-10"),
    ("deceased-paid@1", [department("p1", "public-security", DIED),
                         department("t1", "civil-affairs", TRANSFER, TRANSFER | {"month": "2026-05"}, at=LATER)],
     "成员P-0001已于2026-03死亡，其后仍发放2笔共240.00元；"
     "依据：民政部门4月转移收入记录、民政部门5月转移收入记录、公安部门6月10日人口变动记录",
     "member P-0001 died in 2026-03; 2 payments of 240.00 yuan in all came after; on the word of: civil affairs department's "
     "transfer record for 2026-04, civil affairs department's transfer record for 2026-05, public security department's "
     "membership record of 2026-06-10"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "records", "zh", "en"), SENTENCES, ids=[f"{at} {each[0]}" for at, each in enumerate(SENTENCES)]
)
def test_a_reason_says_what_against_what_and_on_whose_word(
    policy: Policy, rule: str, records: list[dict[str, Any]], zh: str, en: str
) -> None:
    _, alerts = Pure(policy)(*records)
    reason = next(each for each in alerts[-1].reasons if each.rule == rule)

    assert (zh, en) == (reason.explanation.zh, reason.explanation.en)


def test_many_reports_are_summed_up(policy: Policy) -> None:
    bill = {"type": "spending", "category": "other", "self_paid": "2000", "month": "2026-05"}
    spent = [cadre(f"c{day}", bill, at=f"2026-06-0{day}T09:00:00+08:00") for day in range(1, 6)]
    _, alerts = Pure(policy)(entry(), *spent)

    assert alerts[-1].reasons[0].explanation.zh.endswith("依据：干部6月5日走访、干部6月4日走访、干部6月3日走访等5项")
    assert alerts[-1].reasons[0].explanation.en.endswith(" and 2 more")


def test_amounts_of_a_sentence_are_the_alerts_own(policy: Policy) -> None:
    for _, records, _, _ in SENTENCES:
        for alert in Pure(policy)(*records)[1]:
            for reason in alert.reasons:
                own = {reason.value, reason.threshold, *reason.figures.values()}
                said = {text.replace(",", "") for text in re.findall(r"[0-9,]+\.[0-9]{2}", reason.explanation.en)}

                assert said <= own
