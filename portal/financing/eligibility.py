"""Whether an application would fit a product's own terms: 符合, 不符 or 未知, each with its reason.

Only what the lender wrote into the product is judged; whether it lends is the lender's decision (（十）3).
"""

from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

from portal.core.clock import today
from portal.financing.amounts import fen_to_wan
from portal.financing.words import TIERS, region_names, tier_names


class Verdict(StrEnum):
    """The three answers; `unknown` says which fact would decide."""

    FITS = "fits"
    FAILS = "fails"
    UNKNOWN = "unknown"


class Terms(Protocol):
    """What of a product is judged: the product itself, or the terms an application was made under."""

    amount_min: Any
    amount_max: Any
    term_min: Any
    term_max: Any
    tiers: Any
    regions: Any
    valid_until: Any


@dataclass(frozen=True)
class KeptTerms:
    """The terms an application was made under, as its row keeps them."""

    amount_min: int
    amount_max: int
    term_min: int
    term_max: int
    tiers: list[str]
    regions: list[str]
    valid_until: date | None

    @classmethod
    def of(cls, terms: dict[str, Any]) -> "KeptTerms":
        until = date.fromisoformat(terms["valid_until"]) if terms["valid_until"] else None
        return cls(valid_until=until, **{field.name: terms[field.name] for field in fields(cls) if field.name != "valid_until"})


@dataclass(frozen=True)
class Applicant:
    """What is known of who would apply; None is unknown."""

    tier: str | None = None
    province_code: str | None = None
    amount: int | None = None
    term: int | None = None


@dataclass(frozen=True)
class Check:
    """One condition: what the product asks, what the applicant has, and the verdict with its reason."""

    condition: str
    fact: str
    verdict: Verdict
    reason: str = ""


def checks(terms: Terms, applicant: Applicant, on: date | None = None) -> list[Check]:
    """Every condition of `terms` that can be judged, in the order a reader asks them; `on` defaults to today in China."""
    found = [_tier(terms, applicant), _region(terms, applicant), _amount(terms, applicant), _term(terms, applicant)]
    day = on or today()
    if terms.valid_until is not None and terms.valid_until < day:
        found.append(Check(f"有效至 {terms.valid_until}", str(day), Verdict.FAILS, "产品已过有效期。"))
    return found


def fits(terms: Terms, applicant: Applicant) -> bool:
    """Whether nothing fails; what is unknown does not stand in the way."""
    return all(check.verdict is not Verdict.FAILS for check in checks(terms, applicant))


def _tier(terms: Terms, applicant: Applicant) -> Check:
    condition = "专板" + tier_names(terms.tiers)
    if not terms.tiers:
        return Check(condition, TIERS.get(applicant.tier or "", "—"), Verdict.FITS)
    if applicant.tier is None:
        return Check(condition, "—", Verdict.UNKNOWN, "还没有层级。分层后可判断，不影响申请。")
    if applicant.tier in terms.tiers:
        return Check(condition, TIERS[applicant.tier], Verdict.FITS)
    return Check(condition, TIERS[applicant.tier], Verdict.FAILS, f"产品只给{tier_names(terms.tiers)}。")


def _region(terms: Terms, applicant: Applicant) -> Check:
    code = applicant.province_code
    fact = region_names([code]) if code else "—"
    condition = "注册地在" + region_names(terms.regions) if terms.regions else "不限地区"
    if not terms.regions:
        return Check(condition, fact, Verdict.FITS)
    if code is None:
        return Check(condition, fact, Verdict.UNKNOWN, "登记资料里没有省份，补上后可判断。")
    if code in terms.regions:
        return Check(condition, fact, Verdict.FITS)
    return Check(condition, fact, Verdict.FAILS, f"产品只给{region_names(terms.regions)}的企业。")


def _amount(terms: Terms, applicant: Applicant) -> Check:
    low, high = fen_to_wan(terms.amount_min), fen_to_wan(terms.amount_max)
    condition = f"金额 {low}–{high} 万元"
    if applicant.amount is None:
        return Check(condition, "—", Verdict.UNKNOWN, "填写金额后可判断。")
    fact = f"{fen_to_wan(applicant.amount)} 万元"
    if applicant.amount < terms.amount_min:
        short = fen_to_wan(terms.amount_min - applicant.amount)
        return Check(condition, fact, Verdict.FAILS, f"比最低额度少 {short} 万元，最低 {low} 万元。")
    if applicant.amount > terms.amount_max:
        over = fen_to_wan(applicant.amount - terms.amount_max)
        return Check(condition, fact, Verdict.FAILS, f"比最高额度多 {over} 万元，最高 {high} 万元。")
    return Check(condition, fact, Verdict.FITS)


def _term(terms: Terms, applicant: Applicant) -> Check:
    condition = f"期限 {terms.term_min}–{terms.term_max} 个月"
    if applicant.term is None:
        return Check(condition, "—", Verdict.UNKNOWN, "填写期限后可判断。")
    fact = f"{applicant.term} 个月"
    if applicant.term < terms.term_min:
        return Check(condition, fact, Verdict.FAILS, f"最短 {terms.term_min} 个月。")
    if applicant.term > terms.term_max:
        return Check(condition, fact, Verdict.FAILS, f"最长 {terms.term_max} 个月。")
    return Check(condition, fact, Verdict.FITS)
