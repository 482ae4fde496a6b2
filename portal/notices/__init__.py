"""Mail to people: a mail is queued in the transaction of its cause, waits in the outbox and is delivered by a job.

States of a mail: waiting (neither sent nor given up), sent. Without a mail server it stays waiting, and the demo shows the outbox as a page.
"""
