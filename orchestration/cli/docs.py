"""contract docs: what the rules found, as pages of Great Expectations."""

import webbrowser
from typing import Annotated

import typer

from contracts import CrossdockError
from orchestration.cli import err, out
from orchestration.cli.contract import contract


@contract.command()
def docs(
    is_opened: Annotated[
        bool, typer.Option("--open", help="Open the first page in a browser.")
    ] = False,
) -> None:
    """Write the newest verdict on each rule as Great Expectations' Data Docs, a page a table.

    Judges nothing: it shows what `crossdock check`, a run or Dagster recorded last, with reason,
    rows, owner and mend. A rule that was not judged, or by another version of its contract, counts
    as not evaluated. The site takes the place of the last one at once. It is written without a
    network; a browser without one shows the same text, plainer.

    Example: `crossdock contract docs --open`
    """
    from orchestration.data_docs import write
    from orchestration.hub import Hub

    with err.status("writing Data Docs"):
        written = write(Hub.open())
    index = written.index
    if is_opened and not webbrowser.open(index.as_uri()):
        raise CrossdockError(f"No browser was found here. The pages are written: open {index}.")
    out.print(str(index), markup=False, soft_wrap=True)
    passed = written.rules - written.unpassed
    said = f"{passed:,} of {written.rules:,} rules passed on {written.tables:,} tables"
    if written.unproven:
        said += f", {written.unproven:,} were not evaluated; `crossdock check` judges anew"
    out.print(f"{said}.")
