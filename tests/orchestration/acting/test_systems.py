"""systems.yaml: what means nothing is refused, what is not set stops no other."""

from pathlib import Path

import pytest

from contracts import CrossdockError
from orchestration.acting.systems import systems
from orchestration.settings import Settings


def read(tmp_path: Path, text: str) -> object:
    (tmp_path / "systems.yaml").write_text(text)
    return systems(Settings(systems=tmp_path / "systems.yaml"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("wms: {}", "must have the key systems"),
        ("systems: {wms: {}}", "must have one key, its way. Ways: webhook, x12_940"),
        ("systems: {wms: {webhok: {}}}", "'webhok' is no way. Did you mean 'webhook'"),
        ("systems: {wms: {webhook: {}}}", "url: Field required. It takes: url, token"),
        ("systems: {wms: {webhook: {url: 'ftp://x'}}}", "url: "),
        ("systems: {wms: {webhook: {url: 'http://x', tokn: a}}}", "tokn: Extra inputs"),
        ("systems: {wms: {webhook: {url: 'http://x', secret: short-1}}}", "at least 24"),
        ("systems: {a: {}, a: {}}", "written twice"),
    ],
)
def test_what_means_nothing_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CrossdockError) as error:
        read(tmp_path, text)
    assert said in str(error.value)
    assert "short-1" not in str(error.value)


def test_a_system_that_is_not_set_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HERE", "http://localhost")
    monkeypatch.delenv("NOWHERE", raising=False)
    found = read(
        tmp_path,
        "systems: {a: {webhook: {url: '${HERE}', token: '${HERE}'}}, "
        "b: {webhook: {url: '${NOWHERE}'}}}",
    )
    assert list(found.reached) == ["breakers", "a"]  # type: ignore[attr-defined]
    assert "NOWHERE" in found.why_not("b")  # type: ignore[attr-defined]
    assert "has no 'c'" in found.why_not("c")  # type: ignore[attr-defined]
    assert "localhost" not in repr(found.reached["a"].way.token)  # type: ignore[attr-defined]


def test_the_house_s_own_list_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CROSSDOCK_WMS_REQUESTS_URL", "CROSSDOCK_WMS_REQUESTS_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert set(systems(Settings()).missing) >= {"wms"}
