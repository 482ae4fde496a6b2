"""A small random board, described row by row: what the database is filled with and what the reference reasons about.

Rows carry explicit numbers and references, so that a world and any part of it are written with the same ids everywhere.
Whatever only some may read holds a word that stands nowhere else: a leak of it changes bytes.
"""

import hashlib
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from portal.access.principals import FIRST_FREE, KIND_PRINCIPALS, QUALIFIED, OrgKind
from portal.core.clock import local

Row = dict[str, Any]

# Fixed parts of the cast: user name -> (kind, name of the organisation). Enterprises' organisations bear the enterprise's name.
CAST = {
    "operator": (OrgKind.OPERATOR, "演练股权交易中心"),
    "bureau": (OrgKind.AUTHORITY, "演练市工信局"),
    "fund": (OrgKind.FUND_MANAGER, "甲基金管理有限公司"),
    "fund2": (OrgKind.FUND_MANAGER, "乙基金管理有限公司"),
    "bank": (OrgKind.BANK, "甲银行股份有限公司"),
    "bank2": (OrgKind.BANK, "乙银行股份有限公司"),
    "broker": (OrgKind.BROKER, "甲证券股份有限公司"),
    "ent": (OrgKind.ENTERPRISE, ""),
    "ent2": (OrgKind.ENTERPRISE, ""),
    "ent3": (OrgKind.ENTERPRISE, ""),
}
# A colleague who only reads, somebody with two organisations, somebody who has left, and nobody at all.
EXTRAS = {"colleague": ("ent",), "double": ("fund", "bank"), "leaver": ("fund",)}
NOBODY = "nobody"
ACTORS = (*CAST, *EXTRAS, NOBODY)
OWNED = ("ent", "ent2", "ent3")

SECTIONS = ("business", "products", "team", "certificates", "financing_need")
BASES = ("public", "will", "duty", "request", "meeting", "event", "application", "party", "review", "consent", "rule")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def ref_of(*parts: object) -> str:
    """A reference that depends on `parts` alone and has the form of a random one."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return "".join(_ALPHABET[byte % 32] for byte in digest[:16])


def token_of(username: str) -> str:
    """What the cookie of that person's browser carries."""
    return f"token-of-{username}"


@dataclass
class World:
    """Rows by table; `stale` are names that the search index still has for enterprises marked as changed."""

    now: datetime
    rows: dict[str, list[Row]] = field(default_factory=dict)
    stale: dict[int, str] = field(default_factory=dict)

    def __getitem__(self, table: str) -> list[Row]:
        return self.rows.setdefault(table, [])

    def add(self, table: str, **row: Any) -> Row:
        """A new row; `id` counts within its table unless it is given."""
        if "id" not in row and table not in WITHOUT_ID:
            row["id"] = len(self[table]) + 1
        self[table].append(row)
        return row

    def copy(self) -> "World":
        return deepcopy(self)

    def one(self, table: str, **where: Any) -> Row:
        """The one row with these values."""
        (found,) = [row for row in self[table] if all(row[k] == v for k, v in where.items())]
        return found

    def organisation(self, username: str) -> Row:
        return self.one("organisation", ref=ref_of("organisation", username))

    def person(self, username: str) -> Row:
        return self.one("person", username=username)


WITHOUT_ID = frozenset({
    "record", "checkpoint", "leaf", "node", "search_dirty", "roadshow_reader", "roadshow_enterprise", "roadshow_link",
})  # fmt: skip


def day(world: World, days: int) -> str:
    return (local(world.now).date() + timedelta(days=days)).isoformat()


def at(world: World, days: float) -> datetime:
    return world.now + timedelta(days=days)


def add_fact(world: World, enterprise: Row, concept: str, carrier: str, carrier_id: int | None, **value: Any) -> None:
    given = {"value": None, "text_value": None, "unit": "", "period_start": None, "period_end": None, "scope": "", "version": 1, **value}
    world.add(
        "fact", enterprise_id=enterprise["id"], owner=enterprise["owner"], concept=concept, carrier=carrier, carrier_id=carrier_id,
        source=f"来源{len(world['fact'])}", source_date=day(world, -40), recorded_at=at(world, -40), **given,
    )  # fmt: skip


def add_grants(world: World, chance: Random, kind: str, row: Row, most: int = 3) -> None:
    """Ties to one object, of every basis and in every state of their period."""
    named = [world.organisation(username)["principal"] for username in CAST]
    others = [QUALIFIED, KIND_PRINCIPALS[OrgKind.BANK], KIND_PRINCIPALS[OrgKind.FUND_MANAGER], FIRST_FREE + 900,
              world.person("double")["principal"], world.person("fund2")["principal"], 1]  # fmt: skip
    for _ in range(chance.randint(0, most)):
        starts, ends, revoked = chance.choice([(-2, 30, None), (-2, 30, None), (-3, 9, None), (2, 30, None), (-9, -1, None), (-3, 9, -1)])
        number = len(world["access_grant"]) + 1
        world.add(
            "access_grant", ref=ref_of("grant", number), object_kind=kind, object_id=row["id"], enterprise_id=row["enterprise_id"],
            owner=row["owner"], principal=chance.choice([*named, *others]), basis=chance.choice(BASES), purpose=f"用途{number}",
            readable_at=at(world, starts), starts=at(world, starts), ends=at(world, ends),
            revoked_at=at(world, revoked) if revoked else None, made_by=None, made_at=at(world, min(starts, 0)),
        )  # fmt: skip


def owned(world: World) -> list[Row]:
    return [row for row in world["enterprise"] if row["owner"]]
