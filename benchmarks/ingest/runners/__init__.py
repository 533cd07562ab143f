"""What is measured, ours first: each module is one way to land the stream."""

from benchmarks.ingest.runners import (
    crossdock,
    dlt,
    floor,
    ingestr,
    sling,
    target_duckdb,
    target_postgres,
)

RUNNERS = {
    runner.name: runner
    for runner in (
        crossdock.RUNNER,
        floor.MERGE,
        floor.INSERT,
        dlt.ARROW,
        ingestr.RUNNER,
        sling.RUNNER,
        target_duckdb.RUNNER,
        dlt.ROWS,
        target_postgres.RUNNER,
    )
}
