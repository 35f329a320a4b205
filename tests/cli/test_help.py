"""Help reads like prose, and is the same at every terminal."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot
from typer.testing import CliRunner

from subagents.cli.app import commands


def help_of(*arguments: str) -> str:
    """What `--help` prints, 100 cells wide."""
    done = CliRunner().invoke(commands, [*arguments, "--help"], prog_name="subagents", terminal_width=100)
    assert done.exit_code == 0
    return done.stdout


def test_subagents():
    assert help_of() == snapshot("""\
Usage: subagents [OPTIONS] COMMAND [ARGS]...

  Run agents from your terminal.

  An agent is described in a Markdown file; Explore, which searches a code base, is built in and
  needs no key. Everything a run does is recorded, so that it can be looked at, stopped and gone on
  with from any terminal.

    subagents run Explore "where are retries handled?"
    subagents ps
    subagents log -f explore

  A run is named by its id, the beginning of one that fits no other, or its handle.

Options:
  --version             Print the version and end.
  --install-completion  Install completion for the current shell.
  --show-completion     Show completion for the current shell, to copy it or customize the
                        installation.
  -h, --help            Show this message and exit.

Commands:
  run        Run one agent and wait for its answer.
  spawn      Begin an agent in the background and print its id.
  serve      Be the host of this project: the process in which agents go on when whoever began them
             has left.
  resume     Go on with a run that ended, whatever way it ended.
  ps         List the runs of this project.
  tree       Show all agents of this project as a tree.
  show       Show all that is known of a run, and the runs below it.
  log        Print what a run said and did, line by line.
  peek       Print some lines of a run: the last ones, those after a line, or those that match.
  result     Print a run's answer.
  steer      Slip a message into a run in progress.
  send       Send a message to an agent by its name.
  pause      Let runs rest, from the end of the turn they are in.
  unpause    Let runs that rest go on.
  stop       Stop runs, and all they have started.
  clear      Take ended runs off the list.
  events     Print what was recorded, fact by fact.
  usage      Print what models were used for in this project, summed up.
  setup      Choose the model that answers, step by step.
  models     List the models that agents can run on.
  trust      Trust files of a project, as they are now.
  doctor     Look whether everything is here that agents need.
  agents     List, check and change the agents there are.
  sessions   List, name and remove the sessions of this project.
  worktrees  Look at what runs did in worktrees, and merge or discard it.
  mcp        Offer subagents to other agents, as tools of an MCP server.
  settings   List settings and change them.
""")


def test_run():
    assert help_of("run") == snapshot("""\
Usage: subagents run [AGENT] PROMPT [OPTIONS]

  Run one agent and wait for its answer.

  The answer, and nothing else, goes to standard output; what the agent is doing is shown on
  standard error. Without AGENT the general-purpose agent answers, or where no model is configured,
  Explore. A PROMPT of - is read from standard input.

  The exit code says how it ended: 0 it answered, 1 it failed, 2 it was not begun, 3 it was stopped,
  by somebody or by a limit, 4 it was interrupted, 130 you pressed Ctrl-C. Whatever it had found by
  then is kept.

  Examples:

    subagents run Explore "where are retries handled?"
    subagents run --timeout 5m --schema answer.json "list the public functions"
    git diff | subagents run reviewer -

Options:
  --model MODEL             What answers: opus, provider:id, offline, script:FILE.yaml.
  --thinking LEVEL          How hard it thinks: off, minimal, low, medium, high …
  --cwd FOLDER              Work there instead of here.
  --schema FILE|JSON        A JSON Schema that the answer must fit; it is printed as JSON.
  --max-turns N             Ask it to finish after so many turns; 0 is no limit.
  --max-tokens N            Stop it after so many tokens; at 80 %, ask it to finish.
  --max-cost USD            Stop it after so many dollars; at 80 %, ask it to finish.
  --timeout TIME            Stop it after 90, 5m, 1h30m; shortly before, ask it to finish.
  --isolation worktree|off  Work in a git worktree of its own, or in the folder itself.
  --base BASE               What a worktree begins with: head, default-branch, snapshot.
  --context FILE            A conversation, as text, that it knows when it begins.
  --no-inherit-context      Begin with the prompt alone, whatever the agent's file says.
  --trust                   Run what the agent's file names, as the file is now, this once.
  -d, --detach              Begin it, print its id and end; it goes on in the background.
  --json                    Print one JSON object at the end, however it ended.
  --events                  Print every fact as a line of JSON, as soon as it is recorded.
  -q, --quiet               Say nothing on standard error but errors.
  -h, --help                Show this message and exit.
""")


def test_resume():
    assert help_of("resume") == snapshot("""\
Usage: subagents resume ID PROMPT [OPTIONS]

  Go on with a run that ended, whatever way it ended.

  It knows all that was said before, and is told when its last turn was cut short. The answer and
  the exit code are those of `run`. Where another process owns the run's session it goes on there.

Options:
  --json       Print one JSON object at the end, however it ended.
  --events     Print every fact as a line of JSON, as soon as it is recorded.
  -q, --quiet  Say nothing on standard error but errors.
  --trust      Let what the agent's file named execute it once more, this time only.
  -h, --help   Show this message and exit.
""")


def test_ps():
    assert help_of("ps") == snapshot("""\
Usage: subagents ps [--all] [--json] [--tree]

  List the runs of this project.

  Those in progress, and those that ended within the hour. A run whose owner died without a word is
  shown as interrupted (owner gone).

Options:
  -a, --all   All there have ever been.
  --json      Print them as JSON.
  --tree      As a tree, as `subagents tree` shows it.
  -h, --help  Show this message and exit.
""")


def test_show():
    assert help_of("show") == snapshot("""\
Usage: subagents show ID

  Show all that is known of a run, and the runs below it.

Options:
  -h, --help  Show this message and exit.
""")


def test_log():
    assert help_of("log") == snapshot("""\
Usage: subagents log ID [OPTIONS]

  Print what a run said and did, line by line.

  The numbers stay the same for the life of a run. With -f it goes on until the run has ended.

Options:
  -f, --follow   Print what comes, until the run has ended.
  -n, --lines N  Begin with the last N lines.
  -h, --help     Show this message and exit.
""")
    assert help_of("logs") == help_of("log").replace("subagents log ", "subagents logs ")


def test_result():
    assert help_of("result") == snapshot("""\
Usage: subagents result ID [OPTIONS]

  Print a run's answer.

  One that did not come to an answer gives what it had written until then. The exit code is that of
  `run`, and 5 while the run has not ended. With --wait it is waited for, whichever process it works
  in; when that is given up, after --timeout or with Ctrl-C, the run goes on.

Options:
  -w, --wait         Wait until it has ended.
  --timeout TIME     Wait for so long at most: 90, 5m, 1h30m.
  -v, --verbose      Print what it said and did as well.
  --pointer POINTER  Print one part of a structured answer: /places/0/name.
  --json             Print one JSON object, whether it ended or not.
  -h, --help         Show this message and exit.
""")


def test_steer():
    assert help_of("steer") == snapshot("""\
Usage: subagents steer ID MESSAGE [--wait]

  Slip a message into a run in progress.

  It is read once, in the order of the messages, before the run's next turn. With --wait this ends
  when it was read; the exit code is 1 when the run ended first, and the message is given back. A
  MESSAGE of - is read from standard input.

Options:
  -w, --wait  Wait until it was read.
  -h, --help  Show this message and exit.
""")


def test_send():
    assert help_of("send") == snapshot("""\
Usage: subagents send @HANDLE MESSAGE

  Send a message to an agent by its name.

  A run of that name is steered with it while it works, and resumed with it when it has ended. Where
  none ever ran, and there is such an agent, it is started with the message as its prompt. What goes
  on or is started works in the foreground, as with `run`.

    subagents send @explore look at the tests too

Options:
  -h, --help  Show this message and exit.
""")


def test_pause():
    assert help_of("pause") == snapshot("""\
Usage: subagents pause ID…

  Let runs rest, from the end of the turn they are in.

  Others may work in their place meanwhile. A run that rests survives the end of its process.

Options:
  -h, --help  Show this message and exit.
""")


def test_unpause():
    assert help_of("unpause") == snapshot("""\
Usage: subagents unpause ID…

  Let runs that rest go on.

  One whose process has ended goes on here, in the foreground, and prints its answer as `run` does.

Options:
  -h, --help  Show this message and exit.
""")


def test_stop():
    assert help_of("stop") == snapshot("""\
Usage: subagents stop ID… [OPTIONS]

  Stop runs, and all they have started.

  What they had written is kept, and they can be resumed. A run whose owner died is recorded as
  interrupted. With --no-tree the runs below go on, but for those that are waited for.

Options:
  --reason TEXT       Why; it is kept with the run.
  --tree / --no-tree  Whether what they have started stops; it does.
  -h, --help          Show this message and exit.
""")


def test_clear():
    assert help_of("clear") == snapshot("""\
Usage: subagents clear [ID…] [OPTIONS]

  Take ended runs off the list.

  Without ID those that completed at least five minutes ago and were read. What is still at work is
  never cleared, nor what stands above it. The logs keep everything: `ps --all` lists what was
  cleared, and it can be resumed.

Options:
  --older-than MIN  Those that ended at least so many minutes ago; 5.
  --errors          Those that failed, were stopped or interrupted, too.
  --unread          Answers that nobody has read, too.
  -h, --help        Show this message and exit.
""")


def test_events():
    assert help_of("events") == snapshot("""\
Usage: subagents events [ID] [OPTIONS]

  Print what was recorded, fact by fact.

  ID is a run, whose facts and those of all below it are printed, or a session; without it the
  newest session is meant. Each fact has a number in its session, from which --since goes on. With
  --json each is a line of JSON, and what creates, starts, steers or ends a run carries in
  `lifecycle` what is known of the run by then.

Options:
  -f, --follow  Print what comes, until the run or session is over.
  --since SEQ   Only facts with a number above SEQ.
  --json        Print each fact as a line of JSON.
  -h, --help    Show this message and exit.
""")


def test_usage():
    assert help_of("usage") == snapshot("""\
Usage: subagents usage [OPTIONS]

  Print what models were used for in this project, summed up.

  Each request counts once, for the run that made it: a run's figures hold none of those it started.
  What was read from a provider's cache stands apart and is no part of the tokens. A cost with a +
  is a lower bound: some requests have no known price. With --by project all projects of yours are
  summed.

Options:
  --by WHAT     agent, model, project, user or day; by agent.
  --since TIME  Only what is younger: 2026-06-01, 7d, 24h, 90m.
  --json        Print one JSON object.
  -h, --help    Show this message and exit.
""")


def test_sessions():
    assert help_of("sessions") == snapshot("""\
Usage: subagents sessions [OPTIONS] COMMAND [ARGS]...

  List, name and remove the sessions of this project.

  A session is the log of what one command, panel or program had done. It is named by its id, the
  beginning of one that fits no other, or its title.

Options:
  -h, --help  Show this message and exit.

Commands:
  list     List the sessions, the newest first.
  show     Show a session and its runs.
  rename   Give a session a title, by which it can then be found.
  archive  Keep a session, but list it no longer.
  remove   Remove sessions and all that is kept of their runs, for good.
  gc       Remove old sessions.
""")


def test_sessions_gc():
    assert help_of("sessions", "gc") == snapshot("""\
Usage: subagents sessions gc [OPTIONS]

  Remove old sessions.

  First those that nobody used for so long, then the oldest until the rest is small enough. Archived
  ones stay, and so do those that a process owns.

Options:
  --days N       Those that nobody used for N days; else the setting's.
  --megabytes N  How much may be kept in all; else the setting's.
  --archived     Archived ones may go, too.
  --dry-run      Only say what would be removed.
  -h, --help     Show this message and exit.
""")


def test_doctor():
    assert help_of("doctor") == snapshot("""\
Usage: subagents doctor [--json]

  Look whether everything is here that agents need.

  Each line says what was found, and below it what to do where something is missing. The exit code
  is 1 only when something is missing without which nothing works.

Options:
  --json      Print the findings as JSON.
  -h, --help  Show this message and exit.
""")


@pytest.mark.parametrize("command", ["list", "show", "rename", "archive", "remove"])
def test_every_command_says_what_it_does(command: str):
    usage, _blank, first, *_rest = help_of("sessions", command).splitlines()
    assert usage.startswith(f"Usage: subagents sessions {command}")
    assert first.strip().endswith(".")


@pytest.mark.parametrize(
    ("command", "example"),
    [
        ("spawn", 'subagents spawn Explore "where are retries handled?"'),
        ("serve", "subagents serve --stop"),
        ("mcp", "subagents mcp install codex --print"),
    ],
)
def test_examples_stand_on_lines_of_their_own(command: str, example: str):
    assert f"    {example}" in help_of(command).splitlines()
