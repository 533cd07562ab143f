"""Data Docs of a hub: every rule of today, whole at any time, nothing of what is gone."""

import webbrowser
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from contracts import CrossdockError, data_docs
from orchestration import judging
from orchestration.cli import load_commands
from orchestration.data_docs import write
from orchestration.judging import TABLE
from tests.orchestration.small_hub import SmallHub, small_hub


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallHub]:
    """A hub whose sources and entities were judged; its decisions were not."""
    with small_hub(tmp_path_factory.mktemp("hub")) as small:
        small.load("update lake.shop.stock set note = 'odd' where sku = 'A-02'")
        small.build()
        for layer in ("sources", "canonical"):
            judging.judge(small.hub, layer)
        yield small


def _contract(small: SmallHub, name: str) -> Path:
    return small.hub.settings.home.parent / "contracts" / f"{name}.odcs.yaml"


def _text(site: Path, dataset: str) -> str:
    (page,) = site.glob(f"validations/{dataset.replace('.', '/')}/*/*/*.html")
    return page.read_text("utf-8")


def test_a_hub_on_which_nothing_was_judged_says_what_to_run(tmp_path: Path) -> None:
    with small_hub(tmp_path) as small, pytest.raises(CrossdockError, match="`crossdock run` first"):
        write(small.hub)
    assert not (small.hub.settings.home / "data_docs").exists()


def test_each_rule_of_each_contract_is_shown_and_what_nobody_judged_is_not_evaluated(
    judged: SmallHub,
) -> None:
    written = write(judged.hub)
    tables = [(one, table) for one in judged.hub.contracts() for table in one.tables]
    (decisions,) = judged.hub.contracts("decisions")
    assert written.tables == len(tables) + len(decisions.tables)
    assert written.unproven == sum(len(table.rules) for table in decisions.tables)
    assert written.unpassed == written.unproven + 2  # the odd note, in source and entity
    site = written.index.parent
    for contract, table in [*tables, *((decisions, table) for table in decisions.tables)]:
        told = _text(site, contract.dataset(table.name))
        assert all(rule.id in told for rule in table.rules)
    assert "it was not judged yet." in _text(site, "decisions.decision_run")
    assert "sku=A-02, note=odd" in _text(site, "shop.stock")


def test_a_verdict_by_another_version_of_its_contract_proves_nothing(judged: SmallHub) -> None:
    assert ">passed<" in _text(write(judged.hub).index.parent, "canonical.stock")
    path = _contract(judged, "canonical/stock")
    before = path.read_text()
    path.write_text(before.replace("version: 1.0.0", "version: 1.1.0"))
    try:
        told = _text(write(judged.hub).index.parent, "canonical.stock")
    finally:
        path.write_text(before)
    why = "it was judged by 1.0.0 of its contract (passed), which is at 1.1.0."
    assert told.count(why) > 5
    assert ">passed<" not in told


def test_a_hub_that_is_older_than_policies_is_shown(judged: SmallHub) -> None:
    with judged.hub.lake.lock(purpose="test"), judged.hub.lake.connect() as con:
        for name in ("policy", "held"):
            con.execute(f"alter table lake.{TABLE} drop column {name}")
    assert "sku=A-02, note=odd" in _text(write(judged.hub).index.parent, "shop.stock")


def test_readers_have_the_last_site_until_the_new_one_is_whole_then_nothing_of_it(
    judged: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = write(judged.hub).index.parent
    files = {path.relative_to(site) for path in site.rglob("*.html")}
    real = data_docs.write

    def killed(folder: Path, pages: object) -> Path:
        real(folder, pages)  # type: ignore[arg-type]
        assert {path.relative_to(site) for path in site.rglob("*.html")} == files
        raise KeyboardInterrupt

    monkeypatch.setattr(data_docs, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        write(judged.hub)
    monkeypatch.undo()
    assert {path.relative_to(site) for path in site.rglob("*.html")} == files

    path = _contract(judged, "canonical/orphan")
    before = path.read_text()
    path.unlink()
    try:
        write(judged.hub)
    finally:
        path.write_text(before)
    assert "canonical.stock" in (site / "index.html").read_text()
    assert "canonical.orphan" not in (site / "index.html").read_text()
    assert not [path for path in site.rglob("*") if "orphan" in str(path)]
    kept = [one.name for one in (judged.hub.settings.home / ".data_docs").iterdir() if one.is_dir()]
    assert kept == [site.resolve().name]


def test_two_commands_do_not_write_at_once(judged: SmallHub) -> None:
    (judged.hub.settings.home / ".data_docs").mkdir(exist_ok=True)
    with (
        FileLock(judged.hub.settings.home / ".data_docs" / "lock"),
        pytest.raises(CrossdockError, match="Another command is writing"),
    ):
        write(judged.hub)


def test_a_folder_of_that_name_is_not_overwritten(tmp_path: Path) -> None:
    with small_hub(tmp_path) as small:
        judging.judge(small.hub, "sources")
        mine = small.hub.settings.home / "data_docs" / "mine.html"
        mine.parent.mkdir()
        mine.write_text("mine")
        with pytest.raises(CrossdockError, match="Move it elsewhere"):
            write(small.hub)
        assert mine.read_text() == "mine"


def test_the_command_says_where_the_pages_are_and_opens_them(
    judged: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: bool(opened.append(url)) or True)
    done = CliRunner().invoke(load_commands(), ["contract", "docs", "--open"])
    index = judged.hub.settings.home / "data_docs" / "index.html"
    assert opened == [index.as_uri()]
    assert done.exit_code == 0, done.output
    assert index.is_file()


def test_without_a_browser_it_says_so(judged: SmallHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    done = CliRunner().invoke(load_commands(), ["contract", "docs", "--open"])
    assert "No browser was found here" in str(done.exception)
