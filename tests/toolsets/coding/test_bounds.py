"""What commands of a run in a worktree may do, and what is refused, line by line as agents type them."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from subagents.toolsets.coding.bounds import Bounds
from subagents.toolsets.coding.command_bounds import refusal
from subagents.toolsets.coding.deps import CommandStarted

if TYPE_CHECKING:
    from tests.toolsets.coding.conftest import Tools

# The shell stands in `sub`, a folder of the worktree.
TREE = Path("/state/shop-1/worktrees/shop-1/maker-a1")
SKILL = Path("/home/u/shop/.subagents/skills/lint")
BOUNDS = Bounds(
    tree=TREE,
    checkouts=(Path("/home/u/shop"), Path("/home/u/shop/.git")),
    beside=TREE.parent.parent,
    reachable=(SKILL,),
    home="/home/u",
)


def why(line: str, folder: Path = TREE / "sub") -> str:
    return refusal(line, folder, BOUNDS)


FOLDERS = [
    "cd /tmp && make",
    "cd /home/u/shop",
    "cd ~",
    "cd",
    "cd && ls",
    "cd $HOME",
    'cd "${HOME}/shop"',
    "cd -P /srv",
    "cd -- /srv",
    "cd ../..",
    "cd .. && cd ..",
    "cd ../; cd a\ncd ../..",
    "cd $PWD/../..",
    "cd deep/../../..",
    "pushd /tmp",
    "pushd ../.. >/dev/null",
    "(cd .. && cd ..)",
    "(cd ..); cd ..; cd ..",
    "true && { cd /srv; }",
    "if cd /srv; then ls; fi",
    "while ! cd /srv; do sleep 1; done",
    "for x in a; do cd /srv; done",
    "X=1 cd /srv",
    "builtin cd /srv",
    "command cd /srv",
    "eval cd /srv",
    "eval 'cd /srv'",
    "cd\\\n  /srv",
    "'cd' /srv",
    "\\cd /srv",
    "ls # cd here\ncd /srv",
    "echo issue#5 && cd /srv",
    "echo $# && cd /srv",
    "cat <<EOF\nit's text\nEOF\ncd /srv",
    "cat <<-'EOF' >notes\n\tcd ..\n\tEOF\ncd /srv",
    "f() { cd /srv; }; f",
    "ls | (cd /srv; cat)",
    "cat <(cd /srv; ls)",
    "tests=`cd /srv; ls`",
    'x="$(cd /srv && pwd)"',
    'echo "a $(echo "b $(cd /srv)")"',
    "echo ${x:-$(cd /srv)}",
    'bash -c "cd /srv"',
    "sh -c 'true; cd /srv && ls'",
    "bash -lc \"sh -c 'cd /srv'\"",
    "sudo -u nobody bash -c 'cd /srv'",
    "find . -name '*.py' -exec sh -c 'cd /srv' \\;",
    "ls | xargs -I{} sh -c 'cd /srv && cat {}'",
    "trap 'cd /srv' EXIT",
    "python -c \"import os; os.system('cd /srv')\"",
    "cd /srv 'not closed",
    'ls "not closed\ncd /srv',
]
GIT = [
    "git -C /home/u/shop status",
    "git -C /srv log",
    "git -C ../.. status",
    "git -C .. -C .. status",
    "git -C ~ status",
    "git --no-pager -C /srv log",
    "git -c color.ui=never -C /srv log",
    "/usr/bin/git -C /srv log",
    "command git -C /srv log",
    "sudo git -C /srv log",
    "env git -C /srv log",
    "env -i PATH=/bin git -C /srv log",
    "time git -C /srv log",
    "timeout 60 git -C /srv fetch",
    "nice -n 10 git -C /srv gc",
    "ls | xargs -n1 git -C /srv add",
    "find . -exec git -C /srv add {} +",
    'x="$(git -C /srv status)"',
    "diff <(git -C /srv show HEAD:a) a",
    "git --git-dir /home/u/shop/.git log",
    "git --git-dir=.git log",
    "git --work-tree .. status",
    "git --work-tree=/srv --git-dir=/srv/.git status",
    "git -c core.worktree=/srv status",
    "git -c Core.WorkTree=.. status",
    "GIT_DIR=/srv/.git git log",
    "FOO=1 GIT_WORK_TREE=.. git status",
    "GIT_INDEX_FILE=/tmp/index git add .",
    "env GIT_COMMON_DIR=/srv git log",
    "env -u PAGER GIT_NAMESPACE=x git push",
    "export GIT_OBJECT_DIRECTORY=/tmp/o",
    "export FOO=1 GIT_DIR='/srv/a b'; git log",
    "declare -x GIT_DIR=/srv",
    "sudo GIT_DIR=/srv git log",
    "if true; then GIT_DIR=x git log; fi",
]
SHARED = [
    "git stash",
    "git stash -u",
    "git stash push -m 'list'",
    "git stash pop",
    "git stash apply stash@{0}",
    "git stash drop",
    "git stash clear",
    "git -C . stash",
    "git --no-pager stash pop",
    "git add -A && git stash && git checkout main",
    "sudo git stash pop",
    "! git stash",
    "git diff | cat; git stash",
    "bash -c 'git stash'",
    "git worktree add ../other",
    "git worktree add /tmp/w HEAD",
    "git worktree remove --force x",
    "git worktree prune",
    "git worktree move a b",
    "git worktree lock a",
    "git worktree unlock a",
    "git worktree repair",
]
PATHS = [
    "cat /home/u/shop/README.md",
    "cat '/home/u/shop/a b'",
    "cat /home/u//shop/./README.md",
    "cat /home/u/other/../shop/README.md",
    "cat ~/shop/README.md",
    'cat "$HOME/shop/README.md"',
    "ls /home/u/shop",
    "ls /home/u/shop/",
    "cat /home/u/shop/.git/HEAD",
    "cat /home/u/shop/src/*.py",
    "cat <README /home/u/shop/x",
    "echo hi > /home/u/shop/x",
    "git grep x -- /home/u/shop/a",
    "echo hi >>~/shop/x",
    "make 2>/home/u/shop/log",
    "make &>../../log",
    "sort < /home/u/shop/x",
    "cp a.txt /home/u/shop/",
    "/home/u/shop/.venv/bin/python -m pytest",
    "source /home/u/shop/.venv/bin/activate",
    "pytest --rootdir=/home/u/shop",
    "pytest --rootdir=../..",
    "make PREFIX=/home/u/shop install",
    "gcc -I/home/u/shop/include a.c",
    "PYTHONPATH=/tmp:/home/u/shop/src python a.py",
    "docker run -v /home/u/shop:/app image",
    "curl -d @/home/u/shop/x https://example.org",
    "git clone file:///home/u/shop copy",
    "git diff --no-index /home/u/shop/a a",
    "git apply < /home/u/shop/a.patch",
    "git log -- /home/u/shop",
    "grep -rn word /home/u/shop",
    "grep -e word -rn /home/u/shop",
    "sed -n 1,5p /home/u/shop/a",
    "sed -i -e s/a/b/ /home/u/shop/a",
    "rg --files ../..",
    "python -c \"open('/home/u/shop/x')\"",
    "node -e 'require(\"../../x\")'",
    "ls ../..",
    "ls ../../maker-b2",
    "cat ../../maker-b2/README",
    "cat ../../../../../x",
    "cat ../sub/../../x",
    "git -C .. add ../x",
    "ls $PWD/../..",
    f"ls {TREE.parent}",
    f"cat {TREE.parent}/maker-b2/README",
    f"cat {TREE}-2/README",
    f"cat {TREE}.json",
    f"cat {TREE}/../maker-b2/README",
    "[ -d ../../x ] && ls",
    "for f in ../../a ../../b; do cat $f; done",
    "cat ../../x 'not closed",
]


@pytest.mark.parametrize("line", [*FOLDERS, *GIT, *SHARED, *PATHS])
def test_what_leads_out_is_refused(line: str):
    assert why(line)


ALLOWED = [
    # folders
    "cd ..",
    "cd deep/er && ls && cd ../.. && ls",
    "cd .. && ls sub; cd sub && cat ../README",
    f"cd {TREE} && npm test",
    f"cd {TREE}/other && ls ..",
    "(cd .. && ls); cat ../README",
    "cd deep; cd -; cat ../README",
    "pushd deep >/dev/null; make; popd; cat ../README",
    'cd "$(git rev-parse --show-toplevel)" && ls ..',
    "for d in a b; do cd $d && make; cd ..; done",
    "cd $SOMEWHERE/x; ls ../../..",
    "echo cd /srv",
    "echo 'cd /srv; git stash' >> notes.sh",
    "printf 'cd %s\\n' /srv",
    "cat > run.sh <<'EOF'\ncd /srv\ngit -C /home/u/shop stash\nEOF",
    "cat <<A <<-B\ncd /srv\nA\n\tcd /srv\n\tB\nls",
    "python3 - <<'EOF'\nprint('it''s ../../x')\nEOF",
    "ls # cd /srv",
    "ls; # cd /srv\n# git stash\nls",
    "docker exec app sh -c 'cd /app && make'",
    "ssh host 'cd /srv && git stash'",
    # git
    "git status && git -C . log && git -C deep log && git -C .. log",
    "git -C .. -C sub status",
    f"git -C {TREE} status",
    'git -C "$ROOT" status',
    "git rev-parse --git-dir --git-common-dir --show-toplevel",
    "git -c user.name='A B' commit -qm x",
    "git log main..HEAD -- ..",
    "git log ..origin/main; git diff HEAD~3.. ../a; git diff main...HEAD",
    "git show HEAD:../x",
    "git commit -m 'cd / is refused, git stash too'",
    'git commit -am "see ../../README and /home/u/shop"',
    "git commit -mfix:/home/u/shop",
    "git commit --message='git -C /srv' --author 'A <a@b>'",
    "git commit -m \"$(cat <<'EOF'\nIt's done :) (cd /srv\n\ngit stash pop \"x\nEOF\n)\" && git log",
    "git commit -F - <<EOF\ncd /srv\nEOF",
    "git log --grep 'git stash' -S '../../x'",
    "git log --format='%h | cd /srv'",
    "git add -A; git restore .; git checkout -- ../a; git reset --hard HEAD~1",
    "git rebase -x 'make test' main",
    "git config --get core.worktree",
    "unset GIT_DIR; env -u GIT_DIR git status; echo $GIT_DIR",
    "GIT_EDITOR=true GIT_AUTHOR_NAME=x git commit",
    "grep -rn GIT_DIR= .",
    "gh pr create --title 'cd /srv' --body 'git stash; see ../../x'",
    # what is shared
    "git stash list",
    "git stash show -p stash@{0}",
    "git stash --help; git help stash",
    "git worktree list --porcelain",
    "rg 'git stash' src; grep -rn \"git worktree add\" . | head",
    "timeout 9 grep -rn 'git stash' . | xargs grep -n 'cd /srv'",
    "man git-stash; which git; command -v git && ls",
    # paths
    "/usr/bin/env python3 /tmp/x.py > /tmp/out 2>/dev/null",
    "ls /; ls /home/u; cat ~/.gitconfig /home/u/shopping/list",
    "rm -rf /tmp/build && tar -C /tmp -xf a.tgz && make -C /tmp/build",
    'export PATH="$HOME/.local/bin:$PATH"; . ~/.bashrc',
    f"cat {TREE}/README {TREE}/../maker-a1/README",
    f"bash {SKILL}/check.sh --config={SKILL}/a.toml",
    "cat ../README ../other/x; pip install -e ..",
    "echo see ../README",
    'echo "../x" > a.txt; printf "%s\\n" "../../a" /home/u/shop',
    'git grep -n "/home/u/shop"; git --no-pager grep -l "../../x" -- sub',
    "echo 'see ../../README, and /home/u/shop/x there'",
    "grep -rn '../../lib' src; rg -n -A 3 '../../lib' .",
    "sed -i 's#../../lib#lib#; s|/home/u/shop|.|' a.ts",
    "sed -n '1,5p;9q' ../a | awk -F/ '{print $NF \"../../x\"}'",
    "perl -pi -e 's{a}{b}' x; jq '.a | .b' x.json",
    "ln -s ../../lib/x deep/er/x",
    "curl -s https://example.org/a/../../x",
    "go test ./... && ls ... && cat a..b",
    "find . -path './node_modules' -prune -o -name '*.ts' -print",
    "find / -name x -maxdepth 1",
    "echo $((1 << 2)) $((4 / 2)); [[ $a == */b ]]",
    'case "$1" in a) ls;; /srv) ls ..;; esac',
    "a=(x y); echo ${a[@]} ${#a} ${a%/*}",
    "node -e 'require(\"../x\")'",
    "echo \"it's\" fine; echo 'a \"b'; echo $'it\\'s'",
    "",
    "\n\n",
    "'not closed",
]


@pytest.mark.parametrize("line", ALLOWED)
def test_what_stays_inside_is_let_through(line: str):
    assert why(line) == ""


PATTERNS = [
    'case "$f" in ../../*) echo out;; *) echo in;; esac',
    "case ../../x in a) ls;; esac",
    "case $f in ../../*|/home/u/shop/*) ls;; esac",
    "case $f in\n  a) ls;;\n  ../../*)\n    ls;;\nesac",
    "for f in a; do case $f in b) (ls);; ../../*) ls;; esac; done",
]
BEHIND_PATTERNS = [
    "case $f in a) cat ../../s;; esac",
    "case $f in\n../../*) cat ../../s;;\nesac",
    "case $f in a) ls;; $(cat ../../s)) ls;; esac",
    'case "$(cat ../../s)" in a) ls;; esac',
    "case $f in a) ls;; esac; (../../run)",
    "case $f in a) (../../run);; esac",
    "(cd ..; case $f in a) cd ..;; esac)",
    "echo case f in; (../../run)",
    "case $f in a) ls >../../x;; esac",
]


@pytest.mark.parametrize("line", PATTERNS)
def test_what_a_case_compares_with_is_no_path(line: str):
    assert why(line) == ""


@pytest.mark.parametrize("line", BEHIND_PATTERNS)
def test_what_a_case_runs_is_looked_at(line: str):
    assert why(line)


def test_a_query_is_no_command_unless_it_opens_a_file():
    assert why("""sqlite3 a.db "SELECT replace(path, '../../', '') FROM files" """) == ""
    assert why("""psql -c "select * from files where path like '../../%'" """) == ""
    assert why("""sqlite3 a.db "SELECT readfile( '../../x' )" """)
    assert why("""sqlite3 ../../a.db "SELECT 1" """)
    assert why("""psql -c "copy files from '../../x' " """)


def test_the_sentences_name_what_was_written_and_what_works():
    lines = (
        *("cd /home/u/shop/src && make", "cd", "git -C ../.. status", "git -C ~/shop status"),
        *(
            "git --git-dir /srv/x log",
            "GIT_INDEX_FILE=/tmp/i git add .",
            "git stash pop",
            "git worktree add ../x",
        ),
        *(
            "cat ~/shop/src/a.py",
            "cat /home/u/shop/.git/config",
            "cat ../../maker-b2/a",
            "cat ../../../../../../x",
        ),
    )
    assert "\n\n".join(fill(why(line), 100) for line in lines) == snapshot("""\
`cd /home/u/shop/src` leads out of your worktree '/state/shop-1/worktrees/shop-1/maker-a1', the only
place to work, where commands begin by themselves. What is there is here under the same name: use
'/state/shop-1/worktrees/shop-1/maker-a1/src'.

`cd` leads out of your worktree '/state/shop-1/worktrees/shop-1/maker-a1', the only place to work,
where commands begin by themselves. Use a path in your worktree.

`git -C ../..` leads out of your worktree '/state/shop-1/worktrees/shop-1/maker-a1', where git works
without -C. Use a path in your worktree.

`git -C ~/shop` leads out of your worktree '/state/shop-1/worktrees/shop-1/maker-a1', where git
works without -C. What is there is here under the same name: use
'/state/shop-1/worktrees/shop-1/maker-a1'.

`git --git-dir /srv/x` has git work elsewhere. In your worktree
'/state/shop-1/worktrees/shop-1/maker-a1' it finds its repository by itself: leave that out.

'GIT_INDEX_FILE=/tmp/i' has git work elsewhere. In your worktree
'/state/shop-1/worktrees/shop-1/maker-a1' it finds its repository by itself: leave that out.

`git stash pop` is refused: the stash is shared with the user's checkout. Commit instead, as with
`git commit -am wip`, which `git reset HEAD~` takes back; `git stash list` and `git stash show` are
fine.

`git worktree add` is refused: the worktrees of this repository are others', and yours is made and
put away for you. Work in it; `git worktree list` is fine.

'~/shop/src/a.py' leads into the user's checkout, which is out of bounds. What is there is here
under the same name: use '/state/shop-1/worktrees/shop-1/maker-a1/src/a.py'.

'/home/u/shop/.git/config' leads into the user's checkout, which is out of bounds. Ask git itself,
in your worktree, as with `git log` or `git config --get`.

'../../maker-b2/a' leads out of your worktree '/state/shop-1/worktrees/shop-1/maker-a1' to where
others are. Use a path in your worktree.

'../../../../../../x' leads out of your worktree '/state/shop-1/worktrees/shop-1/maker-a1'. Use a
path in your worktree.\
""")


def test_without_what_it_was_made_from_a_command_may_still_not_leave():
    bounds = Bounds(tree=TREE, checkouts=(), beside=TREE.parent.parent)
    assert refusal("cd /home/u/shop", TREE, bounds)
    assert refusal("cat ../x", TREE, bounds)
    assert refusal("cat /home/u/shop/x ~/x; cd ~", TREE, bounds) == ""


def test_a_checkout_around_the_worktree_does_not_close_it():
    around = Bounds(tree=TREE, checkouts=(Path("/state"),), beside=TREE.parent.parent)
    assert refusal(f"cat {TREE}/a", TREE, around) == ""
    assert refusal("cat /state/a", TREE, around)


# --- in the tool


async def test_the_tool_refuses_and_runs_nothing_and_the_next_command_runs(tools: Tools):
    tools.deps.coding.bounds = Bounds(tree=tools.root, checkouts=(), beside=tools.root.parent)
    answer = await tools("bash", command="touch made; cd ..")
    assert answer.startswith(f"Error: `cd ..` leads out of your worktree '{tools.root}', the only place")
    assert answer.endswith("Nothing of the command was run.")
    assert not (tools.root / "made").exists()
    assert not [update for update in tools.updates if isinstance(update, CommandStarted)]
    assert await tools("bash", command="mkdir deep && cd deep") == "[the next command begins in deep]"
    assert (
        await tools("bash", command="cd .. && pwd")
        == f"{tools.root}\n[the next command begins in the workspace's root]"
    )


async def test_where_the_shell_stands_counts(tools: Tools):
    tools.deps.coding.bounds = Bounds(tree=tools.root, checkouts=(), beside=tools.root.parent)
    tools.file("a")
    assert (await tools("bash", command="ls ..")).startswith("Error: '..' leads out of your worktree")
    await tools("bash", command="mkdir deep && cd deep")
    assert await tools("bash", command="ls ..") == "a\ndeep"


async def test_without_a_worktree_nothing_is_refused(tools: Tools):
    assert "is outside the workspace" in await tools("bash", command="cd ..")


# --- any text

BITS = (
    *(
        " ",
        "\n",
        "\t",
        "'",
        '"',
        "`",
        "\\",
        "$(",
        "${",
        "$'",
        "(",
        ")",
        "{",
        "}",
        ";",
        "&",
        "|",
        "<",
        ">",
        "<<A",
        "#",
        "=",
        ":",
    ),
    *(
        "cd ",
        "git ",
        "-C ",
        "stash ",
        "env ",
        "find ",
        "-exec ",
        "GIT_DIR=",
        "bash -c ",
        "A\n",
        "../",
        "/home/u/shop",
        "~/",
        "a",
    ),
)
LINES = st.one_of(st.text(), st.lists(st.sampled_from(BITS)).map("".join))


@given(LINES)
@example("\ud800$'\\")
@example("<<" + "\n" * 3)
def test_any_text_gets_an_answer(line: str):
    assert len(why(line)) < 6000


def steps(line: str) -> int:
    """How many functions are called to judge a line, those of the interpreter too."""
    called = 0

    def count(_frame: Any, event: str, _function: Any) -> None:
        nonlocal called
        called += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        why(line)
    finally:
        sys.setprofile(before)
    return called


@settings(max_examples=30)
@given(st.lists(st.sampled_from(BITS), min_size=1, max_size=6).map("".join))
@example("$(")
@example("`")
@example("cd a;")
@example("xargs ")
@example("<<A\n")
@example("\"$('")
def test_three_times_the_text_is_no_nine_times_the_work(bits: str):
    # Three times, so that a quote that is left open with the one is left open with the other.
    once, thrice = (steps(bits * (times * (600 // len(bits)))) for times in (1, 3))
    assert thrice <= 6 * once + 1000


@pytest.mark.parametrize(
    "bits",
    ["'a b' ", '"a" ', "$(", "`", "\\", "cd a;", "git -C a ", "a=/b,:", "../", "<<A\n", "$( # ", "\"$('"],
)
def test_the_longest_command_is_judged(bits: str):
    line = bits * (100_000 // len(bits))
    assert steps(line) < 50 * len(line)
