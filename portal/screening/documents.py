"""An enterprise as the index holds it. Only what every reader of the board may read stands in it, so that no figure leaks by a filter."""

from portal.enterprises import industries
from portal.enterprises.models import Enterprise
from search.protocol import Document

READERS = ("board",)  # and the enterprise's own organisation
BIGGEST = 2**53 - 1  # engines keep numbers as doubles


def steps(code: str | None) -> tuple[str, ...]:
    """The industry's whole path of codes, the section first and the code itself last; a filter on any of them finds it."""
    path = tuple(step.code for step in industries.path(code))
    return path if not code or code in path else (*path, code)


def document(row: Enterprise) -> Document:
    """The index document of one enterprise; its id is the database's, its version the row's."""
    own = (f"org:{row.organisation_id}",) if row.organisation_id else ()
    # A scope of capital compares like with like only in one currency.
    capital = row.capital if row.capital_currency == "CNY" and row.capital is not None and row.capital <= BIGGEST else None
    return Document(
        id=str(row.id),
        name=row.name,
        readers=(*READERS, *own),
        version=str(row.version),
        scope=f"{row.summary} {row.scope}".strip(),
        uscc=row.uscc,
        province=row.province_code or "",
        city=row.city_code or "",
        tier=row.tier or "",
        industry=steps(row.industry_code),
        category=tuple(row.categories),
        member=row.member,
        founded=int(row.founded.strftime("%Y%m%d")) if row.founded else None,
        capital=capital,
    )
