"""Why a unit is held back: the closed list of reasons, and the exception that carries one."""

REASONS = frozenset(
    {
        "invalid_json",
        "truncated",
        "invalid_utf8",
        "unencodable_text",
        "not_an_object",
        "unknown_type",
        "missing_field",
        "unsupported_message",
        "path_not_allowed",
        "nonfinite_number",
        "duplicate_key",
        "too_deep",
        "too_large",
        "no_schema",
        "invalid_schema",
        "missing_key",
        "null_key",
        "key_changed",
        "type_mismatch",
        "out_of_range",
        "bad_timestamp",
        "required_missing",
        "unexpected_field",
        "contract_violation",
        "pattern",
        "name_invalid",
        "name_collision",
    }
)


class HeldBackError(Exception):
    """A unit goes to quarantine; `detail` names places and types, never a value of the data."""

    def __init__(self, reason: str, detail: str, key: list[str] | None = None) -> None:
        if reason not in REASONS:
            raise ValueError(f"'{reason}' is no reason. Known: {', '.join(sorted(REASONS))}.")
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.key = key


# These lines were not understood, so that their stream's name is only what they seem to say.
CLAIMED = frozenset(
    {"invalid_json", "truncated", "invalid_utf8", "unencodable_text", "not_an_object"}
    | {"unknown_type", "missing_field", "nonfinite_number", "duplicate_key", "too_deep"}
    | {"too_large"}
)
