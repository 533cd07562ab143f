"""What to do about a unit, by the reason that it is held back for."""

from warehouse.landing.reasons import CLAIMED

AGAIN = "The unit heals when its key comes again in shape"
RETRY = "then `crossdock quarantine retry`"
UNREAD = (
    "This unit itself has no key to heal by: once its record has come again, close it with "
    "`crossdock quarantine dismiss`."
)

MENDS = {
    "invalid_json": "Mend what writes the line (a log line in the tap's output, a broken escape), "
    "and pull again.",
    "truncated": "The tap stopped in the middle of a line: see its log, and pull again.",
    "invalid_utf8": "Let the tap read its source in the source's own encoding and write UTF-8.",
    "unencodable_text": "The text holds half a character: mend where the source or tap cuts texts.",
    "not_an_object": "Each line is one Singer message, a JSON object: mend what writes the line.",
    "unknown_type": "Mend the message's type, or what else writes into the tap's output.",
    "missing_field": "Let the tap write every field that this message needs.",
    "unsupported_message": "Set the tap to send what the target takes; `target-crossdock --about` "
    "lists it.",
    "path_not_allowed": "Let the tap write its batch files under the target's configured root.",
    "nonfinite_number": "NaN and Infinity are no JSON: let the tap send null, or mend the source.",
    "duplicate_key": "Two values under one key: let the tap write one of them.",
    "too_deep": f"Let the tap flatten it, or raise the target's max_depth, {RETRY}.",
    "too_large": f"See why it is so large; raise max_line_bytes or max_columns, {RETRY}.",
    "no_schema": f"Let the tap send SCHEMA before its records, or write a contract, {RETRY}.",
    "invalid_schema": f"Mend the stream's schema in the tap, or write a contract, {RETRY}.",
    "missing_key": "A key column is absent: select it in the tap's catalog, or mend the key.",
    "null_key": "A key column is null: mend the row in its source, or choose another key.",
    "key_changed": "The stream's key is not the stored one: set it back in the tap, or land the "
    "stream anew under another name.",
    "type_mismatch": f"Mend the value in its source, or the type in contract or schema, {RETRY}.",
    "out_of_range": f"Widen the column's type in contract or schema, {RETRY}; nothing is rounded.",
    "bad_timestamp": f"Mend the time in its source, or set naive_timezone, {RETRY}.",
    "required_missing": "Mend the row in its source, or declare the column as not required, "
    f"{RETRY}.",
    "unexpected_field": f"Declare the field in the contract or the tap's schema, {RETRY}.",
    "contract_violation": f"Mend the row in its source, or the contract, {RETRY}.",
    "pattern": f"Mend the value in its source, or the contract's pattern, {RETRY}.",
    "name_invalid": "Rename the stream or column in the tap: 1 to 255 bytes, no NUL, none of "
    "DuckLake's own names.",
    "name_collision": "Rename one of the two in the tap: names that differ in case alone are one.",
}


def mend(reason: str) -> str:
    """Return what to do about units of a reason."""
    return f"{MENDS[reason]} {UNREAD}" if reason in CLAIMED else MENDS[reason]
