import os
import subprocess
import sys
from pathlib import Path

import pytest

from subagents.workspaces.processes.ancestry import started_in

SAY = (
    "import os; from subagents.workspaces.processes.ancestry import started_in; "
    "print(dict(started_in(os.environ)).get('SUBAGENTS_RUN'))"
)
SOURCE = str(Path(__file__).parents[2] / "src")


def said(*command: str, **environment: str) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": SOURCE, **environment},
    )
    return done.stdout.strip()


def test_a_process_that_no_run_started_is_in_none():
    assert said(sys.executable, "-c", SAY) == "None"


def test_a_process_knows_its_run_from_its_environment():
    assert started_in({"SUBAGENTS_RUN": "abcdefgh", "SUBAGENTS_DEPTH": "2"})["SUBAGENTS_DEPTH"] == "2"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows what processes were started with")
def test_a_command_that_cleans_the_environment_is_still_of_its_run():
    inner = f'env -u SUBAGENTS_RUN {sys.executable} -c "{SAY}"; true'
    assert said("bash", "-c", inner, SUBAGENTS_RUN="abcdefgh") == "abcdefgh"
