"""tasks: what only a person can decide about who is who, and the answers."""

from typing import Annotated

import typer

from orchestration.cli import app, out

TaskId = Annotated[str, typer.Argument(help="A task's id, or its first characters.")]
Sku = Annotated[str | None, typer.Argument(help="The ERP's SKU; the proposal when left out.")]
Target = Annotated[
    str | None,
    typer.Argument(
        help="What is meant: an article's SKU, a warehouse's code, CARRIER/SERVICE, a partner's "
        "number; the proposal when left out."
    ),
]
Why = Annotated[str, typer.Option("--why", help="Why; kept with the answer.")]

tasks = typer.Typer(
    help="See what a person must decide, answer it, take an answer back.\n\n"
    "Example: `crossdock tasks list`",
    no_args_is_help=True,
)
app.add_typer(tasks, name="tasks")


@tasks.command("list")
def list_tasks(
    kind: Annotated[str | None, typer.Option(help="Tasks of this kind only.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Tasks listed, at most.")] = 20,
) -> None:
    """Count the open tasks by kind, then list those that most rows wait for.

    A task that was answered stays until the next `crossdock unify`, and says so.

    Example: `crossdock tasks list --kind unknown_article`
    """
    from orchestration import stewarding
    from orchestration.cli import task_view
    from orchestration.hub import Hub

    with Hub.open().lake.connect(read_only=True) as con:
        every = stewarding.tasks(con)
        states = stewarding.answered(con, every)
    if kind is not None and kind not in stewarding.ANSWERS:
        raise stewarding.StewardError(
            f"'{kind}' is no kind of task. Kinds: {', '.join(stewarding.ANSWERS)}."
        )
    if not every:
        out.print("Nothing waits for a steward.")
        return
    chosen = [task for task in every if kind in (None, task.kind)]
    if not chosen:
        out.print(f"No task of kind {kind} is open; {len(every):,} of other kinds are.")
        return
    out.print(task_view.counted(chosen, out.width))
    if shown := chosen[:limit]:
        out.print(task_view.listed(shown, states, out.width))
    waiting = sum(states.get(task.task_uid) == stewarding.WAITS for task in chosen)
    if waiting:
        out.print(
            f"{waiting:,} answered: counted from the next `crossdock unify` on.", markup=False
        )
    out.print("`crossdock tasks show ID` tells the evidence of one.", markup=False)


@tasks.command()
def show(task: TaskId) -> None:
    """Show a task's evidence, what is proposed, and how it can be answered.

    Example: `crossdock tasks show tsk_3f9a`
    """
    from orchestration import stewarding
    from orchestration.cli import task_view
    from orchestration.hub import Hub

    with Hub.open().lake.connect(read_only=True) as con:
        found = stewarding.find(con, task)
        state = stewarding.answered(con, [found]).get(found.task_uid)
    out.print(task_view.facts(found, state))


@tasks.command("map")
def map_to(task: TaskId, target: Target = None, *, why: Why) -> None:
    """Say which article, node, service or partner the source means.

    Example: `crossdock tasks map tsk_3f9a AA-00017 --why "looked at the box"`
    """
    _answer(task, "map", target, why)


@tasks.command()
def apart(task: TaskId, sku: Sku = None, *, why: Why) -> None:
    """Say that the source does not mean this article, whatever its codes or name say.

    Example: `crossdock tasks apart tsk_3f9a AA-00017 --why "another colour"`
    """
    _answer(task, "apart", sku, why)


@tasks.command()
def merge(task: TaskId, sku: Sku = None, *, why: Why) -> None:
    """Say that the ERP has one article twice, and which of the two stays.

    Example: `crossdock tasks merge tsk_3f9a AA-00017 --why "renumbered in May"`
    """
    _answer(task, "merge", sku, why)


@tasks.command()
def accept(task: TaskId, why: Why) -> None:
    """Say that it is right as it is: the question is not asked again.

    Example: `crossdock tasks accept tsk_3f9a --why "new packaging, the code is right"`
    """
    _answer(task, "accept", None, why)


@tasks.command("words")
def list_words(
    limit: Annotated[int, typer.Option(min=1, help="Answers listed, at most.")] = 20,
) -> None:
    """List the answers that were given, the newest first, and which were taken back.

    Example: `crossdock tasks words`
    """
    from orchestration import stewarding
    from orchestration.cli import task_view
    from orchestration.hub import Hub

    with Hub.open().lake.connect(read_only=True) as con:
        every = stewarding.words(con)
    if not every:
        out.print("No steward has answered anything yet.")
        return
    out.print(task_view.answers(every[:limit], out.width))


@tasks.command()
def undo(word: Annotated[str, typer.Argument(help="An answer's id, of `tasks words`.")]) -> None:
    """Take an answer back: a mapping is looked for again, merged articles are two again.

    Example: `crossdock tasks undo 5d1c`
    """
    from orchestration import stewarding
    from orchestration.hub import Hub

    undone = stewarding.undo(Hub.open(), word)
    out.print(
        f"Taken back: {undone.verb} {undone.source_system} {undone.source_key}. "
        "`crossdock unify` decides anew.",
        markup=False,
    )


def _answer(task: str, verb: str, target: str | None, why: str) -> None:
    from orchestration import stewarding
    from orchestration.hub import Hub

    hub = Hub.open()
    with hub.lake.connect(read_only=True) as con:
        found = stewarding.find(con, task)
    word = stewarding.answer(hub, found, verb, target, why)
    meant = f" {word.target}" if word.target else ""
    out.print(
        f"Kept as {word.word_id}: {verb} {word.source_system} {word.source_key}{meant}. "
        "It counts from the next `crossdock unify` on; `crossdock tasks undo` takes it back.",
        markup=False,
    )
