"""policies.yaml, as the settings name it."""

import contracts.document
from decisions.policies import Policies, read
from orchestration.settings import Settings


def policies(settings: Settings) -> Policies:
    """Read what the business allows; without a file, the defaults of every job.

    Raises ContractError for what is no YAML, DecisionError for what means nothing, and both for a
    file that was named and is not there.
    """
    path = settings.policies
    if not path.exists() and path == Settings.model_fields["policies"].default:
        return Policies()
    return read(contracts.document.parsed(path).data, str(path.name))
