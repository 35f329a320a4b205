"""The tree at each width and height: two lines each where they find room."""

from __future__ import annotations

from inline_snapshot import snapshot
from tests.view.forests import drawn


def test_auto_40():
    assert drawn(width=40, height=5, mode="auto") == snapshot("""\

● Agents  3 running · 2 queued
├─ ⠋ orchestrator  split t… · ↻3≤20 · 1m
│  └─ +3 descendants hidden (2 running,…
├─ ? reviewer  needs approval: bash(mak…
└─ +3 agents hidden (2 queued, 1 finish…
""")
    assert drawn(width=40, height=12, mode="auto") == snapshot("""\

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
    assert drawn(width=40, height=40, mode="auto") == snapshot("""\

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


def test_auto_60():
    assert drawn(width=60, height=5, mode="auto") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval
├─ ⠋ orchestrator  split the work · ↻3≤20 · 4 tools · 1m
│  └─ +3 descendants hidden (2 running, 1 finished)
├─ ? reviewer  look at t…  needs approval: bash(make deploy)
└─ +3 agents hidden (2 queued, 1 finished)
""")
    assert drawn(width=60, height=12, mode="auto") == snapshot("""\

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
    assert drawn(width=60, height=40, mode="auto") == snapshot("""\

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


def test_auto_88():
    assert drawn(width=88, height=5, mode="auto") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval · depth 3/4 · 25.9k tokens
├─ ⠋ orchestrator  opus-4-6  split the work · ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
│  └─ +3 descendants hidden (2 running, 1 finished)
├─ ? reviewer  sonnet-4-5  look at the deploy  needs approval: bash(make deploy)
└─ +3 agents hidden (2 queued, 1 finished)
""")
    assert drawn(width=88, height=12, mode="auto") == snapshot("""\

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
    assert drawn(width=88, height=40, mode="auto") == snapshot("""\

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


def test_auto_120():
    assert drawn(width=120, height=5, mode="auto") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval · depth 3/4 · 25.9k tokens · ~$0.42
├─ ⠋ orchestrator  opus-4-6  split the work · ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
│  └─ +3 descendants hidden (2 running, 1 finished)
├─ ? reviewer  sonnet-4-5  look at the deploy  needs approval: bash(make deploy)
└─ +3 agents hidden (2 queued, 1 finished)
""")
    assert drawn(width=120, height=12, mode="auto") == snapshot("""\

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
    assert drawn(width=120, height=40, mode="auto") == snapshot("""\

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


def test_rich_40():
    assert drawn(width=40, height=5, mode="rich") == snapshot("""\

● Agents  3 running · 2 queued
├─ ⠋ orchestrator  split t… · ↻3≤20 · 1m
│  └─ +3 descendants hidden (2 running,…
├─ ? reviewer  needs approval: bash(mak…
└─ +3 agents hidden (2 queued, 1 finish…
""")
    assert drawn(width=40, height=12, mode="rich") == snapshot("""\

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
    assert drawn(width=40, height=40, mode="rich") == snapshot("""\

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
    assert drawn(width=60, height=5, mode="rich") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval
├─ ⠋ orchestrator  split the work · ↻3≤20 · 4 tools · 1m
│  └─ +3 descendants hidden (2 running, 1 finished)
├─ ? reviewer  look at t…  needs approval: bash(make deploy)
└─ +3 agents hidden (2 queued, 1 finished)
""")
    assert drawn(width=60, height=12, mode="rich") == snapshot("""\

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
    assert drawn(width=60, height=40, mode="rich") == snapshot("""\

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
    assert drawn(width=88, height=5, mode="rich") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval · depth 3/4 · 25.9k tokens
├─ ⠋ orchestrator  opus-4-6  split the work · ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
│  └─ +3 descendants hidden (2 running, 1 finished)
├─ ? reviewer  sonnet-4-5  look at the deploy  needs approval: bash(make deploy)
└─ +3 agents hidden (2 queued, 1 finished)
""")
    assert drawn(width=88, height=12, mode="rich") == snapshot("""\

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
    assert drawn(width=88, height=40, mode="rich") == snapshot("""\

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
    assert drawn(width=120, height=5, mode="rich") == snapshot("""\

● Agents  3 running · 2 queued · 1 waiting for approval · depth 3/4 · 25.9k tokens · ~$0.42
├─ ⠋ orchestrator  opus-4-6  split the work · ↻3≤20 · 4 tools · 22.8k tokens (38%) · 1m
│  └─ +3 descendants hidden (2 running, 1 finished)
├─ ? reviewer  sonnet-4-5  look at the deploy  needs approval: bash(make deploy)
└─ +3 agents hidden (2 queued, 1 finished)
""")
    assert drawn(width=120, height=12, mode="rich") == snapshot("""\

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
    assert drawn(width=120, height=40, mode="rich") == snapshot("""\

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
