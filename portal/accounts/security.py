"""Sets Flask-Security-Too up: it keeps passwords, sign-in, recovery and password change; sessions end by the table of ours.

A browser is signed in while its token's row in `sign_in_session` lives, and only then: the library's own user is loaded
through that actor, so that the two can never disagree.
"""

from datetime import timedelta
from typing import Any

from flask import Flask, abort, flash, g, redirect, request, session, url_for
from flask_login import user_logged_out
from flask_login.utils import _user_context_processor
from flask_security import MailUtil, PasswordUtil, Security, password_reset, user_authenticated
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.accounts.attempts import forgive_account, source
from portal.accounts.directory import Account, Directory
from portal.accounts.events import MailWanted
from portal.accounts.forms import ChangePasswordForm, NewPasswordForm, RecoveryForm, SignInForm, own_path
from portal.accounts.passwords import COSTS, NORMAL_FORM, SCHEME, check_password
from portal.accounts.queries import Enrich, demo_people, load_actor
from portal.accounts.sessions import end_sessions, start, usual_membership
from portal.accounts.views import bp
from portal.config import Settings
from portal.core.events import emit
from portal.web.edge import bind_actor, client_address, current_actor, current_db, edge
from portal.web.guards import PUBLIC, declare

TOKEN = "portal.token"
OF_THE_LIBRARY = ("_user_id", "_fresh", "_id", "fs_cc", "fs_paa")
RECOVERY_LIFE = timedelta(minutes=30)

# The library's endpoints, all of them; one more or one less stops the start.
ENDPOINTS: dict[str, Action | str] = {
    "security.login": PUBLIC,
    "security.logout": PUBLIC,
    "security.forgot_password": PUBLIC,
    "security.reset_password": PUBLIC,
    "security.change_password": Action.ACCOUNT_USE,
}

SETTINGS: dict[str, Any] = {
    "SECURITY_LOGIN_URL": "/sign-in",
    "SECURITY_LOGOUT_URL": "/sign-out",
    "SECURITY_LOGOUT_METHODS": ["POST"],
    "SECURITY_CHANGE_URL": "/account/password",
    "SECURITY_RESET_URL": "/account/recovery",
    "SECURITY_POST_LOGIN_VIEW": "/",
    "SECURITY_POST_LOGOUT_VIEW": "/sign-in",
    "SECURITY_POST_CHANGE_VIEW": "/account",
    "SECURITY_POST_RESET_VIEW": "/sign-in",
    "SECURITY_REGISTERABLE": False,
    "SECURITY_RECOVERABLE": True,
    "SECURITY_CHANGEABLE": True,
    "SECURITY_TWO_FACTOR": False,
    "SECURITY_TWO_FACTOR_IMPLEMENTATIONS": {},
    "SECURITY_UNIFIED_SIGNIN": False,
    "SECURITY_WEBAUTHN": False,
    "SECURITY_STATIC_FOLDER": None,
    "SECURITY_FRESHNESS": timedelta(seconds=-1),
    "SECURITY_API_ENABLED_METHODS": ["session"],
    "SECURITY_USER_IDENTITY_ATTRIBUTES": [{"username": {"mapper": str.lower, "case_insensitive": True}}],
    "SECURITY_PASSWORD_HASH": SCHEME,
    "SECURITY_PASSWORD_SCHEMES": [SCHEME],
    "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": COSTS,
    "SECURITY_PASSWORD_SINGLE_HASH": [],
    "SECURITY_PASSWORD_NORMALIZE_FORM": NORMAL_FORM,
    "SECURITY_HASHING_SCHEMES": ["hex_sha256"],  # of an argon2 digest inside a signed token: a plain digest is enough
    "SECURITY_DEPRECATED_HASHING_SCHEMES": [],
    "SECURITY_RESET_PASSWORD_WITHIN": RECOVERY_LIFE,
    "SECURITY_AUTO_LOGIN_AFTER_RESET": False,
    "SECURITY_EMAIL_HTML": False,
    "SECURITY_CACHE_CONTROL": None,  # every answer that is not a static file says no-store already
    "SECURITY_EMAIL_SUBJECT_PASSWORD_RESET": "重设密码",
    "SECURITY_EMAIL_SUBJECT_PASSWORD_NOTICE": "密码已重设",
    "SECURITY_EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE": "密码已修改",
    "SECURITY_CLI_USERS_NAME": None,
    "SECURITY_CLI_ROLES_NAME": None,
    "SECURITY_MSG_PASSWORD_RESET_REQUEST": (
        "如果这个邮箱有账户，信几分钟内会到。里面的链接 30 分钟内有效，只能用一次。", "info",
    ),
    "SECURITY_MSG_PASSWORD_RESET_EXPIRED": ("这个链接已过 30 分钟。重新要一封。", "warn"),
    "SECURITY_MSG_INVALID_RESET_PASSWORD_TOKEN": ("这个链接已经用过，或不完整。重新要一封。", "warn"),
    "SECURITY_MSG_PASSWORD_RESET_NO_LOGIN": ("密码已重设，各处登录都已结束。用新密码登录。", "ok"),
    "SECURITY_MSG_PASSWORD_CHANGE": ("密码已修改，其他浏览器上的登录都已结束。", "ok"),
}  # fmt: skip


class OutboxMail(MailUtil):
    """Letters of the library become events. A stranger's letter costs what a member's does, and is then taken back."""

    def send_mail(self, template: str, subject: str, recipient: Any, sender: Any, body: str | None, html: str | None, **context: Any) -> None:
        db = current_db()
        point = db.begin_nested()
        emit(db, MailWanted(to=str(recipient), subject=str(subject), text=body or ""))
        db.flush()
        if context["user"].decoy:
            point.rollback()
        else:
            point.commit()


class PortalPasswords(PasswordUtil):
    """The portal's own password rules in the library's place."""

    def validate(self, password: str, is_register: bool, **context: Any) -> tuple[list[str] | None, str]:
        account = context.get("user")
        fault = check_password(password, account.username if account is not None else "")
        return ([fault] if fault else None), self.normalize(password)


def init_accounts(app: Flask, settings: Settings, *, enrich: Enrich | None = None) -> Security:
    """Serve sign-in, recovery, password change and the account pages; load the actor of each request.

    Call it after `base_app` (which installs CSRF protection). `enrich` fills what a higher feature knows of an enterprise's
    actor. Raises UndeclaredAccess when the library serves another set of endpoints than ENDPOINTS.
    """
    app.config.update(SETTINGS, SECURITY_PASSWORD_SALT=settings.portal_password_salt, SECURITY_EMAIL_SENDER=settings.mail_from)
    security = Security(
        app, Directory(settings.portal_password_salt), login_form=SignInForm, forgot_password_form=RecoveryForm,
        reset_password_form=NewPasswordForm, change_password_form=ChangePasswordForm,
        mail_util_cls=OutboxMail, password_util_cls=PortalPasswords,
    )  # fmt: skip
    security.want_json(lambda _request: False)
    _load_users_through_the_actor(app, security)
    _connect_signals(app)
    app.register_blueprint(bp)
    app.context_processor(_account_links)
    declare(app, ENDPOINTS)
    app.before_request(_say_that_the_session_has_ended)
    app.before_request(_pages_only)
    app.extensions["portal"].load_actor = lambda db: _actor(db, enrich)
    security.mail_context_processor(lambda: {"base_url": settings.portal_base_url.rstrip("/")})
    security.login_context_processor(lambda: _sign_in_context(settings))
    return security


def _sign_in_context(settings: Settings) -> dict[str, Any]:
    ended = g.get("session_ended", False)
    return {"session_ended": ended, "demo_people": demo_people(current_db()) if settings.portal_demo else []}


def _account_links() -> dict[str, list[dict[str, str]]]:
    """The menu under one's name; the switcher stands there only for who has something to switch to."""
    links = [{"label": "账户", "href": url_for("accounts.account")}]
    actor = current_actor()
    if actor.memberships > (1 if actor.membership_id is not None else 0):
        links.append({"label": "换机构身份", "href": url_for("accounts.account", _anchor="memberships")})
    return {"account_links": links}


def _actor(db: Session, enrich: Enrich | None) -> Actor:
    token = session.get(TOKEN)
    actor = load_actor(db, token=token, enrich=enrich)
    if token and actor.is_anonymous:
        g.session_ended = True
    return actor


def _load_users_through_the_actor(app: Flask, security: Security) -> None:
    manager = security.login_manager
    manager.session_protection = None  # the token's row decides, not the browser's name and address

    @manager.user_loader
    def load(uniquifier: str) -> Account | None:
        actor = current_actor()
        account = security.datastore.find_user(id=actor.person_id) if not actor.is_anonymous else None
        if account is None or account.fs_uniquifier != uniquifier:
            return None
        g.fs_authn_via, g.fs_paa = "session", session.get("fs_paa", 0)
        return account

    # No sign-in by a token in an address or a header.
    manager.request_loader(lambda _request: None)
    # Both would load the person ahead of every request and every page; nothing here asks them.
    app.before_request_funcs[None].remove(security.principal._on_before_request)
    app.template_context_processors[None].remove(_user_context_processor)


def _connect_signals(app: Flask) -> None:
    @user_authenticated.connect_via(app)
    def signed_in(_app: Flask, user: Account, authn_via: list[str], **_more: Any) -> None:
        db, membership = current_db(), None
        if "change" in authn_via:
            membership = current_actor().membership_id
            end_sessions(db, user.id)
        _, token = start(
            db, person_id=user.id, membership_id=membership or usual_membership(db, user.id), address=client_address(),
            agent=request.user_agent.string,
        )  # fmt: skip
        # Nothing of the session before signing in stays, least of all its CSRF token (session fixation).
        kept = {name: session[name] for name in OF_THE_LIBRARY if name in session}
        session.clear()
        session.update(kept)
        session[TOKEN] = token
        bind_actor(edge().load_actor(db))

    @user_logged_out.connect_via(app)
    def signed_out(_app: Flask, **_more: Any) -> None:
        actor = current_actor()
        if actor.person_id is not None and actor.session_id is not None:
            end_sessions(current_db(), actor.person_id, session_id=actor.session_id)
        session.clear()

    @password_reset.connect_via(app)
    def reset(_app: Flask, user: Account, **_more: Any) -> None:
        db, key = current_db(), edge().settings.portal_secret_key
        end_sessions(db, user.id)
        forgive_account(db, source(key, "sign-in", user.username, "").account)


def _say_that_the_session_has_ended() -> Response | None:
    """A form sent after the session's end: a sentence and the way back, before the view refuses it."""
    if request.method != "POST" or TOKEN not in session or request.blueprint == "security":
        return None
    if not current_actor().is_anonymous:
        return None
    session.pop(TOKEN)
    flash("登录已经结束，表单没有提交。登录后再填一次。", "warn")
    return redirect(url_for("security.login", next=own_path(_path_of(request.referrer)) or None))


def _path_of(referrer: str | None) -> str:
    """The path of the page a form stood on, if that page is ours."""
    if not referrer or not referrer.startswith(request.host_url):
        return ""
    return "/" + referrer.removeprefix(request.host_url)


def _pages_only() -> None:
    """The library would read JSON bodies too; the portal's sign-in is pages and forms."""
    if request.blueprint == "security" and request.is_json:
        abort(415)

