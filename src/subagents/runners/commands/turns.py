"""What a program says, one thing after the other, as replies, tool calls and turns. Waits for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec

from subagents.definitions.output_table import Counts
from subagents.language import _
from subagents.runners.base import Called, Replied, Returned, TextArrived, TurnDone, Update
from subagents.runners.commands.mapping import (
    AnswerSaid,
    CallSaid,
    EndSaid,
    ErrorSaid,
    ModelNamed,
    ReturnSaid,
    Said,
    SessionNamed,
    TextSaid,
    TurnSaid,
    UsageSaid,
)
from subagents.runners.commands.messages import Call, Standing, reply_row, result_row
from subagents.runners.commands.spending import Spending
from subagents.sessions.messages import NewMessage
from subagents.usage import ModelUsage

# Characters of a text that are kept: half of them of its beginning and half of its end.
LONGEST_TEXT = 1_000_000
LONGEST_RESULT = 200_000  # characters of a tool's result that are kept; the program has all of it
LONGEST_ARGUMENTS = 200_000  # characters of a call's arguments that are kept
# Calls of one turn, after which it counts as ended: no limit of turns would ever be looked at in a turn without end.
MOST_CALLS = 200


@dataclass(slots=True)
class Text:
    """A text that is still arriving, in bounded memory."""

    head: str = ""
    tail: str = ""
    left_out: int = 0

    def add(self, piece: str) -> str:
        """Takes a piece in; answers what of it belongs to the beginning, which is shown as it arrives."""
        room = LONGEST_TEXT // 2 - len(self.head)
        shown, rest = piece[:room], piece[room:]
        self.head += shown
        if rest:
            both = self.tail + rest
            cut = max(0, len(both) - LONGEST_TEXT // 2)
            self.tail, self.left_out = both[cut:], self.left_out + cut
        return shown

    def __str__(self) -> str:
        note = f"\n[… {self.left_out:,} characters left out …]\n" if self.left_out else ""
        return f"{self.head}{note}{self.tail}"

    def __bool__(self) -> bool:
        return bool(self.head or self.tail)


@dataclass(slots=True)
class Turns:
    """One run of a program. `prefix` makes its call ids those of this run alone.

    A reply is reported with its first tool call; a call that follows while others are open is reported as a reply of
    its own, whose row waits for the results of those before, because a reply is stored after what it answers to.

    No program decides how long a turn lasts: it is over when the next reply or step begins, whatever is still open, and
    after many calls.
    """

    program: str
    prefix: str
    model: str
    spending: Spending
    session: str = ""
    answer: str = ""
    error: str = ""
    warning: str = ""
    ended: bool = False
    dropped: list[str] = field(default_factory=list)
    _text: Text = field(default_factory=Text)
    _message: str = ""
    _calls: dict[str, Call] = field(default_factory=dict)
    _open: set[str] = field(default_factory=set)
    _stored: set[str] = field(default_factory=set)
    _waiting: list[NewMessage] = field(default_factory=list)
    _replies: int = 0
    _begun: bool = False  # something was said or called in this turn
    _stepped: bool = False  # what its step used was said
    _owed: bool = False  # and of the turn before it was not

    def feed(self, said: Said) -> Iterator[Update]:
        match said:
            case SessionNamed(name=name):
                self.session = name
            case ModelNamed(name=name):
                self.model = name.partition("[")[0].strip() or self.model
            case AnswerSaid(text=text):
                self.answer = text
            case ErrorSaid(text=text, fatal=fatal):
                self.error = text if fatal else self.error
                self.warning = text
            case UsageSaid():
                yield from self._count(said)
            case TextSaid():
                yield from self._add_text(said)
            case CallSaid():
                yield from self._call(said)
            case ReturnSaid():
                yield from self._return(said)
            case TurnSaid():
                # The last one ends when the program does.
                yield from self.rest()
            case EndSaid():
                self.ended = True

    def rest(self) -> Iterator[Update]:
        """For a moment nothing more comes: a turn whose tools have all returned is over."""
        if self._calls and not self._open:
            yield from self._end_turn()

    def close(self, *, answered: bool, more: Callable[[], bool] = lambda: False) -> Iterator[Update]:
        """Nothing more comes. Without an answer an unfinished text stays unfinished: it is what there is.

        `more` is asked at the very end whether the program is told something more.
        """
        if answered:
            yield from self.rest()
            if not self._text:
                self._text.add(self.answer)
            yield from self._reply(())
            yield TurnDone(more=more())

    @property
    def final(self) -> str:
        """The answer: what the program says it is, else the text of its last turn."""
        return self.answer.strip() or str(self._text).strip()

    @property
    def standing(self) -> Standing:
        return Standing(program=self.program, session=self.session, totals=self.spending.totals)

    # --- what is said

    def _add_text(self, said: TextSaid) -> Iterator[Update]:
        yield from self._begin(said.message)
        self._begun = True
        gap = "\n\n" if self._text and not said.piece else ""
        if shown := self._text.add(f"{gap}{said.text}"):
            yield TextArrived(shown)

    def _call(self, said: CallSaid) -> Iterator[Update]:
        call = Call(f"{self.prefix}{said.call}", said.tool, _bounded_json(said.arguments))
        if call.id in self._calls:
            return
        yield from self._begin(said.message)
        if len(self._calls) >= MOST_CALLS:
            yield from self._give_up_calls()
            yield from self._end_turn()
        late = bool(self._open)
        yield from self._reply((call,), late=late)
        self._begun = True
        self._calls[call.id] = call
        self._open.add(call.id)
        if not late:
            self._stored.add(call.id)
        yield Called(call.id, call.tool, call.arguments, changes=True)

    def _return(self, said: ReturnSaid) -> Iterator[Update]:
        if (call := self._calls.get(f"{self.prefix}{said.call}")) is None or call.id not in self._open:
            return
        self._open.discard(call.id)
        text = _bounded(said.text)
        rows = self._rows(call, result_row(call, text, ok=said.ok))
        yield Returned(call.id, call.tool, said.ok, text, rows)

    def _count(self, said: UsageSaid) -> Iterator[Update]:
        """Reports what was used as soon as it is said, when the turn before it is over."""
        if self.spending.is_known(said):
            return
        if said.counts is Counts.REPLY and said.of:
            yield from self._begin(said.of)
        elif said.counts is Counts.STEP:
            yield from self._step()
        self.dropped += said.dropped[: MOST_CALLS - len(self.dropped)]
        self.spending.count(said, said.model or self.model or self.program, self._replies + bool(self._text))
        for model, usage in self.spending.due():
            yield Replied(model, usage, "", 0, ())

    def _step(self) -> Iterator[Update]:
        """What a step used is said: a step is a turn, so what was said of another one before was of the turn before."""
        if self._owed and not self._begun:
            self._owed = False
            return
        if self._stepped:
            yield from self._end_turn() if self._calls and not self._open else [self._turn_done()]
        self._stepped = True

    # --- turns

    def _begin(self, message: str) -> Iterator[Update]:
        """Something of the reply `message` comes ("" when that is not said): the turn before it may be over."""
        other = bool(message) and message != self._message
        if not self._open and (other or not message):
            if self._calls:
                yield from self._end_turn()
            elif self._text and other and self._message:
                yield from self._reply(())
                yield self._turn_done()
        elif self._open and other and self._message:
            yield self._turn_done()  # what is open goes on in the turns after it
        self._message = message or self._message

    def _end_turn(self) -> Iterator[Update]:
        self._calls.clear()
        self._stored.clear()
        self._message = ""
        yield self._turn_done()

    def _turn_done(self) -> TurnDone:
        self._owed, self._stepped, self._begun = not self._stepped, False, False
        return TurnDone(more=True)

    def _give_up_calls(self) -> Iterator[Update]:
        """Nobody waits any longer for the results of what is open."""
        text = _("[it was not said what became of this]")
        for call in tuple(self._open):
            yield from self._return(ReturnSaid(call.removeprefix(self.prefix), False, text))

    def _reply(self, calls: tuple[Call, ...], *, late: bool = False) -> Iterator[Update]:
        text = "" if late else str(self._text).strip()
        row = reply_row(text, calls, self.model, self.standing)
        # What the program says is its answer is whole, whatever its text lacks.
        left_out = 0 if late or self.answer.strip() else self._text.left_out
        if late:
            self._waiting.append(row)
        else:
            self._text, self._replies = Text(), self._replies + 1
            yield Replied(
                self.model or self.program, ModelUsage(), text, len(calls), () if late else (row,), left_out
            )

    def _rows(self, call: Call, row: NewMessage) -> tuple[NewMessage, ...]:
        """What can be stored now that `call` has returned."""
        if call.id not in self._stored:
            self._waiting.append(row)
            rows: list[NewMessage] = []
        else:
            rows = [row]
        if not self._open:
            rows, self._waiting = [*rows, *self._waiting], []
        return tuple(rows)


def _bounded(text: str) -> str:
    left_out = len(text) - LONGEST_RESULT
    if left_out <= 0:
        return text
    half = LONGEST_RESULT // 2
    return f"{text[:half]}\n[… {left_out:,} characters left out …]\n{text[-half:]}"


def _bounded_json(arguments: str) -> str:
    """The arguments, or where they are too long JSON that says so."""
    left_out = len(arguments) - LONGEST_ARGUMENTS
    if left_out <= 0:
        return arguments
    kept = {"arguments": arguments[:LONGEST_ARGUMENTS], "characters_left_out": left_out}
    return msgspec.json.encode(kept).decode()
