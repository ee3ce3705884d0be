"""Names every command that Krake's command line has, one a line: `group kind verb`."""

from rok.__main__ import spec


def walk(part, path):
    for name in part.commands:
        print(*path, name)
    for inner in part.specs:
        walk(inner, [*path, inner.args[0]])


walk(spec, [])
