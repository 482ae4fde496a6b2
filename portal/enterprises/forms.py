"""Forms of the profile: a section's text, opening it to somebody, hiding from somebody."""

from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from portal.enterprises.labels import AUDIENCES
from portal.enterprises.services import LONGEST
from portal.web.forms import PortalForm


class SectionForm(PortalForm):
    """The text of one section."""

    body = TextAreaField("内容", validators=[Length(max=LONGEST + 2_000, message="内容太长。")])


class AudienceForm(PortalForm):
    """Who may read a section, what for, until when."""

    audience = RadioField(
        "给谁看", choices=list(AUDIENCES.items()), default="qualified", validators=[DataRequired("选一个对象。")]
    )
    organisation = SelectField("哪一家机构", choices=[], validate_choice=False, validators=[Optional()])
    purpose = StringField("用途", validators=[DataRequired("写明用途：没有用途就没有依据。"), Length(max=200, message="用途最多 200 个字。")])
    until = DateField("到哪天为止", validators=[DataRequired("选今天或以后的一天。")])


class HideForm(PortalForm):
    """Hiding one's enterprise from an organisation."""

    organisation = SelectField("对哪一家机构隐藏", choices=[], validate_choice=False, validators=[DataRequired("选一家机构。")])


class CloseForm(PortalForm):
    """Taking a section back: a button."""
