"""Forms of roadshows; times are typed and shown as a clock in China reads."""

import re
from datetime import datetime
from typing import Any

from wtforms import DateTimeLocalField, HiddenField, IntegerField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired

from portal.access.principals import BOARD
from portal.core.clock import CHINA, local, now
from portal.roadshows.models import Roadshow
from portal.roadshows.services import RoadshowTerms
from portal.roadshows.words import AUDIENCES
from portal.web.forms import PortalForm


class MomentField(DateTimeLocalField):
    """A date and time of day in China; `moment` is it as an instant."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], **kwargs)

    def process_data(self, value: datetime | None) -> None:
        self.data = local(value).replace(tzinfo=None) if value is not None and value.tzinfo else value

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("写日期和时间，例如 2026-11-27 10:00。") from None

    @property
    def moment(self) -> datetime:
        return self.data.replace(tzinfo=CHINA) if self.data else now()


class SeatsField(IntegerField):
    """A whole number of seats."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("名额写整数，例如 40。") from None


class ActForm(PortalForm):
    """A button that does one thing: only the token that makes it one act."""


class RoadshowForm(PortalForm):
    """What the operator writes. `version` is the one that was looked at."""

    version = HiddenField(default="0")
    title = StringField("名称", [InputRequired("写名称。")])
    starts = MomentField("开始", [InputRequired("写开始时间。")])
    ends = MomentField("结束", [InputRequired("写结束时间。")])
    registration_until = MomentField("报名截止", [InputRequired("写报名截止时间。")])
    capacity = SeatsField("名额", [InputRequired("写名额。")])
    place = StringField("地点", description="例如 乌鲁木齐路演厅三楼")
    online = StringField("线上链接", description="只给报名的人看")
    description = TextAreaField("说明")
    audience = SelectMultipleField(
        "给谁看", coerce=int, choices=list(AUDIENCES.items()), default=[BOARD], description="路演企业自己总能看到"
    )
    codes = TextAreaField("路演企业", description="每行一个统一社会信用代码，按出场顺序")

    @classmethod
    def of(cls, show: Roadshow, link: str, audience: list[int], codes: list[str]) -> "RoadshowForm":
        """The form filled with a roadshow, for the first time it is shown."""
        return cls(obj=show, version=str(show.version), online=link, audience=audience, codes="\n".join(codes))

    def terms(self) -> RoadshowTerms:
        """What was filled in, after `validate`."""
        return RoadshowTerms(
            title=self.title.data or "", starts=self.starts.moment, ends=self.ends.moment,
            registration_until=self.registration_until.moment, capacity=self.capacity.data or 0, place=self.place.data or "",
            online=self.online.data or "", description=self.description.data or "", audience=self.audience.data or [],
            codes=[code.upper() for code in re.split(r"[\s,，、;；]+", self.codes.data or "") if code],
        )  # fmt: skip

    def seen_version(self) -> int:
        """The version that was looked at; 0, which none is, for a hidden field that was tampered with."""
        text = self.version.data or ""
        return int(text[:9]) if text.isascii() and text.isdigit() else 0
