"""How states, collateral and reasons of financing read in Chinese, and the codes a form offers."""

from portal.enterprises.labels import TIERS as LEVELS
from portal.enterprises.models import Tier
from portal.enterprises.regions import place
from portal.financing.models import ApplicationState, Collateral, ProductState, Reason

TIERS = {tier: word for tier, (_, word) in LEVELS.items()}
COLLATERAL = {
    Collateral.EQUITY: "股权", Collateral.PATENT: "知识产权", Collateral.RECEIVABLES: "应收账款", Collateral.ORDERS: "订单",
    Collateral.EQUIPMENT: "设备", Collateral.CREDIT: "信用", Collateral.GUARANTEE: "担保", Collateral.PROPERTY: "不动产",
}  # fmt: skip
# (kind of chip, word, icon) as templates/components/state.html takes them.
PRODUCT_STATES = {
    ProductState.DRAFT: ("", "草稿", "pencil"),
    ProductState.OPEN: ("ok", "在架", "check"),
    ProductState.CLOSED: ("", "已下架", "x"),
}
APPLICATION_STATES = {
    ApplicationState.SUBMITTED: ("now", "待答复", "clock"),
    ApplicationState.ACCEPTED: ("ok", "已同意", "check"),
    ApplicationState.DECLINED: ("bad", "未同意", "x"),
    ApplicationState.WITHDRAWN: ("", "已撤回", "x"),
}
EVENTS = {
    ApplicationState.SUBMITTED: "提交申请",
    ApplicationState.ACCEPTED: "同意",
    ApplicationState.DECLINED: "不同意",
    ApplicationState.WITHDRAWN: "撤回申请",
}
REASONS = {
    Reason.AMOUNT: "额度不合适",
    Reason.TERM: "期限不合适",
    Reason.COLLATERAL: "担保物不足",
    Reason.FIGURES: "经营或财务情况未达要求",
    Reason.HISTORY: "信用记录未达要求",
    Reason.INDUSTRY: "行业不在投向内",
    Reason.PAPERS: "材料不齐",
    Reason.OTHER: "其他",
}


def tier_names(tiers: list[str]) -> str:
    """Tiers in words, lowest first; empty means every tier of the board."""
    return "、".join(TIERS[tier] for tier in Tier if tier in tiers) or "全部层级"


def region_names(codes: list[str]) -> str:
    """Provinces in words; empty means everywhere."""
    return "、".join(found.short for code in codes if (found := place(code))) or "不限地区"


def collateral_names(kinds: list[str]) -> str:
    """Kinds of collateral in words, in the one order they always have."""
    return "、".join(COLLATERAL[kind] for kind in Collateral if kind in kinds)
