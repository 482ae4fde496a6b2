"""Applications to the board, tiers, custody clock, removals. Still empty of features."""
