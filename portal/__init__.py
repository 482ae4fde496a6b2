"""The portal of a regional equity market's 专精特新 board. `docs/architecture.md` shows its shape."""
