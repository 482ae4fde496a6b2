"""How filters and their values are called on the page."""

from dataclasses import dataclass, replace

from portal.core.paging import Page
from portal.enterprises import industries, regions
from portal.enterprises.labels import CATEGORIES, TIERS
from portal.enterprises.models import Enterprise
from portal.screening.criteria import FILTERS, Criteria
from portal.screening.documents import steps

TITLES = {"province": "省份", "city": "城市", "industry": "行业", "tier": "层级", "category": "类别"}
MOST_SHOWN = 12


@dataclass(frozen=True)
class Value:
    """One value of a filter: how many it would give, and whether it is chosen."""

    value: str
    label: str
    count: int
    chosen: bool
    depth: int = 0


@dataclass(frozen=True)
class Group:
    """One filter; `more` are values beyond the first few, behind a disclosure."""

    name: str
    title: str
    values: tuple[Value, ...]
    more: tuple[Value, ...]


def label_of(name: str, value: str) -> str:
    """A filter's value in words; an unknown value as it stands."""
    if name in ("province", "city"):
        found = regions.place(value)
        return found.name if found else value
    if name == "industry":
        return industries.words(value) or value
    if name == "tier":
        return TIERS[value][1] if value in TIERS else value
    return CATEGORIES.get(value, value)


def groups(criteria: Criteria, counts: dict[str, dict[str, int]]) -> list[Group]:
    """The filters with their counts: chosen values always, then the commonest; cities once a province narrows them."""
    made = []
    for name in criteria.counted:
        chosen = criteria.filters.get(name, ())
        found = counts.get(name, {})
        values = [v for v in {*found, *chosen} if _offered(name, v, chosen)]
        listed = [Value(v, label_of(name, v), found.get(v, 0), v in chosen, _depth(name, v)) for v in values]
        listed.sort(key=lambda v: _order(name, v))
        first = [v for k, v in enumerate(listed) if k < MOST_SHOWN or v.chosen]
        made.append(Group(name, TITLES[name], tuple(first), tuple(v for v in listed if v not in first)))
    return made


def _offered(name: str, value: str, chosen: tuple[str, ...]) -> bool:
    """Industries open step by step: divisions, and what lies beneath a chosen one."""
    if name != "industry" or value in chosen:
        return True
    return len(value) == 2 or any(step in chosen for step in steps(value)[:-1])


def _depth(name: str, value: str) -> int:
    return max(0, len(value) - 2) if name == "industry" and value.isdigit() else 0


def _order(name: str, value: Value) -> tuple[object, ...]:
    if name == "tier":
        return (-TIERS[value.value][0] if value.value in TIERS else 0,)
    if name == "industry":
        return (value.value,)
    return (-value.count, value.value)


def chips(criteria: Criteria, path: str) -> list[tuple[str, str, str]]:
    """The conditions in force, each with the address without it."""
    made = [("搜索", criteria.text, criteria.address(path, text="", page=1))] if criteria.text else []
    for name in FILTERS:
        for value in criteria.filters.get(name, ()):
            made.append((TITLES[name], label_of(name, value), criteria.address(path, filters=criteria.without(name, value), page=1)))
    if criteria.whole_register:
        made.append(("范围", "含登记企业", criteria.address(path, whole_register=False, page=1)))
    return made


def relaxations(criteria: Criteria) -> list[tuple[str, Criteria]]:
    """Each way to drop one condition (or to widen to the register), the first page of it."""
    made = [("搜索词", replace(criteria, text="", page=1))] if criteria.text and criteria.filters else []
    for name, values in criteria.filters.items():
        left = {k: v for k, v in criteria.filters.items() if k != name}
        made.append((f"{TITLES[name]}：{'、'.join(label_of(name, v) for v in values[:2])}", replace(criteria, filters=left, page=1)))
    if not criteria.whole_register:
        made.append(("只看专板企业", replace(criteria, whole_register=True, page=1)))
    return made[:6]


def page_links(criteria: Criteria, page: Page, path: str) -> dict[str, object]:
    """Addresses of the pager: neighbours, first and last; None stands for a gap."""
    numbers = sorted({1, page.last, *(n for n in range(page.number - 2, page.number + 3) if 1 <= n <= page.last)})
    links: list[tuple[int, str, bool] | None] = []
    for before, number in zip([0, *numbers], numbers, strict=False):
        if number - before > 1:
            links.append(None)
        links.append((number, criteria.address(path, page=number), number == page.number))
    return {
        "links": links,
        "previous": criteria.address(path, page=page.number - 1) if page.number > 1 else "",
        "next": criteria.address(path, page=page.number + 1) if page.number < page.last else "",
    }


def places(row: Enterprise) -> str:
    """Where an enterprise is, short; the source's own words where the code is unknown."""
    known = [(regions.place(row.province_code), row.province_text), (regions.place(row.city_code), row.city_text)]
    return " ".join(dict.fromkeys(name for place, text in known if (name := place.short if place else text)))


def industry(row: Enterprise) -> str:
    """The industry's name; '' where it is not known."""
    found = industries.nearest(row.industry_code)
    return found.name if found else ""
