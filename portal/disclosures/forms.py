"""Forms of disclosures: what is typed, bounded and named; the rules stand in the services."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Optional

from portal.access.basis import Basis
from portal.disclosures.models import KIND_NAMES
from portal.web.forms import PortalForm


class Day(DateField):
    """A calendar date as 2026-12-31, with a sentence of ours for anything else."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        try:
            self.data = date.fromisoformat(text) if text else None
        except ValueError:
            self.data = None
            raise ValueError("日期写成 2026-12-31 这样。") from None


class Must:
    """Marks a field that has to be filled in; what is said when it is not, the services know."""

    field_flags = {"required": True}

    def __call__(self, _form: Any, _field: Any) -> None:
        return None


class DraftForm(PortalForm):
    """Content of a draft; `version` is the edition the person saw."""

    version = HiddenField()
    kind = SelectField(
        _("类别"), choices=[(kind.value, name) for kind, name in KIND_NAMES.items()], validate_choice=False, validators=[Must()]
    )
    title = StringField(_("标题"), validators=[Must()])
    body = TextAreaField(_("正文"))
    file = FileField(_("加一个附件"))


class PublishForm(PortalForm):
    """To whom, why, until when; `agreed` is the number of organisations a conscious yes was given for."""

    version = HiddenField()
    audience = SelectMultipleField(_("对象"), validate_choice=False)
    basis = RadioField(
        _("依据"), choices=[(Basis.WILL.value, _("自愿")), (Basis.DUTY.value, _("履行义务"))], validate_choice=False
    )
    purpose = StringField(_("用途"), validators=[Must()])
    until = Day(_("到哪一天为止"), validators=[Must()])
    agreed = IntegerField(_("我知道，并愿意给"), validators=[Optional()])


class WithdrawForm(PortalForm):
    """Why an item is taken back."""

    reason = StringField(_("撤回理由"), validators=[Must()])


class ConfirmForm(PortalForm):
    """A last step that asks nothing but to be sure."""
