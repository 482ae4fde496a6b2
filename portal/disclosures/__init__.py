"""Targeted disclosure (非必要不披露): items with text and documents, published with a basis to named readers. States: draft, published, withdrawn."""
