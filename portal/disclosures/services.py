"""Verbs on disclosures: give, take back, read. Each act is checked, written and recorded in one transaction."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.basis import CHOSEN_BY_ENTERPRISE, Basis
from portal.core.clock import CHINA, now, today
from portal.core.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.core.events import emit
from portal.core.storage import Store, StoreUnavailable
from portal.disclosures import audience, queries
from portal.disclosures.audience import Addressee, Reach
from portal.disclosures.cursor import Cursor
from portal.disclosures.drafts import CHANGED, about, line
from portal.disclosures.events import DisclosurePublished, DisclosureShared, DisclosureWithdrawn
from portal.disclosures.models import OBJECT, TRANSITIONS, Disclosure, Document, State
from portal.evidence.services import record, record_read, record_reads
from portal.grants.queries import Holder, holders
from portal.grants.services import grant, revoke, revoke_object

PURPOSE_LENGTH, REASON_LENGTH = 100, 200  # characters
LONGEST = timedelta(days=3653)  # a period is a limit, not a formality
# What the enterprise gave it may take back; a tie made by a process or a rule ends with that process or rule.
REVOCABLE = frozenset({Basis.WILL, Basis.DUTY, Basis.REQUEST, Basis.CONSENT})


# ── giving ──


@dataclass(frozen=True)
class Preview:
    """Necessity preview: the chosen audiences, on which basis and until when, and exactly who will be able to read.

    `new` leaves out those who can read already. `broad` names the classes that need a conscious yes.
    """

    chosen: tuple[Addressee, ...]
    reach: Reach
    new: Reach
    basis: Basis
    until: date

    @property
    def broad(self) -> tuple[Addressee, ...]:
        return tuple(one for one in self.chosen if one.broad)


def preview(db: Session, actor: Actor, ref: str, *, audience_words: Iterable[str], basis: str, until: date | None) -> Preview:
    """What publishing would mean, without doing it. Raises Invalid with the fields that are not yet right."""
    item = queries.get_own(db, actor, ref)
    return _preview(db, actor, item, audience_words, basis, until)


def _preview(db: Session, actor: Actor, item: Disclosure, words: Iterable[str], basis: str, until: date | None) -> Preview:
    wrong, chosen = {}, []
    everyone = audience.parties(db, actor)
    try:
        chosen = audience.resolve(everyone, words)
    except Invalid as error:
        wrong.update(error.fields)
    if basis not in {one.value for one in CHOSEN_BY_ENTERPRISE}:
        wrong["basis"] = "选依据：自愿，或履行义务。"
    if until is None:
        wrong["until"] = "写明到哪一天为止。"
    elif not today() <= until <= today() + LONGEST:
        wrong["until"] = "期限从今天起，最长十年。"
    if wrong or until is None:
        raise Invalid(fields=wrong)
    reached = audience.reach(everyone, (one.principal for one in chosen))
    already = audience.reach(everyone, queries.live_principals(db, item))
    return Preview(tuple(chosen), reached, reached.less(already), Basis(basis), until)


def publish(
    db: Session,
    actor: Actor,
    ref: str,
    *,
    audience: Iterable[str],
    basis: str,
    purpose: str,
    until: date | None,
    agreed: int | None = None,
    version: int | None = None,
) -> Disclosure:
    """Publish a draft to its first addressees, or give a published item to further ones.

    `audience` holds organisation refs and words for classes; `until` is the last day on which they can read. A class needs
    the conscious yes `agreed`: the number of organisations that was agreed to, which must still be the number. `version` is
    the edition the person saw. Raises Invalid at the fields, Conflict when the item has moved on since.
    """
    item = queries.get_own(db, actor, ref)
    if item.state == State.WITHDRAWN:
        raise Conflict("已经撤回的披露不能再发布。写一项新的。")
    wrong: dict[str, str] = {}
    purpose = line(purpose)
    if not purpose:
        wrong["purpose"] = "写明用途：没有用途就没有依据。"
    elif len(purpose) > PURPOSE_LENGTH:
        wrong["purpose"] = f"用途最多 {PURPOSE_LENGTH} 个字。"
    try:
        seen = _preview(db, actor, item, audience, basis, until)
    except Invalid as error:
        raise Invalid(fields={**error.fields, **wrong}) from None
    if seen.broad and agreed != seen.reach.organisations:
        wrong["agreed"] = _ask(seen)
    if item.state == State.DRAFT and not item.body and not queries.documents_of(db, item):
        wrong["audience"] = "这项披露还没有正文，也没有附件。先写内容。"
    if wrong:
        raise Invalid(fields=wrong)
    return _give(db, actor, item, seen, purpose, version)


def _ask(seen: Preview) -> str:
    names = "、".join(one.name for one in seen.broad)
    return f"{names}现在是 {seen.reach.organisations} 家机构、{seen.reach.people} 人。看过预览后，勾选同意再发布。"


def _give(db: Session, actor: Actor, item: Disclosure, seen: Preview, purpose: str, version: int | None) -> Disclosure:
    first = item.state == State.DRAFT
    ends = end_of(seen.until)
    there = queries.live_until(db, item, (one.principal for one in seen.chosen), seen.basis.value)
    chosen = [one for one in seen.chosen if one.principal not in there or there[one.principal] < ends]
    if not chosen:
        raise Invalid(fields={"audience": "选中的对象在这个期限内已经能看到它。"})
    if first:
        _move(db, item, State.PUBLISHED, version=version, published_at=now())
    for one in chosen:
        grant(
            db, actor, object_kind=OBJECT, object_id=item.id, enterprise_id=item.enterprise_id, owner=item.owner,
            principal=one.principal, basis=seen.basis, purpose=purpose, ends=ends, about=item.ref,
        )  # fmt: skip
    told = {
        **about(item), "audience": [one.word for one in chosen], "basis": seen.basis.value, "purpose": purpose,
        "until": seen.until.isoformat(), "organisations": seen.reach.organisations, "people": seen.reach.people,
    }  # fmt: skip
    record(db, "disclosure.published" if first else "disclosure.shared", actor=actor, owner=item.owner, about=told)
    event = DisclosurePublished if first else DisclosureShared
    emit(db, event(item.id, item.ref, item.enterprise_id, item.owner, tuple(one.principal for one in chosen)))
    return item


def end_of(day: date) -> datetime:
    """The last instant of `day` in China: a period's last day is a day on which one can read."""
    return datetime.combine(day, time.max, CHINA)


def _move(db: Session, item: Disclosure, to: State, *, version: int | None = None, **values: datetime | str) -> None:
    """The one door of the state machine: compare and swap, so that of two that go through at once one gets Conflict."""
    state = State(item.state)
    if to not in TRANSITIONS[state]:
        raise Conflict("这项披露已经不是这个状态。刷新页面看看现在的情况。")
    moved = db.execute(
        update(Disclosure)
        .where(
            Disclosure.id == item.id,
            Disclosure.state == state.value,
            Disclosure.version == (item.version if version is None else version),
        )
        .values(state=to.value, updated_at=func.now(), **values)
        .execution_options(synchronize_session=False)
    ).rowcount  # type: ignore[attr-defined]
    if not moved:
        raise Conflict(CHANGED)
    db.refresh(item)


# ── taking back ──


@dataclass(frozen=True)
class Loss:
    """What an act takes away: who can read now and could not afterwards."""

    item: Disclosure
    reach: Reach
    holder: Holder | None = None


def audience_of(db: Session, actor: Actor, item: Disclosure) -> tuple[list[Holder], Reach]:
    """Who holds a tie to one's own item, live ones first, and who can read it today."""
    reached = audience.reach(audience.parties(db, actor), queries.live_principals(db, item))
    return holders(db, actor, OBJECT, item.id), reached


def loss_by_revoking(db: Session, actor: Actor, ref: str, grant_ref: str) -> Loss:
    """Who would no longer read were that grant revoked; somebody who holds another one keeps reading.

    Raises NotFound for a grant that is not on this item or has ended, NotAllowed for one that is not the enterprise's to end.
    """
    item = queries.get_own(db, actor, ref)
    found = next((one for one in holders(db, actor, OBJECT, item.id) if one.ref == grant_ref and one.live), None)
    if found is None:
        raise NotFound
    if found.basis not in REVOCABLE:
        raise NotAllowed("这项依据来自一个流程或规定，随它结束，企业不能单独撤销。")
    everyone = audience.parties(db, actor)
    before = audience.reach(everyone, queries.live_principals(db, item))
    return Loss(item, before.less(audience.reach(everyone, queries.live_principals(db, item, but=grant_ref))), found)


def revoke_grant(db: Session, actor: Actor, ref: str, grant_ref: str) -> Loss:
    """End one addressee's grant, from the first request after the commit. Raises as `loss_by_revoking`."""
    loss = loss_by_revoking(db, actor, ref, grant_ref)
    revoke(db, actor, grant_ref, about=loss.item.ref)
    return loss


def loss_by_withdrawing(db: Session, actor: Actor, ref: str) -> Loss:
    """Who would no longer read were the item withdrawn. Raises Conflict when it is not published."""
    item = queries.get_own(db, actor, ref)
    if item.state != State.PUBLISHED:
        raise Conflict("只有已发布的披露能撤回。")
    return Loss(item, audience.reach(audience.parties(db, actor), queries.live_principals(db, item)))


def withdraw(db: Session, actor: Actor, ref: str, *, reason: str) -> Loss:
    """Take a published item back from everybody, with the reason; the enterprise keeps it for itself.

    Raises Invalid without a reason, Conflict when it is not published (any more).
    """
    reason = line(reason)
    if not reason or len(reason) > REASON_LENGTH:
        raise Invalid(fields={"reason": f"写明为什么撤回，{REASON_LENGTH} 个字以内。只有本企业和存证里看得到。"})
    loss = loss_by_withdrawing(db, actor, ref)
    item = loss.item
    _move(db, item, State.WITHDRAWN, withdrawn_at=now(), withdraw_reason=reason)
    ended = revoke_object(db, actor, OBJECT, item.id, owner=item.owner, about=item.ref)
    record(db, "disclosure.withdrawn", actor=actor, owner=item.owner, about={**about(item), "reason": reason, "ended": ended})
    emit(db, DisclosureWithdrawn(item.id, item.ref, item.enterprise_id, item.owner))
    return loss


# ── reading ──


def read_list(
    db: Session, actor: Actor, *, q: str | None = None, before: Cursor | None = None, n: int = queries.PAGE
) -> queries.Readable:
    """A page of what was given to the actor, recorded for each enterprise whose items it shows."""
    found = queries.list_readable(db, actor, q=q, before=before, n=n)
    record_listed(db, actor, found.items)
    return found


def record_listed(db: Session, actor: Actor, items: Iterable[queries.Listed]) -> None:
    """Record that titles of `items` were shown in one answer."""
    record_reads(db, actor, what="disclosure.list", items=[(one.owner, one.ref, one.version) for one in items])


def read(db: Session, actor: Actor, ref: str) -> queries.Shown:
    """One item for its reader; recorded, unless the reader is of the enterprise itself. Raises NotFound."""
    shown = queries.get_readable(db, actor, ref)
    if not shown.mine:
        record_read(db, actor, owner=shown.item.owner, what="disclosure", items=[(shown.item.ref, shown.item.version)])
    return shown


def read_document(db: Session, actor: Actor, store: Store, ref: str, document_ref: str) -> tuple[Document, bytes]:
    """A document and its content, recorded as `read` does.

    Raises NotFound, and StoreUnavailable when the content cannot be fetched or is not what was stored.
    """
    item, document = queries.get_document(db, actor, ref, document_ref)
    data = store.get(document.storage_key)
    if hashlib.sha256(data).hexdigest() != document.sha256:
        raise StoreUnavailable("altered")
    if item.owner not in actor.principals:
        record_read(db, actor, owner=item.owner, what="disclosure.document", items=[(document.ref, item.version)])
    return document, data
