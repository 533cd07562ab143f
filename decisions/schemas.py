"""The columns of a run's four tables, and of what becomes of it; keys and rules: the contract."""

from collections.abc import Mapping

import pyarrow as pa

_MONEY = pa.decimal128(18, 4)
_INSTANT = pa.timestamp("us", "UTC")

# JSON is kept as text: DuckDB reads it by `->>`, and the text is what replay compares.
SCHEMAS: Mapping[str, pa.Schema] = {
    "decision_run": pa.schema(
        [
            ("run_uid", pa.string()),
            ("job", pa.string()),
            ("release_id", pa.string()),
            ("code_version", pa.string()),
            ("policy", pa.string()),
            ("policy_hash", pa.string()),
            ("seed", pa.int64()),
            ("mode", pa.string()),
            ("as_of", _INSTANT),
            ("started_at", _INSTANT),
            ("cpu_ms", pa.int64()),
            ("decisions", pa.int64()),
            ("digest", pa.string()),
        ]
    ),
    "decision": pa.schema(
        [
            ("decision_uid", pa.string()),
            ("run_uid", pa.string()),
            ("sequence", pa.int64()),
            ("subject_type", pa.string()),
            ("subject_uid", pa.string()),
            ("subject_label", pa.string()),
            ("chosen_option_uid", pa.string()),
            ("objective", _MONEY),
            ("lower_bound", _MONEY),
            ("gap", pa.decimal128(18, 6)),
            ("autonomy", pa.string()),
            ("reason_codes", pa.list_(pa.string())),
            ("summary", pa.string()),
        ]
    ),
    "decision_option": pa.schema(
        [
            ("option_uid", pa.string()),
            ("decision_uid", pa.string()),
            ("run_uid", pa.string()),
            ("rank", pa.int64()),
            ("is_chosen", pa.bool_()),
            ("label", pa.string()),
            ("plan", pa.string()),
            ("cost", _MONEY),
            ("cost_parts", pa.string()),
            ("eliminated_reason", pa.string()),
        ]
    ),
    "action_outbox": pa.schema(
        [
            ("action_uid", pa.string()),
            ("run_uid", pa.string()),
            ("decision_uid", pa.string()),
            ("target_system", pa.string()),
            ("verb", pa.string()),
            ("payload", pa.string()),
            ("payload_hash", pa.string()),
            ("idempotency_key", pa.string()),
            ("status", pa.string()),
            ("scopes", pa.list_(pa.string())),
            ("claims", pa.string()),
            ("after", pa.list_(pa.string())),
            ("undo", pa.string()),
            ("compensates", pa.string()),
        ]
    ),
}

_TEXT, _QTY = pa.string(), pa.decimal128(18, 6)
# What becomes of decisions afterwards, which no replay compares.
AFTERWARDS: Mapping[str, pa.Schema] = {
    "decision_run": pa.schema([("stood_at", _INSTANT)]),
    "action_outbox": pa.schema(
        [
            ("recorded_at", _INSTANT),
            ("checkpoint_uid", _TEXT),
            ("attempts", pa.int64()),
            ("file_no", pa.int64()),
            ("first_sent_at", _INSTANT),
            ("next_at", _INSTANT),
            ("settled_at", _INSTANT),
            ("waits_for", _TEXT),
            ("last_error", _TEXT),
            ("reference", _TEXT),
        ]
    ),
    "checkpoint": pa.schema(
        [
            *((name, _TEXT) for name in ("checkpoint_uid", "job", "run_uid", "decision_uid")),
            ("subject", _TEXT),
            ("triggers", _TEXT),
            ("evidence", _TEXT),
            ("payload_hash", _TEXT),
            *((name, _TEXT) for name in ("keys", "approved", "rejected")),
            ("status", _TEXT),
            ("opened_at", _INSTANT),
            ("expires_at", _INSTANT),
            ("on_expiry", _TEXT),
            ("decided_by", _TEXT),
            ("decided_at", _INSTANT),
            ("reason", _TEXT),
        ]
    ),
    "breaker": pa.schema(
        [
            ("scope", _TEXT),
            ("state", _TEXT),
            ("since", _INSTANT),
            ("reason", _TEXT),
            ("recent", _TEXT),
            ("held_by", _TEXT),
        ]
    ),
    "claim": pa.schema(
        [
            ("resource", _TEXT),
            ("idempotency_key", _TEXT),
            ("qty", _QTY),
            ("limit_qty", _QTY),
            ("status", _TEXT),
            ("claimed_at", _INSTANT),
            ("expires_at", _INSTANT),
        ]
    ),
    "audit": pa.schema(
        [
            ("sequence", pa.int64()),
            ("happened_at", _INSTANT),
            *((name, _TEXT) for name in ("kind", "about", "actor", "entry")),
            *((name, _TEXT) for name in ("previous_hash", "hash")),
        ]
    ),
}
