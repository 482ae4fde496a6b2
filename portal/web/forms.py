"""Form base: CSRF on every form, Chinese sentences at the field, and a once-token that makes a form posted twice one act."""

from flask import flash, redirect
from flask_wtf import FlaskForm
from sqlalchemy import text
from werkzeug.wrappers import Response
from wtforms import HiddenField

from portal.core.errors import Invalid
from portal.core.ids import is_ref, new_ref
from portal.web.edge import current_actor, current_db

_CLAIM = text(
    "insert into portal.posted_form (token, person_id) values (:token, :person) on conflict do nothing returning token"
)
_WHERE = text("select location from portal.posted_form where token = :token and person_id is not distinct from :person")
_DONE = text("update portal.posted_form set location = :location where token = :token")


class PortalForm(FlaskForm):
    """A form of the portal. `once` identifies one filling-in of it."""

    once = HiddenField(default=new_ref)

    def failed(self, error: Invalid) -> None:
        """Put a service's refusal where it belongs: at its fields, or at the whole form."""
        for name, sentence in error.fields.items():
            if name in self._fields:
                self._fields[name].errors = [*self._fields[name].errors, sentence]
            else:
                self.form_errors.append(sentence)
        if not error.fields:
            self.form_errors.append(error.text)

    def already_done(self) -> Response | None:
        """The redirect to what the first posting of this form led to; None when this is the first.

        The token is inserted in this request's transaction: a second posting waits for the first one's outcome, and when
        that one is rolled back (a refused form) takes its place.
        """
        token, db = self.once.data or "", current_db()
        if not is_ref(token):
            return None
        person = {"token": token, "person": current_actor().person_id}
        if db.scalar(_CLAIM, person) is not None:
            return None
        flash("这份表单已经提交过，没有再做一次。", "info")
        return redirect(db.scalar(_WHERE, person) or "/")

    def done(self, location: str, message: str = "") -> Response:
        """Remember where this posting led, say `message` on the next page, and go there."""
        if is_ref(self.once.data or ""):
            current_db().execute(_DONE, {"token": self.once.data, "location": location})
        if message:
            flash(message, "ok")
        return redirect(location)
