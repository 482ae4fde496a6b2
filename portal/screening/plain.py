"""The board's list from PostgreSQL alone, for when the engine is down or far behind: exact, plainer (parts of names only)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.core.paging import PAGE_SIZE
from portal.enterprises import industries, policy
from portal.enterprises.models import Enterprise
from portal.screening.criteria import Criteria
from portal.screening.documents import steps

COLUMNS = {
    "province": Enterprise.province_code,
    "city": Enterprise.city_code,
    "industry": Enterprise.industry_code,
    "tier": Enterprise.tier,
}
ORDERS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "relevance": (func.length(Enterprise.name), Enterprise.name),
    "name": (Enterprise.name,),
    "founded": (Enterprise.founded.desc().nulls_last(),),
    "oldest": (Enterprise.founded.asc().nulls_last(),),
    "capital": (Enterprise.capital.desc().nulls_last(),),
}


def answer(db: Session, actor: Actor, criteria: Criteria) -> tuple[Sequence[Enterprise], int, dict[str, dict[str, int]]]:
    """Rows of the page, the exact total, and counts per filter (each ignoring its own choice)."""
    conditions = _conditions(actor, criteria)
    page = (
        select(Enterprise)
        .where(*conditions)
        .order_by(*ORDERS[criteria.sort], Enterprise.id)
        .offset(criteria.offset)
        .limit(PAGE_SIZE)
    )
    total = db.scalar(select(func.count()).select_from(Enterprise).where(*conditions)) or 0
    return db.scalars(page).all(), total, {name: _counts(db, actor, criteria, name) for name in criteria.counted}


def _conditions(actor: Actor, criteria: Criteria, ignore: str = "") -> list[ColumnElement[bool]]:
    found = [policy.readable(actor)]
    if not criteria.whole_register:
        found.append(Enterprise.member.is_(True))
    for word in criteria.text.split()[:8]:
        found.append(func.strpos(func.lower(func.concat(Enterprise.name, " ", Enterprise.uscc)), word.lower()) > 0)
    for name, values in criteria.filters.items():
        if name == ignore:
            continue
        if name == "category":
            found.append(Enterprise.categories.overlap(list(values)))
        elif name == "industry":
            found.append(or_(*(Enterprise.industry_code.startswith(code, autoescape=True) for code in _codes(values))))
        else:
            found.append(COLUMNS[name].in_(values))
    return found


def _codes(values: Sequence[str]) -> list[str]:
    """Beginnings of the codes that lie under the chosen ones: a section's divisions, else the code itself."""
    found = [code for v in values for code in ([d.code for d in industries.within(v)] if v.isalpha() else [v])]
    return found or ["none"]


def _counts(db: Session, actor: Actor, criteria: Criteria, name: str) -> dict[str, int]:
    column = func.unnest(Enterprise.categories) if name == "category" else COLUMNS[name]
    value = column.label("value")
    asked: Select[Any] = (
        select(value, func.count()).select_from(Enterprise).where(*_conditions(actor, criteria, ignore=name)).group_by(value)
    )
    counts = {str(v): n for v, n in db.execute(asked) if v is not None}
    if name != "industry":
        return counts
    whole: dict[str, int] = {}
    for code, n in counts.items():
        for step in steps(code):
            whole[step] = whole.get(step, 0) + n
    return whole
