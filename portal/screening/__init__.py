"""Search pages over the board and the register, and what keeps the search index in step with the database."""
