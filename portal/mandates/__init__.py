"""What an investor or a bank looks for, and blocked counterparties. Still empty of features."""
