"""What the portal sends: mail first. A notice is queued in the transaction of its cause and leaves after the commit."""
