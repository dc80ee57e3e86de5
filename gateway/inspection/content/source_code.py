"""Whether a text is source code, or holds a longer piece of it: by the shape of its lines, not by one language's words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.inspection.codes import source_signs

LINES = 6
"""Fewer lines are a remark about code."""
SHARE = 0.35
_WINDOW = 40
_MOST = 2_000
_READ = 200_000
"""Characters in which a strong line is looked for."""
_CODE = re.compile(
    r"""^\s*+(?:
        (?:from\s+[\w.]+\s+)?import\s+[\w.{*'"] | \#include\s*[<"] | using\s+[\w.]+; | package\s+[\w.]+;? | require[( ]['"]
      | (?:async\s+)?(?:def|class|func|fn|function|interface|struct|enum|trait|impl|module|namespace)\s+\w[\w:<>]*\s*[({:<]?
      | (?:public|private|protected|static|final|export|const|let|var|val|return|yield|await|throw|raise)\b.*[;{(=]
      | (?:if|for|while|switch|elif|else\s+if|catch|except|match)\b.*[:{)]\s*$ | (?:else|try|finally|do)\s*[:{]\s*$
      | \}?\s*(?:else|catch|finally)\b.*\{ | [})\]]+[;,]?\s*$ | @\w+(?:\(.*\))?\s*$
      | [\w.\[\]'"*&>-]++\s*(?::=|[-+*/|&]?=)\s*[^=].*[;({\[,)\]'"\w]\s*$ | [\w.:>-]++\(.*\)\s*[;{]?\s*$
      | (?:SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|CREATE\s+TABLE|ALTER\s+TABLE|FROM|WHERE|JOIN|LEFT\s+JOIN|GROUP\s+BY|ORDER\s+BY|VALUES)\b.*
      | (?:end(?:\ (?:if|sub|function))?|endmodule|endif|fi|done|esac|begin)\s*$ | local\s+(?:function\s+)?\w+.* | Dim\s+\w+\s+As\b.*
      | (?:Sub|Function)\s+\w+\(.* | Next\s+\w\s*$ | [\w.]++\s*<-\s+\S.* | (?:for|while|until|if)\b.*\b(?:do|then)\b.*
      | (?:cd|git|mvn|npm|pip|docker|kubectl|systemctl|curl|wget|echo|export|sudo|sleep|ssh|scp|rm|cp|mv|mkdir|set)\s+[-\w./$"'|].* | attr_\w+\s+:.* | always\s*@.* | [\w\[\]:]++\s*<=\s*[^;]+;\s*$ | \w++(?:\.\w++)+(?:\(.*|\s*)$
      | </?[a-zA-Z][\w-]*(?:\s[^>]*)?/?>.*$ | \$\w+\s*=.* | (?://|/\*|\*/|\#\s?!).*
    )""",
    re.VERBOSE,
)
_ENDS = (";", "{", "%>%", "|>", "\\")
"""What lines of code end with, and no others."""
_STRONG = re.compile(
    r"(?m)\n[^\S\n]*+(?:def \w+\(|class \w+[(:{]|func \w+\(|fn \w+|function \w*\(|#include\s*[<\"]|import \w|from \w[\w.]* import |"
    r"public (?:static|class|void)|private \w+|(?:export )?(?:const|let|var|val) (?:mut )?\w+(?:: ?[\w<>\[\]]+)? =|SELECT .{1,200}|CREATE TABLE|package \w|"
    r"(?:if|for|while) ?\(|return\b|<[a-z]+[ >]|pub (?:fn|struct|mod|enum)|use [\w:]+::|impl[ <]|(?:async )?fun \w+|func \w+|local function|"
    r"def \w+\b|end$|<\?php|#! ?/|my [$@%]\w+|export \w|interface \w+ ?\{|struct \w+ ?\{|module \w+ ?[({;]|[\w.]+ <- |Sub \w+\(|set -[eu]|done$|(?:input|output) |local \w+ =)"
)


def is_source_code(text: str) -> bool:
    """Looks at the first 2,000 lines."""
    if not source_signs(text, LINES - 1):
        return False
    lines = [line[:400] for line in text.split("\n", _MOST)[:_MOST] if line.strip()]
    if len(lines) < LINES or not _is_strong(text[:_READ]):
        return False
    if len(lines) <= _WINDOW:
        return _are_coded(lines, max(LINES - 1, SHARE * len(lines)))
    coded = list(map(_is_coded, lines))
    running = sum(coded[:_WINDOW])
    for end in range(_WINDOW, len(coded)):
        if running >= SHARE * _WINDOW:
            return True
        running += coded[end] - coded[end - _WINDOW]
    return running >= SHARE * _WINDOW


def _is_strong(text: str) -> bool:
    """Whether a line begins as hardly any does in prose. Looked for behind lines' ends, so that `re` passes over all else.

    Linear time: the last of many blank lines begins it, not each of them.
    """
    return _STRONG.match(f"\n{text.lstrip()[:400]}") is not None or _STRONG.search(text) is not None


def _is_coded(line: str) -> bool:
    return line.rstrip().endswith(_ENDS) or _CODE.match(line) is not None


def _are_coded(lines: Sequence[str], fewest: float) -> bool:
    """Whether so many lines are code: no more of them are looked at than it takes to know."""
    coded = 0
    for left, line in zip(range(len(lines) - 1, -1, -1), lines, strict=True):
        coded += _is_coded(line)
        if coded >= fewest:
            return True
        if coded + left < fewest:
            return False
    return False
