"""${NAME} in a file's values, from the environment: so that no secret stands in the file."""

import os
import string
from collections.abc import Mapping
from typing import Any

from contracts import CrossdockError


class NotFilled(CrossdockError):
    """A value needs an environment variable that is not set, or its $ starts no ${NAME}."""


def filled(value: Any, where: str, environment: Mapping[str, str] | None = None) -> Any:
    """Return a value of a YAML file with every ${NAME} in it replaced, however deep.

    Raises NotFilled that names the variable and the place, which ``where`` begins.
    """
    environment = os.environ if environment is None else environment
    if isinstance(value, dict):
        return {k: filled(v, f"{where}.{k}", environment) for k, v in value.items()}
    if isinstance(value, list):
        return [filled(v, f"{where}[{i}]", environment) for i, v in enumerate(value)]
    if not isinstance(value, str):
        return value
    try:
        return string.Template(value).substitute(environment)
    except KeyError as missing:
        raise NotFilled(
            f"{where} needs the environment variable {missing.args[0]}, which is not set. "
            "Export it and run again."
        ) from None
    except ValueError:
        raise NotFilled(
            f"{where} holds a $ that starts no ${{NAME}}. Write $$ for a plain dollar sign."
        ) from None
