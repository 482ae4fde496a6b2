"""What a reader asked for, read from an address that may hold anything; bounded before any work is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import urlencode

from portal.core.paging import PAGE_SIZE, page_number

LONGEST = 200  # characters of the search text
MOST_VALUES = 40  # values of one filter
FILTERS = ("province", "city", "industry", "tier", "category")
SORTS = {  # name in the address -> (engine's sort, descending, label)
    "relevance": ("relevance", False, "相关度"),
    "name": ("name", False, "名称"),
    "founded": ("founded", True, "成立从近到远"),
    "oldest": ("founded", False, "成立从远到近"),
    "capital": ("capital", True, "注册资本从高到低"),
}


class Arguments(Protocol):
    def get(self, name: str, default: str = "") -> str: ...

    def getlist(self, name: str) -> Sequence[str]: ...


@dataclass(frozen=True)
class Criteria:
    """Text, filters (field -> values), whether the register is searched beyond the board, sort and page."""

    text: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole_register: bool = False
    sort: str = "relevance"
    page: int = 1

    @property
    def offset(self) -> int:
        return (self.page - 1) * PAGE_SIZE

    @property
    def narrowed(self) -> bool:
        return bool(self.text or self.filters)

    @property
    def counted(self) -> tuple[str, ...]:
        """The filters whose values are offered with counts: cities only once a province narrows them, or one is chosen."""
        cities = bool(self.filters.get("city")) or len(self.filters.get("province", ())) == 1
        return FILTERS if cities else tuple(name for name in FILTERS if name != "city")

    def address(self, path: str, **changes: object) -> str:
        """The address of this question with some parts changed; every filter stands in it, so it can be shared."""
        other = replace(self, **changes)  # type: ignore[arg-type]
        pairs: list[tuple[str, str]] = [("q", other.text)] if other.text else []
        pairs += [(name, value) for name in FILTERS for value in other.filters.get(name, ())]
        if other.whole_register:
            pairs.append(("scope", "all"))
        if other.sort != "relevance":
            pairs.append(("sort", other.sort))
        if other.page != 1:
            pairs.append(("page", str(other.page)))
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def without(self, name: str, value: str) -> Mapping[str, tuple[str, ...]]:
        """The filters less one value."""
        left = tuple(v for v in self.filters.get(name, ()) if v != value)
        return {k: v for k, v in {**self.filters, name: left}.items() if v}


def read_criteria(args: Arguments) -> Criteria:
    """Criteria from query parameters `q province city industry tier category scope sort page`; nothing raises."""
    filters = {}
    for name in FILTERS:
        values = tuple(dict.fromkeys(v[:40] for v in args.getlist(name)[:MOST_VALUES] if v.strip()))
        if values:
            filters[name] = values
    sort = args.get("sort", "relevance")
    return Criteria(
        text=" ".join(args.get("q", "")[:LONGEST].split()),
        filters=filters,
        whole_register=args.get("scope", "") == "all",
        sort=sort if sort in SORTS else "relevance",
        page=page_number(args.get("page", "")),
    )
