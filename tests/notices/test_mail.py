"""Mail is queued with its cause, delivered once, and never readable by the web role."""

import email
import email.policy
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from portal.accounts.events import MailWanted
from portal.config import MissingSetting
from portal.core.clock import now
from portal.core.context import Context
from portal.core.events import Registry
from portal.notices.jobs import JOBS, run_deliver, run_waiting
from portal.notices.models import Mail
from portal.notices.services import DELIVER, GIVE_UP_AFTER, KEEP, deliver_one, mail_wanted, send_mail
from portal.notices.smtp import Undelivered, deliver
from portal.notices.views import init_notices
from portal.web.edge import Edge
from portal.web.factory import base_app

TO, SUBJECT, BODY = "sha@beiting.example", "重设密码", "打开下面的链接：\nhttp://127.0.0.1:8000/x\n.\n就这些。"


def queue(context: Context, **changes: str) -> str:
    with context.database.session() as db:
        send_mail(db, changes.get("to", TO), changes.get("subject", SUBJECT), BODY)
        db.commit()
    with context.database.system_session() as db:
        return db.scalars(select(Mail.ref).order_by(Mail.id.desc())).first()


def mail(context: Context, ref: str) -> Mail:
    with context.database.system_session() as db:
        return db.scalars(select(Mail).where(Mail.ref == ref)).one()


def test_mail_and_its_job_exist_only_if_their_cause_is_committed(context: Context) -> None:
    with context.database.session() as db:
        send_mail(db, TO, SUBJECT, BODY)
        db.rollback()
    with context.database.system_session() as db:
        assert db.scalars(select(Mail)).all() == []
    ref = queue(context)
    with context.database.system_session() as db:
        jobs = db.execute(text("select task_name from procrastinate.procrastinate_jobs where args->>'ref' = :ref"), {"ref": ref}).all()
    assert jobs == [(DELIVER,)]


def test_the_event_becomes_a_mail(context: Context) -> None:
    registry = Registry()
    registry.connect(MailWanted, mail_wanted)
    with context.database.session() as db:
        registry.emit(db, MailWanted(TO, SUBJECT, BODY))
        db.commit()
    with context.database.system_session() as db:
        kept = db.scalars(select(Mail)).one()
    assert (kept.recipient, kept.subject, kept.body) == (TO, SUBJECT, BODY)


@pytest.mark.parametrize("statement", ["select * from portal.mail", "update portal.mail set body = ''", "delete from portal.mail"])
def test_the_web_role_cannot_touch_what_is_queued(context: Context, statement: str) -> None:
    queue(context)
    with context.database.session((1, 2, 3, 4, 5)) as db, pytest.raises(DBAPIError, match="permission denied"):
        db.execute(text(statement))


def test_a_delivered_letter_arrives_whole_and_leaves_no_text_behind(context: Context, smtp: Any) -> None:
    ref = queue(context)
    run_deliver(context, ref)
    (raw,) = smtp.letters
    letter = email.message_from_string(raw, policy=email.policy.default)
    assert raw.isascii()
    assert (letter["To"], letter["Subject"], letter["From"]) == (TO, SUBJECT, context.settings.mail_from)
    assert letter["Auto-Submitted"] == "auto-generated" and ref in letter["Message-ID"]
    assert letter.get_content().replace("\r\n", "\n").strip() == BODY
    kept = mail(context, ref)
    assert kept.sent_at is not None and kept.body == "" and kept.attempts == 1
    run_deliver(context, ref)
    assert len(smtp.letters) == 1


def test_two_workers_deliver_a_letter_once(context: Context, smtp: Any) -> None:
    ref = queue(context)
    with context.database.system_session() as first, context.database.system_session() as second:
        for db in (first, second):
            deliver_one(db, ref, smtp_url=smtp.url, sender="a@b.example")
    assert len(smtp.letters) == 1


def test_a_refused_letter_stays_with_its_fault_and_is_tried_again(context: Context, smtp: Any) -> None:
    ref, smtp.answer = queue(context), "451 later"
    with pytest.raises(Undelivered):
        run_deliver(context, ref)
    kept = mail(context, ref)
    assert (kept.sent_at, kept.attempts) == (None, 1) and kept.fault and BODY not in kept.fault
    smtp.answer = "250 ok"
    run_waiting(context)
    assert mail(context, ref).sent_at is not None and len(smtp.letters) == 1


def test_a_server_that_is_away_is_a_fault_not_an_accident(context: Context) -> None:
    away = Context(context.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"}), context.urls, context.database)
    ref = queue(away)
    with pytest.raises(Undelivered):
        run_deliver(away, ref)
    run_waiting(away)
    assert mail(away, ref).attempts == 2


def test_without_a_server_mail_stays_in_the_outbox(context: Context, smtp: Any) -> None:
    bare = Context(context.settings.model_copy(update={"smtp_url": None}), context.urls, context.database)
    ref = queue(bare)
    run_deliver(bare, ref)
    run_waiting(bare)
    assert mail(bare, ref).attempts == 0 and smtp.letters == []


def test_what_is_too_old_is_neither_sent_nor_kept(context: Context, smtp: Any) -> None:
    stale, old = queue(context), queue(context)
    with context.database.system_session() as db:
        db.execute(update(Mail).where(Mail.ref == stale).values(queued_at=now() - GIVE_UP_AFTER - timedelta(1)))
        db.execute(update(Mail).where(Mail.ref == old).values(queued_at=now() - KEEP - timedelta(1)))
    run_waiting(context)
    assert smtp.letters == []
    with context.database.system_session() as db:
        assert db.scalars(select(Mail.ref)).all() == [stale]


def test_a_line_break_in_the_subject_starts_no_header(context: Context, smtp: Any) -> None:
    run_deliver(context, queue(context, subject="a\r\nBcc: other@evil.example"))
    assert len(smtp.recipients) == 1 and "\nBcc:" not in smtp.letters[0]


def test_a_password_is_never_sent_without_tls(smtp: Any) -> None:
    url = smtp.url.replace("smtp://", "smtp://user:secret@")
    with pytest.raises(Undelivered):
        deliver(TO, SUBJECT, BODY, smtp_url=url, sender="a@b.example", message_id="x")
    assert smtp.letters == []


def test_an_address_that_is_no_mail_server_is_told(smtp: Any) -> None:
    for url in ("http://x", "smtp://", "mail"):
        with pytest.raises(MissingSetting):
            deliver(TO, SUBJECT, BODY, smtp_url=url, sender="a@b.example", message_id="x")


def test_the_outbox_is_a_page_of_the_demo_alone(context: Context) -> None:
    for demo, status in ((True, 200), (False, 404)):
        settings = context.settings.model_copy(update={"portal_demo": demo, "smtp_url": None})
        app = base_app(settings, Edge(settings=settings, database=context.database))
        init_notices(app, settings)
        empty = app.test_client().get("/outbox")
        assert empty.status_code == status
        if demo:
            assert "还没有信" in empty.text
            queue(context, subject="<b>重设</b>")
            page = app.test_client().get("/outbox").text
            assert "&lt;b&gt;重设" in page and 'href="http://127.0.0.1:8000/x"' in page


def test_jobs_are_named_for_the_worker() -> None:
    assert [job.name for job in JOBS] == [DELIVER, "notices.waiting"]
