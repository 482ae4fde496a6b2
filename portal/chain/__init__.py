"""Adapter to the 地方业务链 (JR/T 0314). Still empty of features."""
