"""The facts of a register: which concept each attribute of an enterprise is recorded under, and how a page calls it.

Names that `xbrl/concepts.csv` has are taken from there, so that a reported name or capital can be compared with the register's.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Attribute:
    """A column of `enterprise` that a register fills, its concept and its name on pages."""

    column: str
    concept: str
    label: str


ATTRIBUTES = (
    Attribute("uscc", "UnifiedSocialCreditCode", "统一社会信用代码"),
    Attribute("name", "EntityName", "企业名称"),
    Attribute("founded", "EstablishmentDate", "成立日期"),
    Attribute("capital", "RegisteredCapital", "注册资本"),
    Attribute("company_type", "CompanyType", "企业类型"),
    Attribute("province_text", "RegisteredProvince", "省份"),
    Attribute("city_text", "RegisteredCity", "城市"),
    Attribute("industry_code", "IndustryCode", "行业"),
    Attribute("address", "RegisteredAddress", "地址"),
    Attribute("scope", "BusinessScope", "经营范围"),
)
LABELS = {attribute.concept: attribute.label for attribute in ATTRIBUTES}
CONCEPTS = tuple(LABELS)
