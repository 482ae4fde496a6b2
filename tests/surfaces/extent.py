"""How many worlds are tried: a minute's worth as a rule, ten times as many with `PORTAL_SURFACES=long`."""

import os

from hypothesis import HealthCheck, Phase, settings, strategies as st

LONG = os.environ.get("PORTAL_SURFACES") == "long"

# A number for Random rather than choices of Hypothesis's own: those lean to the simplest, and a simple world hides nothing.
seeds = st.integers(0, 2**32 - 1)


def worlds(number: int) -> settings:
    """Settings for a property over `number` worlds; repeatable as a rule, ever new ones in the long run."""
    return settings(
        max_examples=number * 10 if LONG else number, deadline=None, derandomize=not LONG, database=None, print_blob=True,
        phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
