"""The board that `decide` asks: 500,000 disclosures and 1,000,000 grants, made once in the bench's own database."""

from portal.access.actor import Actor
from portal.access.principals import KIND_PRINCIPALS, PUBLIC, OrgKind
from portal.core.connect import Urls, libpq

import psycopg

ITEMS, GRANTS = 500_000, 1_000_000
ENTERPRISES = 2_000
FIRST_OWNER = 2_000_000  # principals of the enterprises' organisations
MANY, FEW, NONE, ENDED = 3_000_001, 3_000_002, 3_000_003, 3_000_004
MANY_ITEMS, FEW_ITEMS, ENDED_ITEMS = 300_000, 31, 100_000
OTHERS = 5_000  # other organisations share the rest

_GRANT = (
    "insert into portal.access_grant (ref, object_kind, object_id, enterprise_id, owner, principal, basis, purpose, readable_at,"
    " starts, ends) select substr(md5('{tag}' || d.id), 1, 16), 'disclosure', d.id, d.enterprise_id, d.owner, {principal}, 'will',"
    " 'bench', d.published_at, d.published_at, {ends} from portal.disclosure d where {which}"
)
_LATER, _PAST = "now() + interval '1 year'", "now() - interval '1 day'"


def statements() -> list[str]:
    """What makes the board, in order; the indexes of the grants come last, as in a bulk load."""
    rest = GRANTS - MANY_ITEMS - FEW_ITEMS - ENDED_ITEMS
    spread = f"({MANY} + 100 + (d.id * 7919) % {OTHERS})::int"
    return [
        f"insert into portal.principal (id, word) select {FIRST_OWNER} + n, 'org:bench' || n from generate_series(1, {ENTERPRISES}) n",
        "insert into portal.organisation (ref, kind, name, uscc, principal) select 'bench' || n, 'enterprise', '企业' || n, 'bench' || n,"
        f" {FIRST_OWNER} + n from generate_series(1, {ENTERPRISES}) n",
        "insert into portal.disclosure (ref, enterprise_id, owner, kind, title, body, state, published_at)"
        f" select substr(md5('item' || n), 1, 16), 1 + n % {ENTERPRISES}, {FIRST_OWNER} + 1 + n % {ENTERPRISES}, 'periodic',"
        " '经营快报第 ' || n || ' 期', repeat('本月轴承交付平稳。', 20), 'published', now() - interval '300 days' + n * interval '40 seconds'"
        f" from generate_series(1, {ITEMS}) n",
        "drop index portal.access_grant_feed, portal.access_grant_object, portal.access_grant_owner",
        _GRANT.format(tag="many", principal=MANY, ends=_LATER, which=f"d.id % 5 < 3 and d.id <= {ITEMS}"),
        _GRANT.format(tag="few", principal=FEW, ends=_LATER, which=f"d.id % {ITEMS // FEW_ITEMS} = 1 and d.id < {ITEMS // FEW_ITEMS * FEW_ITEMS}"),
        _GRANT.format(tag="ended", principal=ENDED, ends=_PAST, which="d.id % 5 = 4"),
        *(
            _GRANT.format(tag=f"rest{turn}", principal=spread.replace("7919", str(7919 + turn)), ends=_LATER,
                          which=f"d.id <= {rest - turn * ITEMS}")
            for turn in range(-(-rest // ITEMS))
        ),
        "create index access_grant_feed on portal.access_grant (principal, object_kind, readable_at desc, object_id desc)"
        " include (starts, ends, enterprise_id, basis) where revoked_at is null",
        "create index access_grant_object on portal.access_grant (object_kind, object_id, principal)"
        " include (starts, ends, basis) where revoked_at is null",
        "create index access_grant_owner on portal.access_grant (owner, object_kind)",
    ]  # fmt: skip


def build(urls: Urls) -> None:
    """Fill a fresh database, as its administrator and in one transaction: a build that was broken off leaves nothing."""
    with psycopg.connect(libpq(urls.admin or "")) as connection:
        connection.execute("set maintenance_work_mem = '256MB'")
        for statement in statements():
            connection.execute(statement.encode())
    with psycopg.connect(libpq(urls.admin or ""), autocommit=True) as connection:
        for table in ("disclosure", "access_grant", "organisation", "principal"):
            connection.execute(f"vacuum (analyze) portal.{table}".encode())


def is_built(urls: Urls) -> bool:
    """Whether an earlier run has filled the database."""
    with psycopg.connect(libpq(urls.admin or "")) as connection:
        row = connection.execute("select exists (select from portal.access_grant where principal = %s)", [ENDED]).fetchone()
        return bool(row and row[0])


def reader(principal: int) -> Actor:
    """Somebody of the organisation whose principal is `principal`."""
    person = principal + 1_000_000
    return Actor(
        person_id=1, person_principal=person, organisation_principal=principal, kind=OrgKind.FUND_MANAGER, roles=frozenset({"staff"}),
        principals=(PUBLIC, KIND_PRINCIPALS[OrgKind.FUND_MANAGER], principal, person),
    )  # fmt: skip
