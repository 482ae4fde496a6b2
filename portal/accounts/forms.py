"""The forms of sign-in, recovery and password change, and what they do before a view of the library acts."""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, after_this_request, request
from flask_login import current_user
from flask_security.forms import Form
from flask_security.proxies import _datastore
from flask_security.utils import verify_password
from wtforms import DateField, HiddenField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from portal.accounts.attempts import PAIR, RECOVERY_PAIR, Limit, Source, Standing, forgive, note_failure, source, spoken, standing
from portal.accounts.directory import Account
from portal.accounts.passwords import check_password, normalized
from portal.web.edge import client_address, current_db, edge, keep
from portal.web.forms import PortalForm

WRONG = "用户名或密码不对"


def own_path(address: str | None) -> str:
    """`address` if it is a path of the portal's own, else "": never another site's, nor what a browser would read as one."""
    if not address or not address.startswith("/") or address[1:2] in ("/", "\\"):
        return ""
    if any(ord(character) < 33 or character == "\\" for character in address):
        return ""
    parts = urlsplit(address)
    return "" if parts.scheme or parts.netloc else address


def answer_with(status: int, retry_after: int = 0) -> None:
    """Give this request's page another status; what was counted is kept although the page reports a fault."""
    keep()

    @after_this_request
    def settle(response: Response) -> Response:
        response.status_code = status
        if retry_after:
            response.headers["Retry-After"] = str(retry_after)
        return response


def _lead_to(path: str) -> None:
    """Where the answer redirects to; the library's own reading of `next` is wider than ours."""

    @after_this_request
    def lead(response: Response) -> Response:
        if response.status_code == 302:
            response.location = path
        return response


def who_tries(purpose: str, name: str) -> Source:
    return source(edge().settings.portal_secret_key, purpose, name, client_address())


class SignInForm(Form):
    """Sign-in by user name. An unknown name and a wrong password cost the same and read the same."""

    username = StringField("用户名", [InputRequired("填用户名。"), Length(max=64, message="用户名没有这么长。")])
    password = PasswordField("密码", [InputRequired("填密码。"), Length(max=256, message="密码没有这么长。")])
    next = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.next.data = own_path(self.next.data or request.args.get("next"))
        self.user: Account | None = None
        self.requires_confirmation = False
        self.standing = Standing(0, PAIR[-1].failures)

    def validate(self, **kwargs: Any) -> bool:
        if not super().validate(**kwargs):
            answer_with(400)
            return False
        who = who_tries("sign-in", self.username.data)
        if not _may_try(self, who, PAIR, "试得太多"):
            return False
        found = _datastore.find_user(username=self.username.data.strip().lower())
        account = found if found is not None and found.password else _datastore.decoy(self.username.data)
        right = account.verify_and_update_password(normalized(self.password.data)) and not account.decoy
        if not right:
            note_failure(current_db(), who)
            self.standing = standing(current_db(), who)
            self.form_errors.append(WRONG)
            answer_with(401)
            return False
        if not account.active:
            self.form_errors.append("这个账户已停用。联系运营机构。")
            answer_with(403)
            return False
        forgive(current_db(), who)
        self.user = account
        _lead_to(self.next.data or "/")
        return True


class RecoveryForm(Form):
    """A way back in by mail. Known and unknown addresses take the same path: the stranger's letter is written and taken back."""

    email = StringField("邮箱", [InputRequired("填邮箱。"), Length(max=254, message="邮箱没有这么长。")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user: Account | None = None
        self.requires_confirmation = False

    def validate(self, **kwargs: Any) -> bool:
        if not super().validate(**kwargs):
            answer_with(400)
            return False
        address = self.email.data.strip().lower()
        local, _, domain = address.rpartition("@")
        if not local or "." not in domain or any(character.isspace() for character in address):
            self.email.errors = ["邮箱要像 name@example.cn 这样写。"]
            answer_with(400)
            return False
        who = who_tries("recovery", address)
        if not _may_try(self, who, RECOVERY_PAIR, "要得太多"):
            return False
        note_failure(current_db(), who)
        found = _datastore.find_user(email=address)
        self.user = found if found is not None and found.active else _datastore.decoy(address)
        return True


class NewPasswordForm(Form):
    """The form behind a recovery link."""

    password = PasswordField("新密码", [InputRequired("填新密码。")])
    password_confirm = PasswordField("再输一次", [InputRequired("再输一次新密码。"), EqualTo("password", "两次输入不一样。")])
    user: Account | None = None

    def validate(self, **kwargs: Any) -> bool:
        if not super().validate(**kwargs):
            answer_with(400)
            return False
        return _takes(self.password, self.user)


class ChangePasswordForm(Form):
    """Changing one's own password asks for the present one: an unattended screen must not be enough."""

    password = PasswordField("现在的密码", [InputRequired("填现在的密码。"), Length(max=256, message="密码没有这么长。")])
    new_password = PasswordField("新密码", [InputRequired("填新密码。")])
    new_password_confirm = PasswordField("再输一次", [InputRequired("再输一次新密码。"), EqualTo("new_password", "两次输入不一样。")])

    def validate(self, **kwargs: Any) -> bool:
        if not super().validate(**kwargs):
            answer_with(400)
            return False
        who = who_tries("sign-in", current_user.username)
        if not _may_try(self, who, PAIR, "试得太多"):
            return False
        if not verify_password(normalized(self.password.data), current_user.password):
            note_failure(current_db(), who)
            self.password.errors = ["现在的密码不对。"]
            answer_with(400)
            return False
        if self.new_password.data == self.password.data:
            self.new_password.errors = ["新密码和现在的一样。换一个。"]
            answer_with(400)
            return False
        return _takes(self.new_password, current_user)


class QualifiedForm(PortalForm):
    """The period in which an institution counts as qualified; both days belong to it. Both empty: not qualified."""

    starts = DateField("起始日", [Optional()])
    until = DateField("终止日", [Optional()])


def _may_try(form: Form, who: Source, pair: tuple[Limit, ...], what: str) -> bool:
    now = standing(current_db(), who, pair=pair)
    if not now.wait:
        return True
    form.form_errors.append(f"{what}，{spoken(now.wait)}后再来。")
    answer_with(429, now.wait)
    return False


def _takes(field: PasswordField, account: Account | None) -> bool:
    fault = check_password(field.data, account.username if account is not None else "")
    if fault is None:
        field.data = normalized(field.data)
        return True
    field.errors = [fault]
    answer_with(400)
    return False
