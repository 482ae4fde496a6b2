"""Forms of credit products and applications; figures are read exactly as `amounts` says."""

from collections.abc import Callable
from typing import Any

from wtforms import DateField, Form, HiddenField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Optional

from portal.enterprises.models import Tier
from portal.enterprises.regions import provinces
from portal.financing.amounts import fen_to_wan, percent_to_points, points_to_percent, wan_to_fen, whole_months
from portal.financing.models import Collateral, CreditProduct, Reason
from portal.financing.queries import Wanted
from portal.financing.services import ProductTerms
from portal.financing.words import COLLATERAL, REASONS, TIERS
from portal.web.forms import PortalForm


class ReadField(StringField):
    """A text field whose value is what `read` makes of the text; its ValueError is the sentence at the field."""

    read: Callable[[str], int]
    write: Callable[[int], str] = str

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data: int | None = None
        if valuelist and valuelist[0].strip():
            self.data = type(self).read(valuelist[0])

    def _value(self) -> str:
        if self.raw_data:
            return self.raw_data[0]
        return "" if self.data is None else type(self).write(self.data)


class WanField(ReadField):
    """An amount in 万元; its value is fen."""

    read, write = staticmethod(wan_to_fen), staticmethod(fen_to_wan)


class PercentField(ReadField):
    """A yearly rate in percent; its value is basis points."""

    read, write = staticmethod(percent_to_points), staticmethod(points_to_percent)


class MonthsField(ReadField):
    """A term in whole months."""

    read = staticmethod(whole_months)


def _days(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:6]) <= 250:
        raise ValueError("写 1 到 250 之间的整数。")
    return int(text)


class DaysField(ReadField):
    """A number of working days."""

    read = staticmethod(_days)


def must(sentence: str) -> list[InputRequired]:
    """A field that cannot stay empty, with its own sentence."""
    return [InputRequired(sentence)]


class ActForm(PortalForm):
    """A button that does one thing: only the token that makes it one act."""


class ProductForm(PortalForm):
    """What a lender writes into a product. `version` is the one the lender was looking at."""

    version = HiddenField(default="0")
    name = StringField("产品名称", must("写产品名称。"))
    amount_min = WanField("最低额度（万元）", must("写最低额度。"))
    amount_max = WanField("最高额度（万元）", must("写最高额度。"))
    rate_min = PercentField("最低年利率（%）", must("写最低年利率。"))
    rate_max = PercentField("最高年利率（%）", must("写最高年利率。"))
    term_min = MonthsField("最短期限（月）", must("写最短期限。"))
    term_max = MonthsField("最长期限（月）", must("写最长期限。"))
    collateral = SelectMultipleField("担保方式", choices=[(kind.value, COLLATERAL[kind]) for kind in Collateral])
    conditions = TextAreaField("申请条件", description="用自己的话写清谁能申请、要什么材料、还有哪些费用。")
    tiers = SelectMultipleField(
        "给哪些层级", choices=[(tier.value, TIERS[tier]) for tier in Tier], description="都不选就是全部层级"
    )
    regions = SelectMultipleField("给哪些地区", description="都不选就是不限地区")
    promise_days = DaysField("承诺答复（工作日）", description="从收到申请到答复")
    valid_until = DateField("有效至", [Optional()], description="到这一天为止在架，不填就是长期")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.regions.choices = [(found.code, found.short) for found in provinces()]
        self.valid_until.process_errors = ["日期写成 2026-11-20。"] if self.valid_until.process_errors else []

    @classmethod
    def of(cls, product: CreditProduct) -> "ProductForm":
        """The form filled with a product, for the first time it is shown."""
        return cls(obj=product, version=str(product.version))

    def terms(self) -> ProductTerms:
        """What was filled in, after `validate`."""
        return ProductTerms(
            name=self.name.data or "", amount_min=self.amount_min.data or 0, amount_max=self.amount_max.data or 0,
            rate_min=self.rate_min.data or 0, rate_max=self.rate_max.data or 0, term_min=self.term_min.data or 0,
            term_max=self.term_max.data or 0, collateral=self.collateral.data or [], conditions=self.conditions.data or "",
            tiers=self.tiers.data or [], regions=self.regions.data or [], promise_days=self.promise_days.data,
            valid_until=self.valid_until.data,
        )  # fmt: skip

    def seen_version(self) -> int:
        """The version the lender was looking at; 0 for a hidden field that was tampered with, which then is no version."""
        text = self.version.data or ""
        return int(text[:9]) if text.isascii() and text.isdigit() else 0


class ApplyForm(PortalForm):
    """An application: how much, how long, what for."""

    amount = WanField("金额（万元）", must("写申请金额。"))
    term = MonthsField("期限（月）", must("写申请期限。"))
    purpose = TextAreaField("用途", must("写贷款用途。"), description="钱用在哪里，例如采购设备或支付货款")
    note = TextAreaField("补充说明", description="押品、还款来源或希望的放款时间")


class DecisionForm(PortalForm):
    """A lender's answer."""

    answer = RadioField(
        "答复", [InputRequired("选同意或不同意。")], choices=[("accept", "同意"), ("decline", "不同意")], validate_choice=True
    )
    reason_code = SelectField(
        "不同意的原因", choices=[("", "—"), *((reason.value, REASONS[reason]) for reason in Reason)],
        description="同意时不用选",
    )  # fmt: skip
    reason = TextAreaField("给企业的说明", description="企业会看到这段话")


class ShelfForm(Form):
    """Conditions on the shelf, read from the address."""

    amount = WanField("想借（万元）")
    term = MonthsField("期限（月）")
    collateral = SelectField(
        "担保方式", choices=[("", "不限"), *((kind.value, COLLATERAL[kind]) for kind in Collateral)], validate_choice=False, default=""
    )

    def wanted(self) -> Wanted:
        """The conditions that were readable; one that was not is told at its field and left out."""
        self.validate()
        kind = self.collateral.data if self.collateral.data in list(Collateral) else None
        return Wanted(self.amount.data, self.term.data, kind)

    @property
    def used(self) -> bool:
        """Whether any condition was given."""
        return any(field.data for field in self) or any(field.errors for field in self)
