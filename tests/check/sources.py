"""sources.py - the product's sources for the checks: which there are, their text without comments."""
import glob
import os
import re

COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def without_comments(text):
    """Comments become blanks, newlines stay, strings stay: line numbers hold."""
    def blank(m):
        return re.sub(r'[^\n]', ' ', m[0]) if m[0].startswith('/') else m[0]
    return COMMENT.sub(blank, text)


def read(path):
    with open(path, encoding='utf-8', errors='replace') as f:
        return f.read()


def files(root, *patterns):
    """Paths below root, sorted, relative to it."""
    return sorted(os.path.relpath(p, root) for pattern in patterns for p in glob.glob(os.path.join(root, pattern)))


def line_of(text, at):
    return text.count('\n', 0, at) + 1
