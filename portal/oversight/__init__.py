"""The operator's and the supervisors' work: metadata of filings, organisations and their qualification; never content without a basis."""
