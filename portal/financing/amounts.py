"""What people type for money, rates and terms, read exactly: 万元 into fen, percent a year into basis points.

Each reader raises ValueError with the sentence that stands at the field.
"""

import re
import unicodedata
from decimal import Decimal

FEN_PER_WAN = 1_000_000
LARGEST_WAN = 10_000_000  # 1,000 亿元: beyond it a figure is a slip of the hand
LONGEST_MONTHS = 600
_GROUPED = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?", re.ASCII)


def wan_to_fen(text: str) -> int:
    """An amount in 万元 (`350`, `1,000.5`, `３５０万`) as fen, exactly."""
    plain = _plain(text).removesuffix("万元").removesuffix("万")
    if plain.endswith(("亿", "元")):
        raise ValueError("以万元为单位填写，例如 1 亿元写 10,000。")
    if plain.startswith("-"):
        raise ValueError("金额要大于 0。")
    found = _GROUPED.fullmatch(plain)
    if found is None:
        raise ValueError("金额写数字，例如 350 或 1,000.5。")
    if len((found[1] or "").rstrip("0")) > 6:
        raise ValueError("金额最多精确到分，也就是小数点后 6 位。")
    value = Decimal(plain.replace(",", ""))
    if value <= 0:
        raise ValueError("金额要大于 0。")
    if value > LARGEST_WAN:
        raise ValueError(f"金额不能超过 {LARGEST_WAN:,} 万元，检查单位是不是万元。")
    return int(value * FEN_PER_WAN)


def fen_to_wan(fen: int) -> str:
    """Fen as a form shows it in 万元: exact, without needless zeros."""
    text = f"{Decimal(fen) / FEN_PER_WAN:,.6f}"
    return text.rstrip("0").rstrip(".")


def percent_to_points(text: str) -> int:
    """A yearly rate in percent (`3.85`, `3.85%`) as basis points, exactly."""
    plain = _plain(text).removesuffix("%")
    if plain.startswith("-"):
        raise ValueError("利率不能小于 0。")
    found = re.fullmatch(r"\d{1,3}(?:\.(\d+))?", plain, re.ASCII)
    if found is None:
        raise ValueError("利率写百分数，例如 3.85。")
    if len((found[1] or "").rstrip("0")) > 2:
        raise ValueError("利率最多两位小数。")
    value = Decimal(plain)
    if value > 100:
        raise ValueError("利率按年化百分数填写，不能超过 100。")
    return int(value * 100)


def points_to_percent(points: int) -> str:
    """Basis points as percent with two decimals: 385 reads 3.85."""
    return f"{Decimal(points) / 100:.2f}"


def whole_months(text: str) -> int:
    """A term in whole months."""
    plain = _plain(text).removesuffix("个月")
    if not re.fullmatch(r"\d{1,6}", plain, re.ASCII) or int(plain) == 0:
        raise ValueError("期限写整月数，例如 12。")
    if int(plain) > LONGEST_MONTHS:
        raise ValueError(f"期限不能超过 {LONGEST_MONTHS} 个月，检查单位是不是月。")
    return int(plain)


def _plain(text: str) -> str:
    """Full-width digits and signs as half-width, blanks away, every minus the same."""
    return unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace(" ", "").replace("\u3000", "").strip()
