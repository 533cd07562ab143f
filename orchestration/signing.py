"""Sign a message as Standard Webhooks has it, by its own library."""

from datetime import UTC, datetime

from standardwebhooks import Webhook as Signer


def signature(secret: str, message_id: str, body: str) -> dict[str, str]:
    """Return the headers that prove a body and its id; made now, as receivers refuse old ones."""
    now = datetime.now(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(secret).sign(msg_id=message_id, timestamp=now, data=body),
    }
