"""Staged rows into the database: COPY into a temporary table, then set-based merging, as portal_system.

COPY into a table behind row-level security is refused by PostgreSQL, hence the staging table. A file is one transaction:
a file that turns out to be damaged halfway, or a machine that stops, leaves nothing behind; a batch only bounds the staging
table and the length of one event. Where a source is silent about something, what was known stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.core.events import emit
from portal.enterprises.events import EnterprisesChanged
from portal.enterprises.intake.rows import Staged
from portal.enterprises.register import ATTRIBUTES

BATCH = 5_000
LOCK = 6_006_001  # one import at a time; the number only has to be this program's own

STAGING = """create temporary table if not exists register_row (
  line bigint not null, uscc text not null, name text not null, founded date, capital bigint, capital_currency text,
  company_type text, province_text text, city_text text, province_code text, city_code text, district_code text,
  industry_code text, address text, scope text) on commit drop"""

PLAIN = ("name", "founded", "company_type", "province_text", "city_text", "industry_code", "address", "scope")
PLACE = ("province_code", "city_code", "district_code")
TEXTS = frozenset({"company_type", "province_text", "city_text", "address", "scope"})


def _fact_rows() -> str:
    """One row per attribute: concept, figure, words, unit, and whether it is new against the enterprise `e`."""
    rows = []
    for attribute in ATTRIBUTES:
        column = attribute.column
        if column == "capital":
            fresh = "(s.capital, s.capital_currency) is distinct from (e.capital, e.capital_currency)"
            rows.append(f"('{attribute.concept}', s.capital, null::text, coalesce(s.capital_currency, ''), {fresh})")
        else:
            rows.append(f"('{attribute.concept}', null::bigint, s.{column}::text, '', s.{column} is distinct from e.{column})")
    return ", ".join(rows)


_FACTS = f"""insert into portal.fact
  (enterprise_id, owner, concept, value, text_value, unit, source, source_date, version, carrier)
select e.id, e.owner, v.concept, v.value, v.words, v.unit, :source, :source_date, {{version}}, 'register'
from register_row s join portal.enterprise e on e.uscc = s.uscc
cross join lateral (values {_fact_rows()}) v (concept, value, words, unit, fresh)
where (v.value is not null or v.words is not null) and {{which}} order by e.id"""

_DIFFERS = " or ".join(
    [f"(s.{column} is not null and s.{column} is distinct from e.{column})" for column in PLAIN]
    + ["(s.capital is not null and (s.capital, s.capital_currency) is distinct from (e.capital, e.capital_currency))"]
    + [f"(s.province_text is not null and s.{column} is distinct from e.{column})" for column in PLACE]
)
_CHANGED = text(f"select e.id from register_row s join portal.enterprise e on e.uscc = s.uscc where {_DIFFERS} order by e.id")
_FACTS_OF_CHANGED = text(_FACTS.format(version="e.version + 1", which="e.id = any(:ids) and v.fresh"))
_FACTS_OF_NEW = text(_FACTS.format(version="1", which="e.id = any(:ids)"))
_UPDATE = text(
    "update portal.enterprise e set version = e.version + 1, updated_at = now(), "
    + ", ".join(f"{column} = coalesce(s.{column}, e.{column})" for column in PLAIN)
    + ", capital = case when s.capital is null then e.capital else s.capital end"
    + ", capital_currency = case when s.capital is null then e.capital_currency else s.capital_currency end, "
    + ", ".join(f"{c} = case when s.province_text is null then e.{c} else s.{c} end" for c in PLACE)
    + " from register_row s where s.uscc = e.uscc and e.id = any(:ids)"
)
_COLUMNS = ("uscc", *PLAIN, "capital", "capital_currency", *PLACE)
_INSERT = text(
    f"insert into portal.enterprise ({', '.join(_COLUMNS)}) select "
    + ", ".join(f"coalesce(s.{column}, '')" if column in TEXTS else f"s.{column}" for column in _COLUMNS)
    + " from register_row s order by s.line on conflict (uscc) do nothing returning id"
)


@dataclass(frozen=True)
class Merged:
    """What one batch did."""

    added: int
    updated: int
    unchanged: int


def prepare(db: Session) -> None:
    """Take the import's turn and make the staging table; both end with the transaction."""
    db.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    db.execute(text(STAGING))


def merge(db: Session, rows: Sequence[Staged], source: str, source_date: date) -> Merged:
    """Put one batch in; tells the features above which enterprises changed. No credit code may occur twice in `rows`."""
    _stage(db, rows)
    about = {"source": source, "source_date": source_date}
    changed = list(db.scalars(_CHANGED))
    if changed:
        db.execute(_FACTS_OF_CHANGED, {"ids": changed, **about})
        db.execute(_UPDATE, {"ids": changed})
    added = list(db.scalars(_INSERT)) if len(changed) < len(rows) else []
    if added:
        db.execute(_FACTS_OF_NEW, {"ids": added, **about})
    if changed or added:
        emit(db, EnterprisesChanged(tuple(changed + added), bulk=True))
    return Merged(len(added), len(changed), len(rows) - len(added) - len(changed))


def _stage(db: Session, rows: Sequence[Staged]) -> None:
    connection = db.connection().connection.driver_connection
    assert connection is not None
    with connection.cursor() as cursor:
        cursor.execute("truncate register_row")
        with cursor.copy("copy register_row from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute("analyze register_row")
