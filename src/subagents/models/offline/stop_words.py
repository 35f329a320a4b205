"""Words that say nothing, or little, about a place in code."""

from __future__ import annotations

from subagents.models.offline.words import listed, stem

STOP = frozenset(
    listed("""
    a about above actually after again against all already also always am an and another any anything are as at away
    be because been before being below best between both but by can could did do does doing done down during each
    either else ever every everything exactly few find for from further give given gives had happen happened happens
    has have having he her here his how i if in instead into is it its itself just kind know less let like list little
    locate located look many may me might more most much must my need needed needs neither never no nor not now of
    off often on once one only onto or other our out over own part place places please put rather really same say
    search see shall she should show since so some something somewhere still such take taken takes tell than that the
    their them themselves then there these they thing things this those though through thus to too toward towards
    two under until up upon us use used uses using very via want was way ways we well went were what whatever when
    where wherever whether which while who whole whom whose why will with within without work works would yet you
    your code codebase repo repository project implementation implemented implements implementing defined defines
    definition described explain describe happening answer report file_path summary summarize summarise briefly
    hm hmm uh um ok okay yes hello hi hey thanks thank
    actual three four five anywhere everywhere possible currently exist exists
    """)
)

WEAK = frozenset(
    stem(word)
    for word in listed("""
    call change check class code contain create data decide default define do file function get handle hold implement
    keep line make method module name new number object part process program python run return set source start
    support system thing turn type use value variable work write read way happen build built standard pure
    """)
)

# They stand in so much code that they are no help in place of another word.
NO_SYNONYMS = WEAK | frozenset(
    stem(word)
    for word in listed("""
    arg argument assert base byte cast char constant end entry error exception final id index info item key last list
    load map node option output param parameter path self sh size state stop str string sub test text top try
    """)
)
