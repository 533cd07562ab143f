"""Errors of the house that a person can act on."""

from __future__ import annotations


class CrossdockError(Exception):
    """Base of every error that Crossdock raises on purpose: what, where, the mend."""


class ContractError(CrossdockError):
    """A contract cannot be read, lacks what was asked of it, or a model does not keep it."""
