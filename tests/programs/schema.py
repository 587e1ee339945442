"""The page dialtone-output(5) as a schema: what each verb prints for programs, name by name."""
import json
import os
import re
import subprocess

from programs import BUILD, TOP

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TYPES = {"text": lambda v: isinstance(v, str) and v != "", "bool": lambda v: isinstance(v, bool), "list": lambda v: isinstance(v, list),
         "object": lambda v: isinstance(v, dict), "number": lambda v: isinstance(v, int) and not isinstance(v, bool),
         "time": lambda v: isinstance(v, str) and TIME.fullmatch(v)}
KINDS = {"A list.": "list", "A record.": "record", "A change.": "change", "Each of that list.": "row"}


def read():
    """{"user list": ("list", {"address": "text", ...})}"""
    with open(os.path.join(TOP, "man", "dialtone-output.5")) as f:
        members = f.read().partition(".Sh MEMBERS")[2].partition(".Sh EXIT")[0]
    found = {}
    for part in members.split(".Ss ")[1:]:
        verb, kind = part.split("\n")[:2]
        assert verb not in found, f"{verb} stands on the page twice"
        found[verb] = (KINDS[kind], dict(re.findall(r"^\.It Li (\w+)\n(\S+)$", part, re.M)))
    return found


SCHEMA = read()
WITH_OPTION = ("--registered", "--common-area", "--generate")


def section(line):
    """The section of a command line: of its verb, with an option that makes it print something else."""
    words = line.split()
    for n in range(min(4, len(words)), 0, -1):
        name = " ".join(words[:n])
        for option in WITH_OPTION:
            if option in words and f"{name} {option}" in SCHEMA:
                return f"{name} {option}"
        if name in SCHEMA:
            return name
    raise AssertionError(f"'{line}' is not on the page")


def row(value, name):
    members = SCHEMA[name][1]
    assert set(value) - {"v"} == set(members), (name, set(value) ^ set(members))
    for member, kind in members.items():
        kinds = kind.split("|")
        assert (value[member] is None and "null" in kinds) or TYPES[kinds[0]](value[member]), (name, member, kind, value[member])
        for each in (value[member] or []) if f"{name}: {member}" in SCHEMA else []:
            row(each, f"{name}: {member}")


def fits(text, name):
    """Reads what was printed, which must be as the page says."""
    whole = json.loads(text)
    assert whole["v"] == 1, (name, whole)
    if SCHEMA[name][0] == "list":
        assert set(whole) == {"v", "items"}, name
        for each in whole["items"]:
            row(each, name)
    else:
        row(whole, name)
    return whole


def complete(*words):
    done = subprocess.run([os.path.join(BUILD, "dialtone"), "--complete", *words], capture_output=True, text=True, timeout=20)
    return [line.split("\t")[0] for line in done.stdout.splitlines() if not line.startswith(":")]


def verbs(path=()):
    """Every verb that prints something, with its options: ("user", "list"): ["--after", ..., "-f", "--json"]"""
    found = {}
    for word in complete(*path, ""):
        at = (*path, word)
        below = [w for w in complete(*at, "") if len(at) < 3 and w != at[-1] and w in complete(*at, w)]
        shown = subprocess.run([os.path.join(BUILD, "dialtone"), *at, "--help"], capture_output=True, text=True, timeout=20).stdout
        if below and " VERB ..." in shown.replace("\n", " "):
            found.update(verbs(at))
        else:
            found[at] = complete(*at, "-")
    return found
