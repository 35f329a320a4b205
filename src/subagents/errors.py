"""Everything this package raises on purpose.

    SubagentsError
    ├── UnknownAgent            no agent type of that name (carries the nearest names)
    ├── BadDefinition           an agent file cannot be used, and the settings refuse to go on without it
    ├── BadSetting              a setting cannot have that value
    ├── TrustError              a file cannot be trusted, or the list of those that are cannot be read or written
    ├── BadTools                what was given as tools cannot be used
    ├── BadAnswer               an answer fits its schema, but not the class it was asked for by
    ├── BadPattern              a regular expression that cannot be searched with
    ├── SettingsFileError       a file of settings, or the keyring, cannot be read or written
    ├── BadReport               what an agent outside reports of its work cannot be
    ├── SpawnRefused            the run may not begin: a limit, a bad schema, a bad folder
    │   └── InvalidSchema       an output schema that is not JSON Schema
    ├── RunNotFound             no run of that id, prefix or handle, or several
    ├── NotNow                  the run is not in a state for what was asked
    ├── SessionError
    │   ├── SessionNotFound     no session of that id, or several
    │   ├── SessionLocked       another process owns it
    │   ├── SessionClosed       it is over: nothing more is recorded
    │   ├── CommitFailed        the store could not keep what happened; the session is closed
    │   └── NewerSession        written by a newer version of this program
    ├── MemoryRefused           an agent's memory cannot be used: its name, or what lies in the way
    ├── WorkspaceError          the place where a run's files live cannot be used
    │   └── GitFailed           git refused, broke, took too long or said too much (carries its answer)
    ├── ModelError
    │   ├── ModelUnavailable    no such model, or no key for it
    │   ├── ProviderFailed      a provider refused, broke or stayed away, as often as it was asked
    │   ├── NeedsLanguageModel  the offline model was asked for more than it can do
    │   ├── InvalidScript       a script file that cannot be played
    │   └── ScriptEnded         a script with no turn left
    └── RunnerError             what executes a run broke; its message is the run's reason

Who reads the sentence decides how it is written: a model (try again differently), a parent (decide),
a programmer or person (fix). Each names the value and what would have worked.
"""

from __future__ import annotations

from collections.abc import Sequence


class SubagentsError(Exception):
    """The root; `str()` of any of them is a sentence for its reader."""


class UnknownAgent(SubagentsError):
    """No agent type is called `name`; `nearest` are the closest that exist, best first."""

    def __init__(self, message: str, *, name: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.nearest = tuple(nearest)


class BadDefinition(SubagentsError):
    """An agent file cannot be used, and `strict_agent_files` is on; the sentence names file and reason."""


class BadSetting(SubagentsError):
    """A setting cannot have that value; the sentence says which it can have."""


class SettingsFileError(SubagentsError):
    """A file of settings, or the keyring, cannot be read or written; what was in it is as it was."""


class TrustError(SubagentsError):
    """A file cannot be trusted, or what was trusted cannot be read or written."""


class BadTools(SubagentsError):
    """What a program gave as tools cannot be used; the sentence says what could."""


class BadAnswer(SubagentsError):
    """An answer fits its JSON Schema, and a rule of the pydantic class that the schema is from refuses it."""


class BadPattern(SubagentsError):
    """A regular expression cannot be used; the sentence says which part of it, where, and what would work."""


class BadReport(SubagentsError):
    """What an agent that we did not start reports cannot be recorded; the sentence says what could."""


class SpawnRefused(SubagentsError):
    """The run may not begin. Nothing was recorded, nothing was started."""


class InvalidSchema(SpawnRefused):
    """The output schema is not JSON, not an object, or not JSON Schema."""


class MemoryRefused(SubagentsError):
    """An agent's memory cannot be used; the sentence says what is in the way."""


class RunNotFound(SubagentsError):
    """No run answers to that id, prefix or handle, or more than one does."""


class NotNow(SubagentsError):
    """The run exists, but is not in a state for what was asked of it."""


class SessionError(SubagentsError):
    """A session cannot be opened or written."""


class SessionNotFound(SessionError):
    """No session answers to that id or prefix, or more than one does."""


class SessionLocked(SessionError):
    """Another living process owns the session."""


class SessionClosed(SessionError):
    """The session is over: what was asked cannot be recorded any more."""


class CommitFailed(SessionError):
    """The store could not keep what happened. The session is closed; its good prefix is intact."""


class NewerSession(SessionError):
    """The session was written by a newer version; this one must not touch it."""


class WorkspaceError(SubagentsError):
    """The place where a run's files live is missing, unreadable or not what was promised."""


class WorkspaceBusy(WorkspaceError):
    """Somebody else is at it just now; it can be tried again."""


class GitFailed(WorkspaceError):
    """A call of git did not do what it was to do; `code` is its exit code, None when it did not exit by itself."""

    def __init__(self, message: str, *, code: int | None = None, said: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.said = said


class ModelError(SubagentsError):
    """No model can answer."""


class ModelUnavailable(ModelError):
    """No model of that name, or the key it needs is not set (the sentence names the variable)."""


class ProviderFailed(ModelError):
    """A model's provider did not answer; the sentence says what happened, how often it was asked, and what may help."""


class NeedsLanguageModel(ModelError):
    """The offline model was asked for something only a language model can do."""


class InvalidScript(ModelError):
    """A script file is not YAML, or a turn in it is not one."""


class ScriptEnded(ModelError):
    """All turns of a script were played; the sentence says how many."""


class RunnerError(SubagentsError):
    """What executes a run broke. The sentence becomes the reason the run failed."""
