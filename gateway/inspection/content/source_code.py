"""Whether a text is source code, or holds a longer piece of it: by the shape of its lines, not by one language's words."""

from __future__ import annotations

import re

LINES = 6
"""Fewer lines are a remark about code."""
SHARE = 0.35
_WINDOW = 40
_MOST = 2_000
_SIGNS = (
    ";\n",
    "{\n",
    "}\n",
    "):\n",
    "import ",
    "def ",
    "=>",
    "function ",
    "#include",
    "SELECT ",
    "</",
    "end\n",
    "done\n",
    "<- ",
)
_CODE = re.compile(
    r"""^\s*(?:
        (?:from\s+[\w.]+\s+)?import\s+[\w.{*'"] | \#include\s*[<"] | using\s+[\w.]+; | package\s+[\w.]+;? | require[( ]['"]
      | (?:async\s+)?(?:def|class|func|fn|function|interface|struct|enum|trait|impl|module|namespace)\s+\w[\w:<>]*\s*[({:<]?
      | (?:public|private|protected|static|final|export|const|let|var|val|return|yield|await|throw|raise)\b.*[;{(=]
      | (?:if|for|while|switch|elif|else\s+if|catch|except|match)\b.*[:{)]\s*$ | (?:else|try|finally|do)\s*[:{]\s*$
      | \}?\s*(?:else|catch|finally)\b.*\{ | [})\]]+[;,]?\s*$ | @\w+(?:\(.*\))?\s*$
      | [\w.\[\]'"*&>-]+\s*(?::=|[-+*/|&]?=)\s*[^=].*[;({\[,)\]'"\w]\s*$ | [\w.:>-]+\(.*\)\s*[;{]?\s*$
      | (?:SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|CREATE\s+TABLE|ALTER\s+TABLE|FROM|WHERE|JOIN|LEFT\s+JOIN|GROUP\s+BY|ORDER\s+BY|VALUES)\b.*
      | (?:end(?:\ (?:if|sub|function))?|endmodule|endif|fi|done|esac|begin)\s*$ | local\s+(?:function\s+)?\w+.* | Dim\s+\w+\s+As\b.*
      | (?:Sub|Function)\s+\w+\(.* | Next\s+\w\s*$ | [\w.]+\s*<-\s+\S.* | .*(?:%>%|\|>|\\)\s*$ | (?:for|while|until|if)\b.*\b(?:do|then)\b.*
      | (?:cd|git|mvn|npm|pip|docker|kubectl|systemctl|curl|wget|echo|export|sudo|sleep|ssh|scp|rm|cp|mv|mkdir|set)\s+[-\w./$"'|].* | attr_\w+\s+:.* | always\s*@.* | [\w\[\]:]+\s*<=\s*[^;]+;\s*$ | \w+(?:\.\w+)+(?:\(.*|\s*)$
      | .*[;{]\s*$ | </?[a-zA-Z][\w-]*(?:\s[^>]*)?/?>.*$ | \$\w+\s*=.* | (?://|/\*|\*/|\#\s?!).*
    )""",
    re.VERBOSE,
)
_STRONG = re.compile(
    r"(?m)^\s*(?:def \w+\(|class \w+[(:{]|func \w+\(|fn \w+|function \w*\(|#include\s*[<\"]|import \w|from \w[\w.]* import |"
    r"public (?:static|class|void)|private \w+|(?:export )?(?:const|let|var|val) (?:mut )?\w+(?:: ?[\w<>\[\]]+)? =|SELECT .{1,200}|CREATE TABLE|package \w|"
    r"(?:if|for|while) ?\(|return\b|<[a-z]+[ >]|pub (?:fn|struct|mod|enum)|use [\w:]+::|impl[ <]|(?:async )?fun \w+|func \w+|local function|"
    r"def \w+\b|end$|<\?php|#! ?/|my [$@%]\w+|export \w|interface \w+ ?\{|struct \w+ ?\{|module \w+ ?[({;]|[\w.]+ <- |Sub \w+\(|set -[eu]|done$|(?:input|output) |local \w+ =)"
)


def is_source_code(text: str) -> bool:
    """Looks at the first 2,000 lines."""
    if text.count("\n") < LINES - 1 or not any(map(text.__contains__, _SIGNS)):
        return False
    lines = [line[:400] for line in text.split("\n", _MOST)[:_MOST] if line.strip()]
    if len(lines) < LINES or not _STRONG.search(text[:200_000]):
        return False
    coded = [_CODE.match(line) is not None for line in lines]
    if len(lines) <= _WINDOW:
        return sum(coded) >= max(LINES - 1, SHARE * len(lines))
    running = sum(coded[:_WINDOW])
    for end in range(_WINDOW, len(coded)):
        if running >= SHARE * _WINDOW:
            return True
        running += coded[end] - coded[end - _WINDOW]
    return running >= SHARE * _WINDOW
