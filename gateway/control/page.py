"""The page at /: what this is and what can be asked here. Rendered here, no scripts, nothing loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from gateway.control.deps import ControlDeps
from gateway.control.governed import OPEN, PERMISSION
from gateway.control.operators import Operator

STYLE: Final = """
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{max-width:52rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884}
code{font-family:ui-monospace,monospace;font-size:.9em}
"""

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'"
)


def render(openapi: Mapping[str, Any], deps: ControlDeps, operator: Operator | None) -> str:
    """The page as HTML. Strangers learn what the product is, operators also of which installation."""
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Lexgate control plane</title>
<style>{STYLE}</style>
<h1>Lexgate control plane</h1>
<p>This is the control API of a Lexgate gateway, for operators, auditors and their programs. Calls to models go to the
data plane, which listens elsewhere. <a href="/verify">Verify content</a> is the first page of the console; records are
read through the API below or with <code>lexgate audit search</code>, <code>show</code> and <code>verify</code> on the
gateway's machine.</p>
{_whose(deps, operator)}
<p>Ask with <code>Authorization: Bearer &lt;operator key&gt;</code>. The machine-readable description is
<a href="/openapi.json">/openapi.json</a>; liveness is <a href="/healthz">/healthz</a>, readiness
<a href="/readyz">/readyz</a>.</p>
<table>
<tr><th>Request<th>What it does<th>Permission
{_rows(openapi)}
</table>
</html>
"""


def _whose(deps: ControlDeps, operator: Operator | None) -> str:
    if operator is None:
        return ""
    roles = ", ".join(sorted(role.value for role in operator.roles))
    return (
        f"<p>Lexgate {escape(deps.version)} of {escape(deps.organisation)}; its log is <code>{escape(deps.origin)}</code>. "
        f"You are {escape(operator.name)} ({escape(roles)}).</p>"
    )


def _rows(openapi: Mapping[str, Any]) -> str:
    return "\n".join(
        f"<tr><td><code>{method.upper()} {escape(path)}</code>"
        f"<td>{escape(operation.get('description', '').partition(chr(10))[0])}"
        f"<td>{'none' if operation[PERMISSION] == OPEN else escape(operation[PERMISSION])}"
        for path, operations in openapi["paths"].items()
        for method, operation in operations.items()
    )
