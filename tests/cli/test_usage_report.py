"""`subagents usage` over the sessions of a project, and of all of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from inline_snapshot import snapshot
from tests.cli.acting import cli, owned

from subagents.cli.usage_report import moment_of
from subagents.sessions.spending import spendings
from subagents.spec import SpawnRequest
from subagents.testing.runner import Say, ScriptedRunner, Step, Tool, Wait
from subagents.usage import ModelUsage

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 6, 22, 12, tzinfo=UTC).timestamp()
DEAR = ModelUsage(requests=1, input=12_000, output=400, cache_read=90_000, cost=1.25)
CHEAP = ModelUsage(requests=1, input=300, output=50, unpriced=1)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


async def work(project: Path) -> None:
    """A parent that asks twice, and a child that asks once, in a session of the project."""
    gate = anyio.Event()
    above: list[Step] = [Tool(usage=DEAR), Wait(gate), Say("done", usage=DEAR)]
    runner = ScriptedRunner({"above": above, "below": [Say("done", usage=CHEAP)]})
    async with owned(project, runner) as manager:
        parent = await manager.spawn("worker", "above")
        child = await manager.spawn(SpawnRequest(agent="Explore", prompt="below", parent=parent))
        await manager.waits.wait([child], seconds=60)
        gate.set()
        await manager.waits.wait([parent], seconds=60)


async def test_each_request_counts_once_for_the_run_that_made_it(shop: Path):
    await work(shop)
    await work(shop)
    done = await cli("usage")
    assert done.out == snapshot("""\
AGENT    RUNS  REQUESTS  INPUT  OUTPUT  CACHED  TOKENS     COST
worker      2         4  48.0k    1.6k  360.0k   49.6k   ~$5.00
Explore     2         2    600     100       0     700  unknown
all         4         6  48.6k    1.7k  360.0k   50.3k  ~$5.00+
""")
    assert done.err == snapshot("2 requests have no known price; the cost is at least this.\n")
    assert (await cli("usage")).out == done.out, "looking counts nothing"


async def test_the_object_for_programs(shop: Path):
    await work(shop)
    told = json.loads((await cli("usage", "--by", "model", "--json")).out)
    (only,) = told["sums"]
    assert (only["model"], only["runs"], only["requests"]) == ("scripted", 2, 3)
    assert (told["total"]["tokens"], told["total"]["cache_read"]) == (25_150, 180_000)
    assert (told["total"]["cost"], told["total"]["unpriced"]) == (2.5, 1)


async def test_by_project_all_projects_are_summed_and_else_only_this_one(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    await work(shop)
    bank = tmp_path / "bank"
    bank.mkdir()
    monkeypatch.chdir(bank)
    assert (await cli("usage")).err == "Nothing was used.\n"
    await work(bank)
    sums = json.loads((await cli("usage", "--by", "project", "--json")).out)["sums"]
    assert {each["project"]: each["runs"] for each in sums} == {str(shop): 2, str(bank): 2}
    here = json.loads((await cli("usage", "--json")).out)
    assert here["total"]["runs"] == 2


@pytest.mark.parametrize(("since", "runs"), [("2000-01-01", 2), ("2999-01-01T12:00", 0)])
async def test_only_what_is_younger_counts(shop: Path, since: str, runs: int):
    await work(shop)
    told = json.loads((await cli("usage", "--since", since, "--json")).out)
    assert told["total"]["runs"] == runs


@pytest.mark.parametrize(
    ("text", "moment"),
    [("90m", NOON - 5400), ("24h", NOON - 86_400), ("7d", NOON - 7 * 86_400), ("2026-06-22", NOON - 43_200)],
)
def test_a_time_is_a_day_or_how_long_ago(text: str, moment: float):
    assert moment_of(text, NOON) == moment


async def test_nothing_is_made_by_looking(shop: Path, home: Path):
    assert (await cli("usage")).err == "Nothing was used.\n"
    assert list((home / "state").iterdir()) == []
    assert list(shop.iterdir()) == []


async def test_a_session_whose_end_is_damaged_tells_what_is_whole(shop: Path):
    async with owned(shop, ScriptedRunner(default=[Tool(usage=CHEAP), Say("done", usage=CHEAP)])) as manager:
        await manager.get_result(await manager.spawn("worker", "go"), wait=True)
        assert manager.folder is not None
        log = manager.folder.log
    assert len(list(spendings(log))) == 2
    data = log.read_bytes()
    place = data.rindex(b'"ModelReplied"') if b'"ModelReplied"' in data else data.rindex(b'"type":"Model')
    log.write_bytes(data[: place + 8] + b"X" + data[place + 9 :])
    assert len(list(spendings(log))) < 2
