"""Which words programmers use for the same thing. General vocabulary; nothing here belongs to one code base."""

from __future__ import annotations

import re
from functools import cache

from subagents.models.offline.words import stem

# One family a line; abbreviations stand with what they abbreviate. A word may be in several.
_FAMILIES = """
abort stop terminate kill end
absolute abs
accept admit allow permit
account user login
acquire lock obtain
add append insert push register attach put
address addr
adjacent neighbouring contiguous consecutive
after afterwards then finally
allocate alloc reserve
allow permit enable accept
answer response reply result
apply use
archive bundle
argument arg parameter param option
array list vector sequence
ask prompt query request
assign set setattr
async asynchronous asyncio await coroutine
attempt retry try
attribute attr property field member
authenticate auth login authorize credential
average mean
bad invalid wrong malformed illegal
batch chunk bulk
begin start init open
big large huge max
binary bytes
bind attach
blank empty whitespace
block chunk
body payload content data
boundary delimiter separator limit
branch fork
break split interrupt
buffer cache
build make construct create compile
byte octet
cache memo memoize lru
calculate compute determine evaluate
call invoke callback
cancel abort stop
capitalize upper case
certificate cert ssl tls
change modify update alter edit mutate patch
channel pipe queue stream
character char letter
check verify validate test ensure assert
checksum crc digest hash
child subprocess
choose select pick
circular cycle recursive loop cyclic
class type
clean cleanup purge clear remove unlink
clear empty reset flush purge
clock time timer
clone copy duplicate
close shutdown end finish
collapse merge combine join
collect gather accumulate
column col field
combine merge join
command cmd
compare cmp equal diff
compile build
compress zip deflate pack
concatenate join
concurrent parallel thread
condition cond predicate
configure config conf setting option preference
connect connection open socket
constant const
constructor init
contain include
context ctx
convert translate transform encode decode cast map
copy clone duplicate
coroutine async task
count number total
crash fail die exit
create make build new generate construct
credential auth password token
current cur now
cut trim truncate strip
cycle circular loop
daemon background
database db
date day calendar
deadline timeout
debug trace
decide determine check choose
declare define
decode parse unescape decompress
decompress unzip inflate extract
decorate wrap decorator
default fallback
defer delay lazy
delay sleep wait backoff pause
delete remove unlink erase discard drop del rmtree
delimiter separator sep
dependency requirement require predecessor
deprecate obsolete
deserialize load decode parse unmarshal
destination dest dst target output
destroy delete close
detect find guess sniff recognize discover
determine decide compute find
dictionary dict map mapping
difference diff delta
digest hash md5 sha
directory dir folder path
disable off
discard drop remove evict delete purge clear
disk file filesystem path
dispatch route
display show print render
document doc
download fetch retrieve
drop remove discard
duplicate dup copy repeat alias unique
element elem item node
email mail message
empty blank clear
enable on activate
encode escape serialize
encrypt cipher ssl tls
end finish stop terminate final last
ensure check assert guarantee
enumerate iterate list
enumeration enum
environment env environ
equal eq same match
error err exception failure fail
escape quote
evaluate eval compute
evict discard drop expire
exceed over limit
exception error
exclude ignore skip filter omit
execute exec run
exist exists
exit quit leave end
expand interpolate substitute
expire expiration stale timeout ttl
expression expr
extension ext suffix
extract unpack
fail error abort reject
fast quick speed
fetch get download retrieve load
field attribute column member
file path
filter exclude select
find search locate lookup discover
finish complete end done
fix repair correct
flag option switch
flush write sync
folder directory dir
forbid deny prohibit disallow refuse prevent
force require
fork spawn
format fmt render template
forward redirect proxy
free release
freeze frozen immutable readonly
frequency rate interval
function func fn method def
generate create make gen produce
get fetch retrieve obtain
global shared
group grp cluster
grow increase extend
guess detect sniff infer
handle process dispatch
hash digest checksum
header head
hidden private
hide mask suppress
hook callback listener
host hostname server
identifier id ident name
ignore skip suppress exclude
image img picture
immutable frozen readonly
implement define
import load
increase grow increment
increment inc
indent pad whitespace
index idx position
infer guess detect deduce
information info
inherit subclass base
initialize init setup start
inject insert
input stdin
insert add put
install setup
instance object
integer int number
interface protocol api
interpolate expand substitute
interrupt signal cancel
interval period delay
invalid bad malformed illegal
invoke call
ip address
item entry element
iterate loop walk traverse
join concatenate merge combine
keep retain preserve
key name
kill terminate stop signal
language locale lang
last final recent
launch start spawn run
leak orphan
length len size
library lib
limit max bound cap quota threshold
line row
link url reference symlink
list enumerate
listen watch accept
literal const
load read import parse
locate find
location path place position
lookup find resolve search
lock mutex semaphore acquire
log logger logging
loop iterate
mail email smtp message
make create build
map dict mapping translate
mark flag tag
match compare equal fit
maximum max limit
measure compute timing
median middle
member element attribute
memory mem ram
merge join combine collapse
message msg
method function def
middle center mid
midnight day
migrate move convert upgrade
minimum min least
mock stub fake patch
modify change update
module package mod
monitor watch
move rename shift
multiple several many
name label title
native platform
nested inner recursive
network net socket
normalize canonical clean
notify signal alert inform
number num count
object obj instance
obtain get acquire
open connect load
operation op
option opt flag setting argument
order sort sequence
output out stdout
outside traversal escape beyond
override overwrite replace
owner user uid
package pkg module
page document
parallel concurrent
parameter param argument arg
parent base super
parse decode load read tokenize
partial part incomplete
pass forward
password passwd secret pwd
patch replace
path file location
pattern regex glob
pause wait sleep suspend
permission mode access right
persist save store
pick choose select
platform system os
plural many
pointer ptr reference
pool executor worker
position pos offset index
prefix start
prevent avoid protect guard refuse
previous prev last
print show display write
priority rank weight
private internal hidden
process proc
produce generate create
progress status
property attribute
protect guard secure safe prevent
proxy forward gateway
purge clear remove
query search
queue fifo buffer
quit exit
quote escape
raise throw
random rand shuffle
range interval span
rate speed frequency
read load get parse
receive recv get
reconnect retry
record entry log
recursive nested recurse
redirect forward location
refer reference ref
refuse reject deny forbid error
register add subscribe
regex re regexp pattern
reject refuse deny
release free unlock
reload refresh
remember cache store
remote server network
remove delete unlink rm discard
rename move
render format draw
repeat duplicate loop
replace substitute sub
reply response answer
report log warn message
request req
require need
reschedule delay
reset clear restore
resolve lookup
resource asset
response reply answer resp
restore undo recover revert reset
resume continue
retain keep
retrieve get fetch
retry attempt backoff
return yield
revert undo rollback restore
rotate rollover roll
round truncate
rollover rotate roll
route dispatch path url
row line record
run execute exec start
safe secure
same equal identical duplicate
save store write dump persist
schedule timer cron later
schema model
scroll page
search find query lookup
secret token password key
secure safe ssl
select choose pick filter
send write transmit emit post
separator sep delimiter
sequence seq list
serialize dump encode marshal
server host service
session conversation
set assign
setting config option
share common
shell sh bash
short abbreviate prefix
show display print
shrink reduce
shutdown close stop
shuffle random
sign signature
signal notify kill
similar like close
size length len
skip ignore
sleep wait delay
slow long duration
socket connection
sort order rank
source src origin
spawn fork start launch
speed rate
split tokenize partition parse
standard std default
start begin launch spawn
state status
status state code
stop end halt terminate cancel
store save put persist
stream flow io
string str text
strip trim
substitute sub replace expand
succeed success ok
suffix extension end
suggest recommend hint
sum total add
support allow
suspend pause
switch toggle
symlink symbolic link
synchronize sync lock
syntax grammar
table tbl
tag label
target destination
temporary temp tmp
terminal tty console
terminate kill end stop
test check
text string
thread threading
throw raise
time clock
timeout deadline expire
title name
toggle switch
token key
topological toposort
total sum count
trace debug
translate convert map gettext
traverse walk visit
tree hierarchy
trigger fire
trim strip
truncate cut shorten
tuple pair
type kind class
undo revert rollback restore
unescape decode
unique distinct uniq
unit measure
unpack extract
update change modify refresh
upgrade migrate starttls
upload send
upper capital
url uri link
use apply
user account
utility util
valid correct
validate check verify
value val
variable var
vector array
verify check validate
version release
virtual venv
visit walk
wait sleep block
walk traverse iterate visit
warn alert
watch monitor observe
weak ref
web http html
website url page
weight priority
whitespace blank space indent
width columns
window frame
word token
work run process
worker thread process
wrap decorate
write save dump output
"""

# Said in several words, found as one.
_PHRASES = {
    "give up": "abort",
    "gives up": "abort",
    "throw away": "discard",
    "thrown away": "discard",
    "throw out": "discard",
    "thrown out": "discard",
    "work out": "compute",
    "works out": "compute",
    "worked out": "compute",
    "look up": "lookup",
    "looks up": "lookup",
    "looked up": "lookup",
    "roll over": "rollover",
    "rolled over": "rollover",
    "rolls over": "rollover",
    "time out": "timeout",
    "times out": "timeout",
    "log in": "login",
    "logs in": "login",
    "log out": "logout",
    "set up": "setup",
    "sets up": "setup",
    "shut down": "shutdown",
    "shuts down": "shutdown",
    "clean up": "cleanup",
    "cleans up": "cleanup",
    "cleaned up": "cleanup",
    "back off": "backoff",
    "file name": "filename",
    "command line": "command line argv",
    "regular expression": "regex",
    "regular expressions": "regex",
    "read only": "readonly",
    "read-only": "readonly",
    "least recently used": "lru",
    "garbage collect": "gc",
    "garbage collected": "gc",
    "operating system": "os",
    "side effect": "side effect",
}
_PHRASE = re.compile(r"\b(" + "|".join(map(re.escape, sorted(_PHRASES, key=len, reverse=True))) + r")\b")


def one_word(text: str) -> str:
    """Lower-case `text` with sayings of several words said in one: `rolled over` → `rollover`."""
    return _PHRASE.sub(lambda found: _PHRASES[found[0]], text)


def synonyms(word: str) -> list[str]:
    """Other words for `word`, nearest family first, none of them an inflection of it."""
    own = stem(word)
    return [other for other in _by_stem().get(own, ()) if stem(other) != own]


@cache
def _by_stem() -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for family in _FAMILIES.strip().splitlines():
        words = family.split()
        # The first word of a line is the entry; the others are found from it and not from each other.
        found.setdefault(stem(words[0]), {}).update(dict.fromkeys(words[1:]))
    return {word: tuple(others) for word, others in found.items()}
