"""A simulated fulfilment network with real protocols, a known truth and faults on request."""

from estate.network import Estate
from estate.server import DEMO_KEY, DEMO_WMS_KEY, wms_api_url
from estate.store import EstateError

__all__ = ["DEMO_KEY", "DEMO_WMS_KEY", "Estate", "EstateError", "wms_api_url"]
