"""The fictional board of the demo: every name, code and figure is invented and every enterprise is marked 演示."""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from stdnum.cn import uscc

from portal.access.principals import OrgKind

TABLE = Path(__file__).with_name("board.csv")


@dataclass(frozen=True)
class Invented:
    """One fictional enterprise, ready to be entered."""

    uscc: str
    name: str
    city_text: str
    city_code: str
    industry_code: str
    tier: str
    categories: tuple[str, ...]
    founded: date
    capital_wan: int
    summary: str
    scope: str


def code(number: int, kind: str = "91") -> str:
    """A well-formed credit code that no registry gave out: area 659999 is not assigned."""
    body = f"{kind}659999MADEM{number:04d}"
    return body + uscc.calc_check_digit(body)


def enterprises() -> list[Invented]:
    """The board's fictional enterprises in a fixed order."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [
            Invented(
                uscc=code(number), name=row["name"], city_text=row["city_text"], city_code=row["city_code"],
                industry_code=row["industry_code"], tier=row["tier"], categories=tuple(row["categories"].split("|")),
                founded=date.fromisoformat(row["founded"]), capital_wan=int(row["capital_wan"]),
                summary=row["summary"], scope=row["scope"],
            )
            for number, row in enumerate(csv.DictReader(file), start=1)
        ]  # fmt: skip


@dataclass(frozen=True)
class Account:
    """One demo account: its user name is its role."""

    username: str
    person: str
    organisation: str
    kind: OrgKind
    qualified: bool = True
    note: str = ""


ACCOUNTS = (
    Account("operator", "陆知微", "北庭股权交易中心有限责任公司", OrgKind.OPERATOR, note="运营机构"),
    Account("enterprise", "顾青禾", "天山精密轴承股份有限公司", OrgKind.ENTERPRISE, note="企业，融过资"),
    Account("enterprise2", "许南樵", "石河子砾川轴承钢管有限公司", OrgKind.ENTERPRISE, note="企业，没有融过资"),
    Account("fund", "罗砚秋", "砚台山私募基金管理有限公司", OrgKind.FUND_MANAGER, note="合格投资者，A 轮投资人"),
    Account("fund2", "程未央", "赤谷创业投资管理有限公司", OrgKind.FUND_MANAGER, note="合格投资者"),
    Account("bank", "沈知衡", "瑶池商业银行股份有限公司", OrgKind.BANK, note="银行"),
    Account("bank2", "裴远舟", "疏勒河农村商业银行股份有限公司", OrgKind.BANK, note="另一家银行"),
    Account("guarantor", "温如岚", "博格达融资担保有限公司", OrgKind.GUARANTOR, note="担保机构"),
    Account("broker", "秦暮山", "北庭证券股份有限公司", OrgKind.BROKER, note="证券公司"),
    Account("bureau", "艾山江·云", "北庭市工业和信息化局", OrgKind.AUTHORITY, note="地方工信部门"),
    Account("regulator", "闻人溪", "北庭证券监管办公室", OrgKind.AUTHORITY, note="监管部门"),
    Account("visitor", "林见川", "远岫私募基金管理有限公司", OrgKind.FUND_MANAGER, qualified=False, note="还不是合格投资者"),
)
