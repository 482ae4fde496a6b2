"""The log behind rule 3: `record` (insert-only commitments), `opening` (salt and plaintext, erasable), `leaf` (sequence), sealed into an RFC 6962 tree under signed checkpoints."""
