"""Questions about CPython's standard library with the files that answer them.

Written before the ranking and not changed to suit it; `HELD_OUT` was not looked at while it was tuned.
Each answer is any of the named files, so that one list serves the layouts of Python 3.11 to 3.14
(`zipfile.py` became `zipfile/__init__.py`, `datetime.py` became `_pydatetime.py`, and so on).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Asked:
    question: str
    files: tuple[str, ...]


QUESTIONS = (
    Asked("Which code decides whether a URL needs a proxy?", ("urllib/request.py",)),
    Asked("where are zip64 extra fields written?", ("zipfile.py", "zipfile/__init__.py")),
    Asked("How does the csv module guess the delimiter of a file?", ("csv.py",)),
    Asked("Where does a temporary file get its random name?", ("tempfile.py",)),
    Asked("After how many failed attempts does HTTP digest authentication give up?", ("urllib/request.py",)),
    Asked("Which function splits a shell command line into a list of arguments?", ("shlex.py",)),
    Asked(
        "Where is the default number of threads of a thread pool worked out?",
        ("concurrent/futures/thread.py",),
    ),
    Asked("What decides the MIME type of a file from its extension?", ("mimetypes.py",)),
    Asked("Where are log files rolled over at midnight?", ("logging/handlers.py",)),
    Asked("Where are cycles detected when a dependency graph is sorted topologically?", ("graphlib.py",)),
    Asked(
        "Where is the cache of compiled regular expressions emptied when it is full?",
        ("re/__init__.py", "re.py"),
    ),
    Asked(
        "How is the least recently used result thrown out of a memoized function's cache?", ("functools.py",)
    ),
    Asked("Where does JSON parsing join escaped unicode surrogate pairs?", ("json/decoder.py",)),
    Asked("Which code refuses to extract a tar member outside of the destination folder?", ("tarfile.py",)),
    Asked("Where is a symlink attack prevented while a directory tree is deleted?", ("shutil.py",)),
    Asked("Where is the checksum verified at the end of a gzip stream?", ("gzip.py",)),
    Asked(
        "How are encoded words in mail headers turned back into text?",
        ("email/header.py", "email/_encoded_words.py"),
    ),
    Asked("Where is the certificate of a server checked against a hostname?", ("ssl.py",)),
    Asked("How are conditional breakpoints evaluated by the debugger?", ("bdb.py", "pdb.py")),
    Asked(
        "Where are abbreviated long options on the command line matched to the full name?",
        ("argparse.py", "optparse.py", "getopt.py"),
    ),
    Asked("How does a frozen data class refuse assignment to its fields?", ("dataclasses.py",)),
    Asked("Where is the median of grouped data computed?", ("statistics.py",)),
    Asked("What parses an ISO 8601 date and time string in pure Python?", ("datetime.py", "_pydatetime.py")),
    Asked(
        "Where is the default way to start worker processes chosen for the platform?",
        ("multiprocessing/context.py",),
    ),
    Asked(
        "What cleans up leaked semaphores and shared memory when processes die?",
        ("multiprocessing/resource_tracker.py",),
    ),
    Asked(
        "How does the event loop report callbacks that take too long in debug mode?",
        ("asyncio/base_events.py",),
    ),
    Asked("Where is a deadline rescheduled for an async timeout?", ("asyncio/timeouts.py",)),
    Asked(
        "How does the built-in web server map the path of a request to a file on disk?", ("http/server.py",)
    ),
    Asked("Which code reads a chunked response body from a web server?", ("http/client.py",)),
    Asked("Where are expired cookies thrown away?", ("http/cookiejar.py",)),
    Asked(
        "Where does patching an object for a test restore the original attribute afterwards?",
        ("unittest/mock.py",),
    ),
    Asked("Where is the class that a pickle names looked up and imported?", ("pickle.py",)),
    Asked("Which code merges adjacent IP networks into the smallest list?", ("ipaddress.py",)),
    Asked("Where does a time based UUID get the hardware address from?", ("uuid.py",)),
    Asked("Where is the plural form expression of a translation catalog compiled?", ("gettext.py",)),
    Asked("Where does creating a virtual environment install pip into it?", ("venv/__init__.py",)),
    Asked(
        "How does the INI parser expand a reference from one option to another?",
        ("configparser.py",),
    ),
    Asked("Which decorator makes sure that no two members of an enumeration share a value?", ("enum.py",)),
    Asked("Where is a child process killed when its time limit runs out?", ("subprocess.py",)),
    Asked(
        "Where is a multipart boundary chosen that does not appear in the message?",
        ("email/generator.py",),
    ),
    Asked("Where on disk are time zone files searched for?", ("zoneinfo/_tzpath.py",)),
    Asked("Where is `namedtuple` implemented?", ("collections/__init__.py",)),
    Asked("What does os.makedirs do when the directory exists already?", ("os.py",)),
    Asked("Where is ThreadingMixIn defined?", ("socketserver.py",)),
)

HELD_OUT = (
    Asked("Where is a float approximated by a fraction with a limited denominator?", ("fractions.py",)),
    Asked("Which code compares two directories and lists the files that differ?", ("filecmp.py",)),
    Asked("Where does the SMTP client upgrade a plain connection to an encrypted one?", ("smtplib.py",)),
    Asked("Where are long words broken so that a paragraph fits the width?", ("textwrap.py",)),
    Asked("What produces a unified diff of two lists of lines?", ("difflib.py",)),
    Asked("Where does the interpreter read .pth files at startup?", ("site.py",)),
    Asked("Which class calls a function in another thread after an interval?", ("threading.py",)),
    Asked("How are weak references to bound methods kept alive?", ("weakref.py",)),
    Asked("Where is the rules file for robots fetched and parsed?", ("urllib/robotparser.py",)),
    Asked("How is a password read from the terminal without echoing it?", ("getpass.py",)),
    Asked("Which code walks all modules of a package recursively?", ("pkgutil.py",)),
    Asked(
        "Where is an XML document indented for pretty printing?",
        ("xml/etree/ElementTree.py", "xml/dom/minidom.py"),
    ),
    Asked(
        "Where is a lost connection to a remote log server opened again with growing delays?",
        ("logging/handlers.py",),
    ),
    Asked(
        "Which method turns a Windows path into a file URI?",
        ("pathlib.py", "pathlib/__init__.py", "pathlib/_local.py", "nturl2path.py", "pathlib/_os.py"),
    ),
)
