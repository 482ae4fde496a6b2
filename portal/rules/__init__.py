"""Dated rule sets with citations (DESIGN rule 4). Still empty of features: no number of the law is evaluated yet."""
