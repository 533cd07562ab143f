"""Pictures for the Dagster UI, drawn without a screen."""

import base64
import io
import json
from collections import Counter

import dagster as dg
import pyarrow as pa


def shipments_by_node_and_service(option: pa.Table) -> dg.MarkdownMetadataValue | None:
    """Draw how many shipments the chosen plans give each node, stacked by carrier service.

    `option` is a run's decision_option table. None where nothing was chosen.
    """
    counts: Counter[tuple[str, str]] = Counter(
        (shipment["node_code"], f"{shipment['carrier']} {shipment['service']}")
        for row in option.to_pylist()
        if row["is_chosen"]
        for shipment in json.loads(row["plan"]).get("shipments", ())
    )
    if not counts:
        return None
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    axes = figure.subplots()
    nodes = sorted({node for node, _ in counts})
    bottom = [0] * len(nodes)
    for service in sorted({service for _, service in counts}):
        heights = [counts[node, service] for node in nodes]
        axes.bar(nodes, heights, bottom=bottom, label=service)
        bottom = [low + high for low, high in zip(bottom, heights, strict=True)]
    axes.set_ylim(0, max(bottom) * 1.25)  # room for the legend
    axes.set_ylabel("shipments of the chosen plans")
    axes.legend(fontsize="small")
    return _markdown(figure, FigureCanvasAgg)


def _markdown(figure: object, canvas: type) -> dg.MarkdownMetadataValue:
    buffer = io.BytesIO()
    canvas(figure).print_png(buffer)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return dg.MetadataValue.md(f"![plot](data:image/png;base64,{encoded})")
