"""Verbs of the enterprise database: adding a company by hand, taking it on the board, writing sections, opening and closing them."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.basis import Basis
from portal.accounts.models import Organisation
from portal.core.clock import CHINA, today
from portal.core.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.core.events import emit
from portal.enterprises.events import EnterprisesChanged
from portal.enterprises.intake.values import BadValue, credit_code
from portal.enterprises.models import Carrier, Enterprise, Fact, ProfileSection, SectionKey
from portal.enterprises.policy import SECTION, section_readable
from portal.enterprises.queries import own_by_code, principal_of_audience
from portal.enterprises.register import ATTRIBUTES
from portal.evidence.services import record, record_read
from portal.grants.models import Grant
from portal.grants.services import grant, revoke

LONGEST = 8_000
_SETTABLE = frozenset(
    {"name", "founded", "capital", "capital_currency", "company_type", "province_code", "city_code", "district_code",
     "province_text", "city_text", "industry_code", "address", "scope", "summary", "categories", "tier", "member", "joined_on",
     "demo"}
)  # fmt: skip


def add_enterprise(
    db: Session, actor: Actor, *, uscc: str, organisation: Organisation | None = None, source: str,
    source_date: date | None = None, **values: Any,
) -> Enterprise:  # fmt: skip
    """Add one company by the operator's hand, its register facts with source and date; ties it to `organisation` if given.

    `values` are columns of Enterprise. Raises NotAllowed for anybody else, Invalid for a wrong code, Conflict when it exists.
    """
    if not actor.is_operator:
        raise NotAllowed("只有运营机构能录入企业。")
    unknown = set(values) - _SETTABLE
    if unknown:
        raise TypeError(f"not columns of an enterprise: {sorted(unknown)}")
    try:
        uscc = credit_code(uscc)
    except BadValue as bad:
        raise Invalid(fields={"uscc": f"{bad}。"}) from None
    if db.scalar(select(Enterprise.id).where(Enterprise.uscc == uscc)) is not None:
        raise Conflict("这个统一社会信用代码已经在库里。")
    made = Enterprise(uscc=uscc, **values)
    if organisation is not None:
        made.organisation_id, made.owner = organisation.id, organisation.principal
    db.add(made)
    db.flush()
    db.add_all(_register_facts(made, source, source_date or today()))
    db.flush()
    record(db, "enterprise.added", actor=actor, owner=made.owner or None, about={"enterprise": uscc, "member": made.member})
    emit(db, EnterprisesChanged((made.id,)))
    return made


def _register_facts(enterprise: Enterprise, source: str, source_date: date) -> list[Fact]:
    facts = []
    for attribute in ATTRIBUTES:
        value = getattr(enterprise, attribute.column)
        if value is None or value == "":
            continue
        figure = attribute.column == "capital"
        facts.append(
            Fact(
                enterprise_id=enterprise.id, owner=enterprise.owner, concept=attribute.concept, carrier=Carrier.REGISTER.value,
                value=value if figure else None, text_value=None if figure else str(value),
                unit=enterprise.capital_currency if figure else "", source=source, source_date=source_date,
                version=enterprise.version or 1,
            )
        )  # fmt: skip
    return facts


def show_sections(db: Session, actor: Actor, enterprise: Enterprise, shown: list[tuple[str, int]]) -> None:
    """Record that sections (ref, version) of this enterprise were shown to the actor; nothing for none."""
    if shown:
        record_read(db, actor, owner=enterprise.owner, what=SECTION, items=shown)


def save_section(db: Session, actor: Actor, uscc: str, key: SectionKey, body: str) -> ProfileSection:
    """Write one section of the actor's own profile; whoever may read it reads the new text from the next request on.

    Raises NotFound for an enterprise not the actor's own, Invalid for a text too long.
    """
    enterprise = own_by_code(db, actor, uscc)
    body = body.replace("\r\n", "\n").strip()
    if "\0" in body:
        raise Invalid(fields={"body": "文字里有不能保存的字符。删去后再存。"})
    if len(body) > LONGEST:
        raise Invalid(fields={"body": f"最多 {LONGEST:,} 个字，现在 {len(body):,} 个。"})
    found = _section(db, actor, enterprise, key)
    if found is not None and found.body == body:
        return found
    if found is None:
        found = ProfileSection(enterprise_id=enterprise.id, owner=enterprise.owner, key=key.value, body=body, version=1)
        db.add(found)
    else:
        db.execute(
            update(ProfileSection)
            .where(ProfileSection.id == found.id)
            .values(body=body, version=ProfileSection.version + 1, updated_at=func.now())
        )
    db.flush()
    db.refresh(found)
    _told(db, actor, enterprise, "section.saved", {"section": found.ref, "key": key.value, "version": found.version})
    return found


def open_section(
    db: Session, actor: Actor, uscc: str, key: SectionKey, *, audience: str, organisation: str, purpose: str, until: date | None
) -> Grant:
    """Open a section of the actor's own profile to an audience (`qualified`, `banks`, `organisation`) until the end of `until`.

    Basis `will`: the enterprise chose freely （企业自主披露，非必要不披露）. Raises NotFound, Invalid, Conflict when that
    audience can read it already.
    """
    enterprise = own_by_code(db, actor, uscc)
    found = _section(db, actor, enterprise, key)
    if found is None or not found.body:
        raise Invalid("这一节还没有内容。先写内容，再选谁能看。")
    principal = principal_of_audience(db, audience, organisation)
    _check_opening(principal, audience, purpose, until)
    assert principal is not None and until is not None
    live = select(Grant.id).where(
        Grant.object_kind == SECTION, Grant.object_id == found.id, Grant.owner == enterprise.owner,
        Grant.principal == principal, Grant.revoked_at.is_(None), Grant.ends > func.now(),
    )  # fmt: skip
    if db.scalar(live) is not None:
        raise Invalid(fields={"audience": "这个对象已经能看这一节。要改期限，先关闭再开放。"})
    return grant(
        db, actor, object_kind=SECTION, object_id=found.id, enterprise_id=enterprise.id, owner=enterprise.owner,
        principal=principal, basis=Basis.WILL, purpose=purpose, ends=datetime.combine(until, time.max, tzinfo=CHINA), about=found.ref,
    )  # fmt: skip


def _check_opening(principal: int | None, audience: str, purpose: str, until: date | None) -> None:
    wrong = {}
    if principal is None:
        named = audience == "organisation"
        wrong["organisation" if named else "audience"] = "选一家机构。" if named else "选一个对象。"
    if not purpose.strip():
        wrong["purpose"] = "写明用途：没有用途就没有依据。"
    elif len(purpose) > 200:
        wrong["purpose"] = "用途最多 200 个字。"
    if until is None or until < today():
        wrong["until"] = "选今天或以后的一天。"
    if wrong:
        raise Invalid(fields=wrong)


def close_section(db: Session, actor: Actor, uscc: str, key: SectionKey, ref: str) -> None:
    """End one opening of a section now. Raises NotFound when it is not one of this section's, Conflict when it has ended."""
    enterprise = own_by_code(db, actor, uscc)
    found = _section(db, actor, enterprise, key)
    opening = select(Grant.id).where(
        Grant.ref == ref, Grant.object_kind == SECTION, Grant.object_id == (found.id if found else 0), Grant.owner == enterprise.owner
    )
    if db.scalar(opening) is None or found is None:
        raise NotFound
    revoke(db, actor, ref, about=found.ref)


def _section(db: Session, actor: Actor, enterprise: Enterprise, key: SectionKey) -> ProfileSection | None:
    return db.scalar(
        select(ProfileSection).where(
            ProfileSection.enterprise_id == enterprise.id, ProfileSection.key == key.value, section_readable(actor)
        )
    )


def _told(db: Session, actor: Actor, enterprise: Enterprise, kind: str, about: Mapping[str, Any]) -> None:
    record(db, kind, actor=actor, owner=enterprise.owner, about=about)
