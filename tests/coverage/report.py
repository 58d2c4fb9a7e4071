#!/usr/bin/env python3
"""What gcov counted, as a table, and what was not reached, with reasons.

report.py LINES BRANCHES REASONS DIRECTORY <JSON: fails below these percents.
A reason for a function that was reached in full is pointed out; chance decides
for some of them.
Not here: counting, see tools/coverage.
"""

import json
import pathlib
import sys


class Count:
    """How many there are, and how many were reached."""

    def __init__(self):
        self.all = self.reached = 0

    def add(self, reached):
        self.all += 1
        self.reached += reached

    def __iadd__(self, other):
        self.all += other.all
        self.reached += other.reached
        return self

    def percent(self):
        return 100.0 * self.reached / self.all if self.all else 100.0

    def __str__(self):
        return f"{self.reached:5}/{self.all:<5}{self.percent():6.1f} %"


class File:
    """What was counted of one source file."""

    def __init__(self):
        self.lines, self.branches = Count(), Count()
        self.missed = {}  # of a function: (line, what)

    def take(self, line):
        self.lines.add(line["count"] > 0)
        missed = []
        if line["count"] == 0:
            missed.append("not run")
        for number, branch in enumerate(line["branches"]):
            self.branches.add(branch["count"] > 0)
            if branch["count"] == 0 and line["count"] > 0:
                missed.append(f"branch {number}")
        if missed:
            of_function = self.missed.setdefault(line["function_name"], [])
            of_function.append((line["line_number"], ", ".join(missed)))


def read_counts(stream):
    files = {}
    for document in filter(str.strip, stream):
        for source in json.loads(document)["files"]:
            name = source["file"]
            if not name.startswith("src/") or not name.endswith(".c"):
                continue
            file = files.setdefault(name, File())
            for line in source["lines"]:
                file.take(line)
    return files


def read_reasons(path):
    """A line is FILE:FUNCTION: REASON; "#" begins a comment."""
    reasons = {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            file, function, reason = line.split(":", 2)
            reasons["src/" + file, function] = reason.strip()
    return reasons


def print_missed(files, reasons):
    print("\nNot reached, and why:")
    for name, file in files.items():
        for function, missed in file.missed.items():
            why = reasons.get((name, function), "NO REASON IS GIVEN")
            print(f"{name}: {function}(): {why}")
            for line, what in missed:
                print(f"    {name}:{line}: {what}")


def main():
    least_lines, least_branches = map(float, sys.argv[1:3])
    reasons = read_reasons(pathlib.Path(sys.argv[3]))
    files = dict(sorted(read_counts(sys.stdin).items()))
    print_missed(files, reasons)

    lines, branches = Count(), Count()
    print(f"\n{'':24}{'lines':>11}{'branches':>20}")
    for name, file in files.items():
        print(f"{name:24}{file.lines}  {file.branches}")
        lines += file.lines
        branches += file.branches
    print(f"{'total':24}{lines}  {branches}")
    others = {str(p) for p in pathlib.Path(sys.argv[4]).glob("*.c")}
    print("not counted, for other systems:", *sorted(others - set(files)))

    stale = [
        f"{name}: {function}(): reached in full, this time"
        for name, function in reasons
        if name not in files or function not in files[name].missed
    ]
    print(*stale, sep="\n", end="\n" if stale else "")
    below = lines.percent() < least_lines or branches.percent() < least_branches
    if below:
        print(f"less than {least_lines:g} % of lines, {least_branches:g} % of branches")
    return 1 if below else 0


sys.exit(main())
