"""How decisions become deeds: checkpoints, breakers, claims, outbox, senders. See ACTING.md."""
