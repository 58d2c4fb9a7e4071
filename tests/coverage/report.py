#!/usr/bin/env python3
"""What gcov counted, as a table, and what was not reached, with reasons.

report.py LINES BRANCHES REASONS DIRECTORY <JSON: fails below these percents,
when more than a few functions were missed without a reason, or have one and
were not, and when a reason is for none that exists.
A file that several builds counted was reached where one of them has been.
Not here: counting, see tools/coverage.
"""

import json
import pathlib
import sys

# What such a reason is given for is reached in some runs.
BY_CHANCE = "by chance"

# What depends on the moment differs from run to run, and new code shows only
# in time that it does: so many functions are told of, and no fault.
FEW = 5


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


class Line:
    """How often it was run, and each of its branches taken, in all builds."""

    def __init__(self, branches):
        self.count = 0
        self.branches = [0] * branches

    def take(self, line):
        self.count += line["count"]
        taken = [branch["count"] for branch in line["branches"]]
        self.branches = [a + b for a, b in zip(self.branches, taken, strict=True)]

    def missed(self):
        if self.count == 0:
            return ["not run"]
        return [f"branch {n}" for n, count in enumerate(self.branches) if count == 0]


class File:
    """What was counted of one source file."""

    def __init__(self):
        self.functions = set()
        self.each = {}  # by function and number

    def take(self, source):
        self.functions |= {function["name"] for function in source["functions"]}
        for line in source["lines"]:
            key = line["function_name"], line["line_number"]
            self.each.setdefault(key, Line(len(line["branches"]))).take(line)

    def lines(self):
        count = Count()
        for line in self.each.values():
            count.add(line.count > 0)
        return count

    def branches(self):
        count = Count()
        for line in self.each.values():
            for branch in line.branches:
                count.add(branch > 0)
        return count

    def missed(self):
        """Of each function that was not reached in full: (line, what)."""
        found = {}
        for (function, number), line in sorted(self.each.items(), key=lambda e: e[0][1]):
            if line.missed():
                found.setdefault(function, []).append((number, ", ".join(line.missed())))
        return found


def read_counts(stream):
    files = {}
    for document in filter(str.strip, stream):
        for source in json.loads(document)["files"]:
            name = source["file"]
            if name.startswith("src/") and name.endswith(".c"):
                files.setdefault(name, File()).take(source)
    return dict(sorted(files.items()))


def read_reasons(path):
    """A line is FILE:FUNCTION: REASON; "#" begins a comment."""
    reasons = {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            file, function, reason = line.split(":", 2)
            reasons["src/" + file, function] = reason.strip()
    return reasons


def print_missed(files, reasons):
    """Returns for how many functions no reason is given."""
    without = 0
    print("\nNot reached, and why:")
    for name, file in files.items():
        for function, missed in file.missed().items():
            why = reasons.get((name, function), "NO REASON IS GIVEN")
            without += (name, function) not in reasons
            print(f"{name}: {function}(): {why}")
            for line, what in missed:
                print(f"    {name}:{line}: {what}")
    return without


def unknown(files, reasons):
    """Reasons for functions that are not there."""
    return [f"{name}: {function}(): a reason, but no such function"
            for name, function in reasons
            if name not in files or function not in files[name].functions]


def print_needless(files, reasons):
    """Returns how many reasons are for what was reached in full."""
    needless = 0
    for (name, function), why in reasons.items():
        if (name in files and function in files[name].functions and
                function not in files[name].missed() and
                not why.startswith(BY_CHANCE)):
            print(f"{name}: {function}(): a reason, but it was reached in full")
            needless += 1
    return needless


def print_table(files):
    """Returns the sums."""
    lines, branches = Count(), Count()
    print(f"\n{'':24}{'lines':>11}{'branches':>20}")
    for name, file in files.items():
        print(f"{name:24}{file.lines()}  {file.branches()}")
        lines += file.lines()
        branches += file.branches()
    print(f"{'total':24}{lines}  {branches}")
    return lines, branches


def main():
    least_lines, least_branches = map(float, sys.argv[1:3])
    reasons = read_reasons(pathlib.Path(sys.argv[3]))
    files = read_counts(sys.stdin)
    faults = []
    without = print_missed(files, reasons)
    if without > FEW:
        faults.append(f"{without} functions without a reason")
    lines, branches = print_table(files)
    others = {str(p) for p in pathlib.Path(sys.argv[4]).glob("*.c")}
    print("not counted, for other systems:", *sorted(others - set(files)))
    needless = print_needless(files, reasons)
    if needless > FEW:
        faults.append(f"{needless} reasons too many")
    faults += unknown(files, reasons)
    if lines.percent() < least_lines or branches.percent() < least_branches:
        faults.append(f"less than {least_lines:g} % of lines, {least_branches:g} % of branches")
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


sys.exit(main())
