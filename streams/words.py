"""The closed words of signals in Chinese and English, by what they are words of."""

from typing import Final, NamedTuple


class Words(NamedTuple):
    """One word in both languages."""

    zh: str
    en: str


def _table(**words: str) -> dict[str, Words]:
    return {word.strip("_"): Words(*both.split("|")) for word, both in words.items()}


KINDS: Final = _table(
    employment="就业|employment",
    skills="技能培训|skills line",
    disability="残疾|disability",
    support="帮扶|support",
    loss="灾损|loss",
    cover="保险|insurance cover",
    accident="意外|accident",
    membership="人口变动|membership",
    petition="诉求|petition",
    grows="种养|production",
    market="行情|market",
    asset_link="资产联结|asset link",
    asset_status="项目资产|project asset",
    dividend="分红|dividend",
    snooze="暂缓提醒|snooze",
)
EMPLOYMENT: Final = _table(
    working="在业|working",
    not_working="无业|out of work",
    seeking="求职|seeking work",
    unable="不能就业|unable to work",
    retired="已退休|retired",
)
PLACES: Final = _table(
    county="县内|in the county",
    province="省内县外|elsewhere in the province",
    outside="省外|outside the province",
)
STEPS: Final = _table(
    filed="已建档|filed",
    trained="已培训|trained",
    assessed="已考核|assessed",
    certified="已取证|certified",
    placed="已就业|placed",
    left="已退出|left",
)
SUPPORT: Final = _table(
    industry="产业帮扶|industry",
    employment="就业帮扶|employment",
    micro_credit="小额信贷|micro-credit",
    public_post="公益性岗位|public-welfare post",
    training="技能培训|training",
    consumption="消费帮扶|consumer assistance",
    dibao="低保|dibao (subsistence allowance)",
    destitute="特困供养|destitute support",
    temporary_relief="临时救助|temporary relief",
    medical_aid="医疗救助|medical aid",
    education_aid="教育资助|education aid",
    school_return="控辍保学|return to school",
    housing_repair="危房改造|housing repair",
    water_works="饮水工程|water works",
    relocation="易地搬迁|relocation",
    infrastructure="基础设施|infrastructure",
    insurance="保险保障|insurance",
    care="照料服务|care",
    other="其他|other",
)
SUPPORT_STATUS: Final = _table(granted="享受中|granted", ended="已到期|ended", withdrawn="被取消|withdrawn")
HAZARDS: Final = _table(
    drought="旱灾|drought",
    flood="洪涝|flood",
    hail="冰雹|hail",
    frost="霜冻|frost",
    wind="大风|wind",
    earthquake="地震|earthquake",
    landslide="滑坡|landslide",
    fire="火灾|fire",
    pest="病虫害|pest",
    epidemic="疫病|epidemic",
    other="其他灾害|another hazard",
)
OBJECTS: Final = _table(
    crop="农作物|crop",
    livestock="牲畜|livestock",
    facility="生产设施|facility",
    house="房屋|house",
    other="其他财产|other property",
)
ACCIDENTS: Final = _table(
    traffic="交通事故|traffic",
    work="工伤|work",
    fire="火灾|fire",
    drowning="溺水|drowning",
    fall="摔伤|fall",
    other="其他意外|other",
)
OUTCOMES: Final = _table(minor="轻伤|minor", serious="重伤|serious", disabling="致残|disabling", fatal="死亡|fatal")
CAUSES: Final = _table(
    birth="出生|birth",
    death="死亡|death",
    marriage="婚嫁|marriage",
    divorce="离婚|divorce",
    split="分户|split",
    merge="并户|merge",
    move="迁移|move",
    other="其他|other",
)
PETITIONS: Final = _table(
    income="收入|income",
    food="吃饭|food",
    housing="住房|housing",
    water="饮水|water",
    education="教育|education",
    medical="就医|medical care",
    employment="就业|employment",
    support="帮扶政策|support",
    land="土地|land",
    disaster="受灾|disaster",
    other="其他|other",
)
PRODUCTS: Final = _table(
    millet="谷子|millet",
    maize="玉米|maize",
    wheat="小麦|wheat",
    sorghum="高粱|sorghum",
    oats="莜麦|oats",
    buckwheat="荞麦|buckwheat",
    beans="豆类|beans",
    potato="马铃薯|potatoes",
    vegetables="蔬菜|vegetables",
    mushrooms="食用菌|mushrooms",
    apple="苹果|apples",
    pear="梨|pears",
    jujube="红枣|jujubes",
    walnut="核桃|walnuts",
    apricot="杏|apricots",
    grape="葡萄|grapes",
    herbs="中药材|herbs",
    sunflower="葵花|sunflowers",
    pig="生猪|pigs",
    sheep="羊|sheep",
    cattle="牛|cattle",
    donkey="驴|donkeys",
    chicken="鸡|chickens",
    bees="蜜蜂|bees",
    fish="鱼|fish",
    other="其他农产品|another product",
)
ASSETS: Final = _table(
    photovoltaic="光伏电站|photovoltaic plant",
    industry="产业项目|industry project",
    workshop="帮扶车间|workshop",
    greenhouse="大棚|greenhouse",
    breeding="养殖场|breeding farm",
    other="其他资产|other asset",
)
ASSET_STATUS: Final = _table(running="运行|running", outage="停运|out of order", idle="闲置|idle")
SNOOZES: Final = _table(
    visited="已走访|visited",
    being_helped="帮扶中|being helped",
    seasonal="季节性|seasonal",
    disputed="有争议|disputed",
    other="其他|other",
)
COVERS: Final = _table(
    price="价格保险|price insurance", disaster="灾害保险|disaster insurance", accident="意外保险|accident insurance"
)
STATES: Final = _table(
    covered="已投保|covered",
    not_covered="未投保|not covered",
    expired="已到期|expired",
    active="在产|active",
    inactive="停产|inactive",
    linked="已联结|linked",
    unlinked="未联结|not linked",
    paid="已付|paid",
    unpaid="未付|unpaid",
    price="价格|price",
    sales="销售|sales",
    open="未办结|open",
    answered="已答复|answered",
    closed="已办结|closed",
    urgent="紧急|urgent",
    normal="一般|normal",
    ended="已结束|over",
    under_way="进行中|under way",
    joined="新增|joined",
    none="无|none",
)
