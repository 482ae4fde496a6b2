"""The words of the log: what each kind of record is called in Chinese, in one place."""

READ = "read"
DENIED = "denied"
ERASED = "evidence.erased"
