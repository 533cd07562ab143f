"""quarantine rows: what landed and is held apart, because it breaks a rule of policy quarantine."""

from typing import Annotated, Literal

import typer

from orchestration.cli import out
from orchestration.cli.quarantine import quarantine


@quarantine.command("rows")
def held_rows(
    table: Annotated[
        str | None, typer.Argument(metavar="TABLE", help="Such as erp.freight_rates.")
    ] = None,
    is_open: Annotated[
        bool, typer.Option("--open/--all", help="Only those still held, or all.")
    ] = True,
    form: Annotated[
        Literal["table", "record", "csv", "json"] | None,
        typer.Option("--format", help="How rows are printed.", show_default="as they fit"),
    ] = None,
) -> None:
    """Count the landed rows that rules of policy quarantine hold apart, or list those of a table.

    They heal by themselves, at the next judgement or build: when their source tells them anew,
    or when the contract is mended. Example: `crossdock quarantine rows erp.freight_rates`
    """
    import contracts
    from orchestration import apart
    from orchestration.cli import wording
    from orchestration.cli.fitting import Column, fit
    from orchestration.cli.query import printed
    from orchestration.hub import Hub

    hub = Hub.open()
    with hub.lake.connect(read_only=True) as con:
        if table is not None:
            found = apart.rows(con, contracts.read_all("sources"), table, is_open=is_open)
            shown = [tuple(row.values()) for row in found]
            printed(list(found[0]) if found else [], shown, table, form)
            return
        listed = [
            g for g in apart.groups(con, contracts.read_all("sources")) if g.rows or not is_open
        ]
    if not listed:
        out.print("No row is held apart.")
        return
    columns = [
        Column("table", [group.dataset for group in listed], is_number=False),
        Column("rule", [group.rule for group in listed], is_number=False),
        Column("rows", [f"{group.rows:,}" for group in listed]),
        Column("since (UTC)", [wording.at(g.since) if g.since else "" for g in listed], 2, False),
        Column("healed", [f"{group.healed:,}" for group in listed], 3),
        Column("owner", [group.owner for group in listed], 1, is_number=False),
    ]
    out.print(fit(columns, out.width)[0])
    out.print("`crossdock quarantine rows TABLE` lists them; they heal as source or contract does.")
