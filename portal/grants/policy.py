"""The one decision: when a grant is live for an actor, as an expression for SQL and as a selectable of keys for long lists.

The same rule stands as row-level policy in the migrations (`ddl.readable`); a property test holds the two and `feed_keys`
equal. Exclusions come from `portal.excluded()`, because the excluded reader must not see the exclusion itself.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Subquery,
    and_,
    any_,
    cast,
    column,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy import all_ as all_of

from portal.access.actor import Actor
from portal.access.basis import Basis
from portal.core.clock import NEVER
from portal.grants.models import Grant

LAST_ID = 1 << 62


def principals(actor: Actor) -> ColumnElement[Any]:
    """The actor's principals as one bound array."""
    return cast(literal(list(actor.principals), ARRAY(Integer)), ARRAY(Integer))


def owned(actor: Actor, owner: ColumnElement[int]) -> ColumnElement[bool]:
    """Basis `own`: the enterprise's own people."""
    return owner == any_(principals(actor))


def not_excluded(enterprise_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The enterprise has not hidden itself from the reader of this transaction."""
    # The cast stands outside: `<> all ((select …))` without it would compare with rows, not with the elements.
    excluded = cast(select(func.portal.excluded()).scalar_subquery(), ARRAY(BigInteger))
    return enterprise_id != all_of(excluded)


def live(grant: type[Grant] = Grant) -> ColumnElement[bool]:
    """A grant that is neither revoked nor before or past its period."""
    return and_(grant.revoked_at.is_(None), grant.starts <= func.now(), grant.ends > func.now())


def granted(actor: Actor, kind: str, object_id: ColumnElement[int], enterprise_id: ColumnElement[int]) -> ColumnElement[bool]:
    """A live grant ties the actor to the object and no exclusion outranks it."""
    return exists(
        select(literal(1))
        .select_from(Grant)
        .where(
            Grant.object_kind == kind,
            Grant.object_id == object_id,
            Grant.principal == any_(principals(actor)),
            live(),
            or_(Grant.basis == Basis.RULE.value, not_excluded(enterprise_id)),
        )
    )


def readable(
    actor: Actor,
    kind: str,
    object_id: ColumnElement[int],
    owner: ColumnElement[int],
    enterprise_id: ColumnElement[int],
) -> ColumnElement[bool]:
    """Whether `actor` may read the object: for one object, for re-checking ids, for a button; never to page a large table."""
    return or_(owned(actor, owner), granted(actor, kind, object_id, enterprise_id))


def feed_keys(
    kind: str,
    *,
    enterprise: int | None = None,
    before: datetime | None = None,
    before_id: int | None = None,
    n: int = 50,
) -> Subquery:
    """Keys (`readable_at`, `object_id`) of what the transaction's reader may read by grant, newest first, below (before, before_id).

    The principals come from the transaction's setting and from nowhere else; the enterprise's own objects are not among them.
    """
    keys = func.portal.feed_keys(
        kind,
        cast(literal(enterprise) if enterprise is not None else null(), BigInteger),
        cast(literal(before or NEVER), DateTime(timezone=True)),
        cast(literal(LAST_ID if before_id is None else before_id), BigInteger),
        n,
    ).table_valued(column("readable_at", DateTime(timezone=True)), column("object_id", BigInteger))
    return select(keys.c.readable_at, keys.c.object_id).where(true()).subquery("keys")
