"""How the words of the enterprise database read in Chinese."""

from portal.core.money import MINOR
from portal.enterprises.models import Category, SectionKey, Tier

# Level (number of pips) and word of each tier.
TIERS = {Tier.HATCH: (1, "孵化层"), Tier.STANDARD: (2, "规范层"), Tier.CULTIVATION: (3, "培育层")}
CATEGORIES = {
    Category.INNOVATIVE: "创新型中小企业",
    Category.SPECIALISED: "专精特新中小企业",
    Category.LITTLE_GIANT: "专精特新“小巨人”",
    Category.CHAMPION: "制造业单项冠军",
    Category.HIGH_TECH: "高新技术企业",
}
SECTIONS = {
    SectionKey.BUSINESS: "做什么",
    SectionKey.PRODUCTS: "产品与客户",
    SectionKey.TEAM: "团队",
    SectionKey.CERTIFICATES: "资质与专利",
    SectionKey.FINANCING_NEED: "融资需求",
}
SECTION_HINTS = {
    SectionKey.BUSINESS: "主营业务、技术路线、在产业链里的位置。",
    SectionKey.PRODUCTS: "主要产品、各占多少收入、卖给谁。",
    SectionKey.TEAM: "负责人和骨干的分工与经历。",
    SectionKey.CERTIFICATES: "认定、标准、专利，写明年份和编号。",
    SectionKey.FINANCING_NEED: "轮次、金额、用途、时间。",
}
AUDIENCES = {"qualified": "全体合格投资者", "banks": "全体银行", "organisation": "一家机构"}


def hundredths(amount: int | None, currency: str | None) -> int | None:
    """An amount in the currency's smallest unit as hundredths of its unit, which is what pages format (日元 has no 分)."""
    return None if amount is None else amount * 100 // MINOR[currency or "CNY"]
