"""The tree at each width and height, in each mode."""

from __future__ import annotations

from typing import Any

import pytest
from inline_snapshot import snapshot
from tests.view.forests import drawn

from subagents.ids import RunId


def low(width: int, mode: str, **more: Any) -> str:
    """Where not all find room."""
    return drawn(width=width, height=5, mode=mode, **more)


def roomy(width: int, mode: str, **more: Any) -> str:
    """Where all find room, in 12 lines; 40 show no more."""
    picture = drawn(width=width, height=12, mode=mode, **more)
    assert drawn(width=width, height=40, mode=mode, **more) == picture
    return picture


def test_rich_40():
    assert low(40, "rich") == snapshot("""\

● Agents  3 running · 2 queued
├─ ⠋ orchestrator  split t… · ↻3≤20 · 1m
│  └─ +3 descendants hidden (2 running,…
├─ ? reviewer  needs approval: bash(mak…
└─ +3 agents hidden (2 queued, 1 finish…
""")
    assert roomy(40, "rich") == snapshot("""\

● Agents  3 running · 2 queued
├─ ⠋ orchestrator  split the work
│    ⎿ ↻3≤20 · 4 tools · 1m
│  ├─ ⠋  Explore   inspect the widget's…
│  │    ⎿ 1 tool · 2 conflicts · 50.0s
│  │  └─ ⠋  explore-2   trace who owns…
│  │       ⎿ searching for owner · 48.0s
│  └─ ✓ auditor  review the plan · 31s
├─ ? reviewer  needs approval: bash(mak…
├─ ◦ explore-3  read the… · queued (1st)
├─ ◦ explore-4  发布说明… · queued (2nd)
└─ ✗ Plan  old… · failed: model unavai…
""")


def test_rich_60():
    assert low(60, "rich") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval
├─ ⠋ orchestrator  split the work · ↻3≤20 · 4 tools · 1m
│  └─ +3 descendants hidden (2 running, 1 finished)
├─ ? reviewer  look at t…  needs approval: bash(make deploy)
└─ +3 agents hidden (2 queued, 1 finished)
""")
    assert roomy(60, "rich") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval
├─ ⠋ orchestrator  opus-4-6  split the work
│    ⎿ ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
│  ├─ ⠋  Explore   sonnet-4-5  inspect the widget's data fl…
│  │    ⎿ 1 tool · 3.1k tokens (86% · ⇊1) · 2 conflicts
│  │  └─ ⠋  explore-2   trace who owns the manager
│  │       ⎿ searching for owner · 1 tool · 48.0s
│  └─ ✓ auditor  sonnet-4-5  review the plan · 31s
├─ ? reviewer  look at t…  needs approval: bash(make deploy)
├─ ◦ explore-3  sonnet-4-5  read the release… · queued (1st)
├─ ◦ explore-4  sonnet-4-5  发布说明 🎉 read… · queued (2nd)
└─ ✗ Plan  old attempt · failed: model unavailable
""")


def test_rich_88():
    assert low(88, "rich") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval · depth 3/4 · 25.9k tokens
├─ ⠋ orchestrator  opus-4-6  split the work · ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
│  └─ +3 descendants hidden (2 running, 1 finished)
├─ ? reviewer  sonnet-4-5  look at the deploy  needs approval: bash(make deploy)
└─ +3 agents hidden (2 queued, 1 finished)
""")
    assert roomy(88, "rich") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval · depth 3/4 · 25.9k tokens
├─ ⠋ orchestrator  opus-4-6  split the work
│    ⎿ ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
│  ├─ ⠋  Explore   sonnet-4-5  inspect the widget's data flow
│  │    ⎿ 1 tool · 3.1k tokens (86% · ⇊1) · 2 conflicts · wt-explore · 50.0s
│  │  └─ ⠋  explore-2   trace who owns the manager
│  │       ⎿ searching for owner · 1 tool · 48.0s
│  └─ ✓ auditor  sonnet-4-5  review the plan · 31s
├─ ? reviewer  sonnet-4-5  look at the deploy  needs approval: bash(make deploy)
├─ ◦ explore-3  sonnet-4-5  read the release notes · queued (1st)
├─ ◦ explore-4  sonnet-4-5  发布说明 🎉 read the others · queued (2nd)
└─ ✗ Plan  sonnet-4-5  old attempt · failed: model unavailable · 35s
""")


def test_rich_120():
    assert low(120, "rich") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval · depth 3/4 · 25.9k tokens · ~$0.42
├─ ⠋ orchestrator  opus-4-6  split the work · ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
│  └─ +3 descendants hidden (2 running, 1 finished)
├─ ? reviewer  sonnet-4-5  look at the deploy  needs approval: bash(make deploy)
└─ +3 agents hidden (2 queued, 1 finished)
""")
    assert roomy(120, "rich") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval · depth 3/4 · 25.9k tokens · ~$0.42
├─ ⠋ orchestrator  opus-4-6  split the work
│    ⎿ ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
│  ├─ ⠋  Explore   sonnet-4-5  inspect the widget's data flow
│  │    ⎿ 1 tool · 3.1k tokens (86% · ⇊1) · 2 conflicts · wt-explore · 50.0s
│  │  └─ ⠋  explore-2   trace who owns the manager
│  │       ⎿ searching for owner · 1 tool · 48.0s
│  └─ ✓ auditor  sonnet-4-5  review the plan · 31s
├─ ? reviewer  sonnet-4-5  look at the deploy  needs approval: bash(make deploy)
├─ ◦ explore-3  sonnet-4-5  read the release notes · queued (1st)
├─ ◦ explore-4  sonnet-4-5  发布说明 🎉 read the others · queued (2nd)
└─ ✗ Plan  sonnet-4-5  old attempt · failed: model unavailable · 35s
""")


def test_compact_40():
    assert low(40, "compact") == snapshot("""\

● Agents  3 running · 2 queued
├─ ⠋ orchestrator  split t… · ↻3≤20 · 1m
│  └─ +3 descendants hidden (2 running,…
├─ ? reviewer  needs approval: bash(mak…
└─ +3 agents hidden (2 queued, 1 finish…
""")
    assert roomy(40, "compact") == snapshot("""\

● Agents  3 running · 2 queued
├─ ⠋ orchestrator  split t… · ↻3≤20 · 1m
│  ├─ ⠋  Explore   inspect the… · 50.0s
│  │  └─ ⠋  explore-2   trace w… · 48.0s
│  └─ ✓ auditor  review the plan · 31s
├─ ? reviewer  needs approval: bash(mak…
├─ ◦ explore-3  read the… · queued (1st)
├─ ◦ explore-4  发布说明… · queued (2nd)
└─ ✗ Plan  old… · failed: model unavai…
""")


def test_compact_60():
    assert low(60, "compact") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval
├─ ⠋ orchestrator  split the work · ↻3≤20 · 4 tools · 1m
│  └─ +3 descendants hidden (2 running, 1 finished)
├─ ? reviewer  look at t…  needs approval: bash(make deploy)
└─ +3 agents hidden (2 queued, 1 finished)
""")
    assert roomy(60, "compact") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval
├─ ⠋ orchestrator  split the work · ↻3≤20 · 4 tools · 1m
│  ├─ ⠋  Explore   inspect the widget's da… · 1 tool · 50.0s
│  │  └─ ⠋  explore-2   trace who owns the… · 1 tool · 48.0s
│  └─ ✓ auditor  sonnet-4-5  review the plan · 31s
├─ ? reviewer  look at t…  needs approval: bash(make deploy)
├─ ◦ explore-3  sonnet-4-5  read the release… · queued (1st)
├─ ◦ explore-4  sonnet-4-5  发布说明 🎉 read… · queued (2nd)
└─ ✗ Plan  old attempt · failed: model unavailable
""")


def test_compact_88():
    assert low(88, "compact") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval
├─ ⠋ orchestrator  opus-4-6  split the work · ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
│  └─ +3 descendants hidden (2 running, 1 finished)
├─ ? reviewer  sonnet-4-5  look at the deploy  needs approval: bash(make deploy)
└─ +3 agents hidden (2 queued, 1 finished)
""")
    assert roomy(88, "compact") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval
├─ ⠋ orchestrator  opus-4-6  split the work · ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
│  ├─ ⠋  Explore   inspect the… · 1 tool · 3.1k tokens (86% · ⇊1) · 2 conflicts · 50.0s
│  │  └─ ⠋  explore-2   trace who owns the manager · 1 tool · 48.0s
│  └─ ✓ auditor  sonnet-4-5  review the plan · 31s
├─ ? reviewer  sonnet-4-5  look at the deploy  needs approval: bash(make deploy)
├─ ◦ explore-3  sonnet-4-5  read the release notes · queued (1st)
├─ ◦ explore-4  sonnet-4-5  发布说明 🎉 read the others · queued (2nd)
└─ ✗ Plan  sonnet-4-5  old attempt · failed: model unavailable · 35s
""")


def test_compact_120():
    assert low(120, "compact") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval
├─ ⠋ orchestrator  opus-4-6  split the work · ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
│  └─ +3 descendants hidden (2 running, 1 finished)
├─ ? reviewer  sonnet-4-5  look at the deploy  needs approval: bash(make deploy)
└─ +3 agents hidden (2 queued, 1 finished)
""")
    assert roomy(120, "compact") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval
├─ ⠋ orchestrator  opus-4-6  split the work · ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
│  ├─ ⠋  Explore   sonnet-4-5  inspect the widget'… · 1 tool · 3.1k tokens (86% · ⇊1) · 2 conflicts · wt-explore · 50.0s
│  │  └─ ⠋  explore-2   trace who owns the manager · 1 tool · 48.0s
│  └─ ✓ auditor  sonnet-4-5  review the plan · 31s
├─ ? reviewer  sonnet-4-5  look at the deploy  needs approval: bash(make deploy)
├─ ◦ explore-3  sonnet-4-5  read the release notes · queued (1st)
├─ ◦ explore-4  sonnet-4-5  发布说明 🎉 read the others · queued (2nd)
└─ ✗ Plan  sonnet-4-5  old attempt · failed: model unavailable · 35s
""")


def test_focused_40():
    assert low(40, "focused", focus=RunId("explore")) == snapshot("""\

● 4 total · showing active branch
└─ ⠋ orchestrator  split t… · ↻3≤20 · 1m
   └─ ⠋  Explore   inspect the… · 50.0s
      └─ ⠋  explore-2   trace w… · 48.0s
+1 completed sibling hidden
""")
    assert roomy(40, "focused", focus=RunId("explore")) == snapshot("""\

● 4 total · showing active branch
└─ ⠋ orchestrator  split the work
     ⎿ ↻3≤20 · 4 tools · 1m
   └─ ⠋  Explore   inspect the widget's…
        ⎿ 1 tool · 2 conflicts · 50.0s
      └─ ⠋  explore-2   trace who owns…
           ⎿ searching for owner · 48.0s
+1 completed sibling hidden
""")


def test_focused_60():
    assert low(60, "focused", focus=RunId("explore")) == snapshot("""\

● 4 total · showing active branch
└─ ⠋ orchestrator  split the work · ↻3≤20 · 4 tools · 1m
   └─ ⠋  Explore   inspect the widget's da… · 1 tool · 50.0s
      └─ ⠋  explore-2   trace who owns the… · 1 tool · 48.0s
+1 completed sibling hidden
""")
    assert roomy(60, "focused", focus=RunId("explore")) == snapshot("""\

● 4 total · showing active branch
└─ ⠋ orchestrator  opus-4-6  split the work
     ⎿ ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
   └─ ⠋  Explore   sonnet-4-5  inspect the widget's data fl…
        ⎿ 1 tool · 3.1k tokens (86% · ⇊1) · 2 conflicts
      └─ ⠋  explore-2   trace who owns the manager
           ⎿ searching for owner · 1 tool · 48.0s
+1 completed sibling hidden
""")


def test_focused_88():
    assert low(88, "focused", focus=RunId("explore")) == snapshot("""\

● 4 total · showing active branch
└─ ⠋ orchestrator  opus-4-6  split the work · ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
   └─ ⠋  Explore   inspect the… · 1 tool · 3.1k tokens (86% · ⇊1) · 2 conflicts · 50.0s
      └─ ⠋  explore-2   trace who owns the manager · 1 tool · 48.0s
+1 completed sibling hidden
""")
    assert roomy(88, "focused", focus=RunId("explore")) == snapshot("""\

● 4 total · showing active branch
└─ ⠋ orchestrator  opus-4-6  split the work
     ⎿ ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
   └─ ⠋  Explore   sonnet-4-5  inspect the widget's data flow
        ⎿ 1 tool · 3.1k tokens (86% · ⇊1) · 2 conflicts · wt-explore · 50.0s
      └─ ⠋  explore-2   trace who owns the manager
           ⎿ searching for owner · 1 tool · 48.0s
+1 completed sibling hidden
""")


def test_focused_120():
    assert low(120, "focused", focus=RunId("explore")) == snapshot("""\

● 4 total · showing active branch
└─ ⠋ orchestrator  opus-4-6  split the work · ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
   └─ ⠋  Explore   sonnet-4-5  inspect the widget'… · 1 tool · 3.1k tokens (86% · ⇊1) · 2 conflicts · wt-explore · 50.0s
      └─ ⠋  explore-2   trace who owns the manager · 1 tool · 48.0s
+1 completed sibling hidden
""")
    assert roomy(120, "focused", focus=RunId("explore")) == snapshot("""\

● 4 total · showing active branch
└─ ⠋ orchestrator  opus-4-6  split the work
     ⎿ ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
   └─ ⠋  Explore   sonnet-4-5  inspect the widget's data flow
        ⎿ 1 tool · 3.1k tokens (86% · ⇊1) · 2 conflicts · wt-explore · 50.0s
      └─ ⠋  explore-2   trace who owns the manager
           ⎿ searching for owner · 1 tool · 48.0s
+1 completed sibling hidden
""")


@pytest.mark.parametrize("height", [5, 12, 40])
@pytest.mark.parametrize(("width", "mode"), [(40, "compact"), (60, "compact"), (88, "rich"), (120, "rich")])
def test_auto_is_compact_below_88_cells(width: int, mode: str, height: int):
    assert drawn(width=width, height=height, mode="auto") == drawn(width=width, height=height, mode=mode)
