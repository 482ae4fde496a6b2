"""Money as whole numbers of the smallest unit, so that the database compares it with leakproof operators."""

from decimal import ROUND_HALF_EVEN, Decimal

# Smallest units per unit (ISO 4217 minor units); a currency absent here is refused, never guessed.
MINOR = {
    "CNY": 100, "USD": 100, "HKD": 100, "EUR": 100, "GBP": 100, "JPY": 1, "KRW": 1, "SGD": 100, "AUD": 100, "CAD": 100,
    "CHF": 100, "TWD": 100, "MOP": 100, "NZD": 100, "SEK": 100, "DKK": 100, "DEM": 100,
}  # fmt: skip


def minor(amount: Decimal, currency: str = "CNY") -> int:
    """`amount` units of `currency` in its smallest unit, half to even; KeyError for an unknown currency."""
    return int((amount * MINOR[currency]).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def units(value: int, currency: str = "CNY") -> Decimal:
    """The smallest units `value` as an exact amount of `currency`."""
    return Decimal(value) / MINOR[currency]
