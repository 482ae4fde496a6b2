"""Who may read a disclosure: the same rule as an expression for one item and as keys for long lists.

Row-level security repeats it in migration 0008; a property test holds the three equal.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select

from portal.access.actor import Actor
from portal.disclosures.models import OBJECT, Disclosure, State
from portal.grants import policy as grants


def own(actor: Actor) -> ColumnElement[bool]:
    """Basis `own`: every state, for the enterprise's own people."""
    return grants.owned(actor, Disclosure.owner)


def readable(actor: Actor) -> ColumnElement[bool]:
    """Whether `actor` may read the item: its own people always, others what is published while a grant lives."""
    granted = grants.granted(actor, OBJECT, Disclosure.id, Disclosure.enterprise_id)
    return or_(own(actor), and_(Disclosure.state == State.PUBLISHED.value, granted))


def editable(actor: Actor) -> ColumnElement[bool]:
    """Whether the content may still change: a draft of one's own."""
    return and_(own(actor), Disclosure.state == State.DRAFT.value)


def readable_keys(
    actor: Actor, *, enterprise: int | None = None, before: datetime | None = None, before_id: int | None = None, n: int = 50
) -> Select[Any]:
    """At most `n` keys (`readable_at`, `object_id`, `shown`) given to the actor of this transaction, newest first.

    Fewer than `n` keys mean the end. `shown` is false for a key whose item is not to be listed: the actor's own (an
    audience such as a whole kind may include the author), or one that the policy on disclosures hides because it is not
    published. The walk goes on past those, so it is told of them. Callers add the columns of Disclosure they need.
    """
    keys = grants.feed_keys(OBJECT, enterprise=enterprise, before=before, before_id=before_id, n=n)
    others = and_(Disclosure.state == State.PUBLISHED.value, not_(own(actor)))
    return (
        select(keys.c.readable_at, keys.c.object_id, func.coalesce(others, False).label("shown"))
        .select_from(keys)
        .outerjoin(Disclosure, Disclosure.id == keys.c.object_id)
        .order_by(keys.c.readable_at.desc(), keys.c.object_id.desc())
    )
