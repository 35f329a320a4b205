"""Words are found however code writes them: inflected, joined, shortened, in either spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subagents.models.offline.evidence import Evidence, defined_name, read_lines, read_matches, read_paths
from subagents.models.offline.files import FileKind, kind_of
from subagents.models.offline.question import read_question
from subagents.models.offline.ranking import rank
from subagents.models.offline.synonyms import synonyms
from subagents.models.offline.terms import TermKind
from subagents.models.offline.words import spellings, stem, subwords


@pytest.mark.parametrize(
    "family",
    [
        ("expire", "expires", "expired", "expiring", "expiration"),
        ("parse", "parses", "parsed", "parsing", "parser", "parsers"),
        ("compile", "compiled", "compiler", "compiling", "compilation"),
        ("cancel", "cancelled", "canceled", "cancelling", "cancels"),
        ("retry", "retries", "retried", "retrying"),
        ("write", "writes", "writing", "written", "writer"),
        ("verify", "verified", "verifies", "verification", "verifier"),
        ("box", "boxes"),
        ("class", "classes"),
        ("library", "libraries"),
        ("authenticate", "authentication", "authenticated"),
        ("topological", "topologically"),
    ],
)
def test_inflections_share_a_stem(family: tuple[str, ...]):
    roots = {stem(word) for word in family}
    shortest = min(roots, key=len)
    assert all(root.startswith(shortest) for root in roots)
    assert len(shortest) >= 3


@pytest.mark.parametrize(
    ("one", "other"),
    [("setting", "set"), ("string", "stripe"), ("version", "verse"), ("roll", "role"), ("need", "ned")],
)
def test_other_words_do_not(one: str, other: str):
    assert stem(one) != stem(other)


@pytest.mark.parametrize(
    ("word", "others"),
    [
        ("behaviour", ["behavior"]),
        ("color", []),
        ("serialise", ["serialize"]),
        ("initialization", ["initialisation"]),
        ("size", []),
        ("error", []),
        ("source", []),
        ("cancelled", ["canceled"]),
    ],
)
def test_both_spellings_are_tried(word: str, others: list[str]):
    assert spellings(word)[: len(others)] == others


def test_synonyms_are_other_words():
    assert "unlink" in synonyms("deleted")
    assert "backoff" in synonyms("retries")
    assert all(stem(other) != stem("delete") for other in synonyms("delete"))


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("HTTPServer_v2", ["http", "server", "v", "2"]),
        ("readFileSync", ["read", "file", "sync"]),
        ("MAX_RETRIES", ["max", "retries"]),
        ("", []),
    ],
)
def test_identifiers_are_split(identifier: str, words: list[str]):
    assert subwords(identifier) == words


@pytest.mark.parametrize(
    ("prompt", "identifiers", "words"),
    [
        ("Where is `load_settings()` called?", ["load_settings"], ["called"]),
        ("what does os.path.join do", ["join"], ["os", "path"]),
        ("Where is ThreadPool defined?", ["ThreadPool"], []),
        ("How are MIME types guessed?", [], ["mime", "types", "guessed"]),
        ("Which function opens URLs?", [], ["opens", "urls"]),
        ("Find the retries. Report file paths and line numbers. Be thorough.", [], ["retries"]),
        ("Where is it rolled over?", [], ["rollover"]),
        ("Plan how to add a quota", [], ["add", "quota"]),
        ("`Cache.evict` is slow. Where is it called from?", ["evict"], ["called"]),
        ("Where is the cache? Return its file_path and lineNumber.", [], ["cache"]),
    ],
)
def test_what_a_prompt_asks_for(prompt: str, identifiers: list[str], words: list[str]):
    question = read_question(prompt)

    assert [term.word for term in question.terms if term.kind is TermKind.IDENTIFIER] == identifiers
    assert [term.word for term in question.words if term.kind is TermKind.WORD] == words


def test_neighbours_may_be_written_as_one_word():
    [compound] = [term for term in read_question("the time zone").terms if term.kind is TermKind.COMPOUND]
    for text in ("timezone", "TimeZone", "time_zone", "time zones"):
        assert compound.forms[0].is_in(text.lower()), text


def test_files_a_prompt_names_are_looked_for():
    assert read_question("what do src/app/a.py and README.md do?").paths == ("src/app/a.py", "README.md")
    assert read_question("what does os.path do?").paths == ()


@given(st.text(max_size=300))
def test_any_text_can_be_asked_and_its_searches_compile(text: str):
    import re2

    for term in read_question(text).terms:
        assert term.search
        assert all(form.pattern.search("") is None for form in term.forms)
        if term.search.isascii() and "(?-" not in term.search:
            re2.compile(term.search)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("def run(self):", "run"),
        ("    async def _run(self):", "_run"),
        ("class Server(Base):", "Server"),
        ("export default function App() {", "App"),
        ("func (s *Server) Close() error {", "Close"),
        ("pub(crate) async fn parse(text: &str) -> Ast {", "parse"),
        ("  public static class Inner {", "Inner"),
        ("interface Reader {", "Reader"),
        ("MAX_SIZE = 10", "MAX_SIZE"),
        ("const limit = 5;", "limit"),
        ("    x = 5", None),
        ("if x == 5:", None),
        ("return define(x)", None),
        ("# def not_code():", None),
    ],
)
def test_definitions_are_recognized(line: str, name: str | None):
    assert defined_name(line) == name


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("src/app/client.py", FileKind.CODE),
        ("tests/test_client.py", FileKind.TEST),
        ("src/client.test.ts", FileKind.TEST),
        ("pkg/client_test.go", FileKind.TEST),
        ("unittest/mock.py", FileKind.CODE),
        ("README.md", FileKind.PROSE),
        ("docs/conf.py", FileKind.ASIDE),
        ("questions.yaml", FileKind.DATA),
        ("pyproject.toml", FileKind.CONFIGURATION),
        ("node_modules/x/index.js", FileKind.FOREIGN),
        ("api/service_pb2.py", FileKind.FOREIGN),
        ("Makefile", FileKind.CONFIGURATION),
    ],
)
def test_kinds_of_files(path: str, kind: FileKind):
    assert kind_of(path) is kind


def test_results_are_read_back_with_what_was_left_out():
    result = "./src/a.py:3: def f():\nsrc/a.py-4-     pass\n[1,234 more matches left out; narrow the pattern]"
    matches = read_matches(result)
    assert [(match.path, match.line, match.text) for match in matches.shown] == [("src/a.py", 3, "def f():")]
    assert matches.total == 1235
    assert read_matches("No matches.").total == read_matches("Error: a.py:1: no").total == 0
    assert read_paths("a.py\nb/c.py\n[3 more files left out]") == ("a.py", "b/c.py")
    assert read_paths("No files match.") == ()
    assert read_lines("3\tx = 1\n4\t\n[2 more lines]") == {3: "x = 1", 4: ""}


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_result_can_be_read_and_ranked(question: str, result: str):
    evidence = Evidence()
    for tool in ("grep", "find", "read", "other"):
        evidence.add(tool, {"pattern": "x", "path": "y.py"}, result)
    rank(read_question(question), evidence)
