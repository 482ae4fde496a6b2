"""Verbs on drafts: write, add and remove documents, discard. Only the enterprise's own people ever see a draft."""

import hashlib

from sqlalchemy import delete, func, update
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.core.errors import Conflict, Invalid, NotAllowed
from portal.core.jobs import enqueue
from portal.core.storage import Store
from portal.disclosures import pdf, queries
from portal.disclosures.models import Disclosure, Document, Kind, State
from portal.evidence.services import record

TITLE_LENGTH, BODY_LENGTH = 120, 20_000  # characters
MOST_DOCUMENTS = 10
ERASE_FILE = "disclosures.erase_file"
CHANGED = "这项披露刚被同事改过。刷新页面看看现在的内容，再做一次。"


def save_draft(
    db: Session, actor: Actor, *, kind: str, title: str, body: str, ref: str | None = None, version: int | None = None
) -> Disclosure:
    """Write a new draft, or a draft's next edition over edition `version`.

    Raises Invalid for bad fields, Conflict when the draft has moved on since, NotFound and NotAllowed as `get_own`.
    """
    title, body = line(title), body.replace("\r\n", "\n").replace("\x00", "").strip()
    _check_text(kind, title, body)
    if ref is None:
        if actor.enterprise_id is None or actor.organisation_principal is None:
            raise NotAllowed("这个机构身份没有对应的企业，不能写披露。")
        item = Disclosure(
            enterprise_id=actor.enterprise_id, owner=actor.organisation_principal, kind=kind, title=title, body=body,
            made_by=actor.person_id,
        )  # fmt: skip
        db.add(item)
        db.flush()
    else:
        item = queries.get_own(db, actor, ref)
        _next_edition(db, item, version, kind=kind, title=title, body=body)
    record(db, "disclosure.saved", actor=actor, owner=item.owner, about=about(item))
    return item


def _check_text(kind: str, title: str, body: str) -> None:
    wrong = {}
    if kind not in {one.value for one in Kind}:
        wrong["kind"] = "选一个类别。"
    if not title:
        wrong["title"] = "写一个标题。"
    elif len(title) > TITLE_LENGTH:
        wrong["title"] = f"标题最多 {TITLE_LENGTH} 个字，现在 {len(title)} 个。"
    if len(body) > BODY_LENGTH:
        wrong["body"] = f"正文最多 {BODY_LENGTH:,} 个字，现在 {len(body):,} 个。长的内容用附件。"
    if wrong:
        raise Invalid(fields=wrong)


def _next_edition(db: Session, item: Disclosure, version: int | None, **values: str) -> None:
    """Move a draft to its next edition, or raise Conflict: published since, or changed by somebody else."""
    changed = db.execute(
        update(Disclosure)
        .where(
            Disclosure.id == item.id,
            Disclosure.state == State.DRAFT.value,
            Disclosure.version == (item.version if version is None else version),
        )
        .values(version=Disclosure.version + 1, updated_at=func.now(), **values)
        .execution_options(synchronize_session=False)
    ).rowcount  # type: ignore[attr-defined]
    if not changed:
        raise Conflict(CHANGED if item.state == State.DRAFT else "已经发布的披露不能再改。可以撤回，再写一项新的。")
    db.refresh(item)


def discard_draft(db: Session, actor: Actor, ref: str) -> None:
    """Delete a draft for good: nobody else ever saw it. Its files are erased by a job of this transaction.

    Raises Conflict when it is no draft any more.
    """
    item = queries.get_own(db, actor, ref)
    documents = queries.documents_of(db, item)
    gone = db.execute(
        delete(Disclosure)
        .where(Disclosure.id == item.id, Disclosure.state == State.DRAFT.value)
        .execution_options(synchronize_session=False)
    ).rowcount  # type: ignore[attr-defined]
    if not gone:
        raise Conflict("已经发布的披露不能删除，只能撤回。")
    for document in documents:
        enqueue(db, ERASE_FILE, key=document.storage_key)
    record(db, "disclosure.discarded", actor=actor, owner=item.owner, about=about(item))


def add_document(db: Session, actor: Actor, store: Store, ref: str, *, name: str, data: bytes) -> Document:
    """Add a PDF to a draft: checked, stored encrypted, then entered.

    Raises Invalid at `file`, Conflict when the item is no draft, StoreUnavailable when files cannot be kept.
    """
    item = queries.get_own(db, actor, ref)
    pages = pdf.check(data)
    there = queries.documents_of(db, item)
    digest = hashlib.sha256(data).hexdigest()
    if len(there) >= MOST_DOCUMENTS:
        raise Invalid(fields={"file": f"一项披露最多 {MOST_DOCUMENTS} 个附件。先去掉一个。"})
    if any(document.sha256 == digest for document in there):
        raise Invalid(fields={"file": "同样内容的文件已经在附件里。"})
    _next_edition(db, item, None)
    document = Document(
        disclosure_id=item.id, enterprise_id=item.enterprise_id, owner=item.owner, name=pdf.clean_name(name), size=len(data),
        sha256=digest, pages=pages, storage_key=store.put(data), position=max((d.position for d in there), default=0) + 1,
    )  # fmt: skip
    db.add(document)
    db.flush()
    record(db, "disclosure.document_added", actor=actor, owner=item.owner,
           about={**about(item), "document": document.ref, "sha256": digest})  # fmt: skip
    return document


def remove_document(db: Session, actor: Actor, ref: str, document_ref: str) -> None:
    """Take a PDF out of a draft. Raises NotFound for one that is not there, Conflict when the item is no draft."""
    item = queries.get_own(db, actor, ref)
    _, document = queries.get_document(db, actor, ref, document_ref)
    _next_edition(db, item, None)
    db.execute(delete(Document).where(Document.id == document.id).execution_options(synchronize_session=False))
    enqueue(db, ERASE_FILE, key=document.storage_key)
    record(db, "disclosure.document_removed", actor=actor, owner=item.owner,
           about={**about(item), "document": document.ref, "sha256": document.sha256})  # fmt: skip


def line(text: str) -> str:
    """What somebody typed as one line: no line breaks, no NUL, single spaces."""
    return " ".join(text.replace("\x00", " ").split())


def about(item: Disclosure) -> dict[str, str | int]:
    """An item in a record: which one, which edition; never its content."""
    return {"disclosure": item.ref, "version": item.version}
