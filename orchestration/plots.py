"""Pictures for the Dagster UI, drawn without a screen."""

import base64
import io
import json
from collections import defaultdict

import dagster as dg
import pyarrow as pa


def cost_by_node_and_service(option: pa.Table) -> dg.MarkdownMetadataValue | None:
    """Draw what the chosen options cost, by node, stacked by carrier service.

    `option` is a run's decision_option table. None where nothing was chosen.
    """
    costs: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in option.to_pylist():
        if not row["is_chosen"] or row["cost"] is None:
            continue
        for shipment in json.loads(row["plan"]).get("shipments", []):
            costs[shipment["node"]][shipment["service"]] += float(shipment["freight"])
    if not costs:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    axes = figure.subplots()
    nodes = sorted(costs)
    bottom = [0.0] * len(nodes)
    for service in sorted({s for by_service in costs.values() for s in by_service}):
        heights = [costs[node].get(service, 0.0) for node in nodes]
        axes.bar(nodes, heights, bottom=bottom, label=service)
        bottom = [low + high for low, high in zip(bottom, heights, strict=True)]
    axes.set_ylabel("freight of the chosen plans")
    axes.legend(fontsize="small")
    return _markdown(figure, FigureCanvasAgg)


def _markdown(figure: object, canvas: type) -> dg.MarkdownMetadataValue:
    buffer = io.BytesIO()
    canvas(figure).print_png(buffer)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return dg.MetadataValue.md(f"![plot](data:image/png;base64,{encoded})")
