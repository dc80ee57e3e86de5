"""Coding agents work whole sessions through Lexgate: their files get real values, and the provider never sees one.

The agents are the published ones. The model is the scripted provider: it reads files, edits them, calls tools side by
side, and knows persons by their placeholders alone, as any foreign model behind Lexgate does.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gateway.ingress.endpoints import ENDPOINTS
from tests.e2e.coding_agents import Session, missing, session
from tests.providers.answers import Block
from tests.providers.scripted import Conversation, call, text

pytestmark = pytest.mark.e2e

SECRET = "sk-proj-Zx81LmQ0aPb72KdYtR5vWc9NhE3uJf6GsT4oXiB8"
CUSTOMERS = f"""\
id,name,phone,mail,account,note
1,Maria Schneider,+49 151 23456789,maria.schneider@kundenpost.de,DE89 3704 0044 0532 0130 00,prefers calls
2,Thomas Bergmann,+49 170 98765432,t.bergmann@kundenpost.de,DE12 5001 0517 0648 4898 90,pays late
3,张伟,13812345678,zhangwei@kundenpost.de,,身份证 11010519491231002X
# the shop's key: {SECRET}
"""
NOTIFY = '''\
def notify(send):
    """Tell our first customer."""
    send("+49 151 23456789", "Dear Maria Schneider, your order is ready.")
'''
HANDBOOK = "Be brief. Ask Thomas Bergmann (t.bergmann@kundenpost.de) when a price is unclear.\n" + "".join(
    f"Rule {number}: keep every file of this project short, plain and free of surprises for whoever reads it next.\n"
    for number in range(260)
)
VALUES = (
    "Maria Schneider", "Thomas Bergmann", "张伟", "+49 151 23456789", "+49 170 98765432", "13812345678",
    "maria.schneider@kundenpost.de", "t.bergmann@kundenpost.de", "zhangwei@kundenpost.de",
    "DE89 3704 0044 0532 0130 00", "DE12 5001 0517 0648 4898 90", "11010519491231002X", "Erika Mustermann",
    "+49 160 5551234", SECRET,
)  # fmt: skip
TASK = "Move our first customer to our new contact Erika Mustermann, phone +49 160 5551234, and write her a letter."
PLACEHOLDER = re.compile(r"⟦[A-Z_]+_[0-9A-Za-z]+⟧")


def fill(project: Path) -> None:
    (project / "customers.csv").write_text(CUSTOMERS)
    (project / "notify.py").write_text(NOTIFY)
    (project / "CLAUDE.md").write_text(HANDBOOK)


def placeholders(words: str, label: str) -> list[str]:
    return [found for found in PLACEHOLDER.findall(words) if found.startswith(f"⟦{label}_")]


def nothing_left(session: Session) -> None:
    """The provider saw no value, in no spacing, and none in pieces of its own."""
    seen = session.seen()
    packed = re.sub(r"[\s\-/]", "", seen)
    for value in VALUES:
        assert value not in seen
        assert re.sub(r"\s", "", value) not in packed


def edited(project: Path) -> None:
    """The files hold what the task asked for, with real values."""
    assert (project / "customers.csv").read_text() == CUSTOMERS.replace(
        "Maria Schneider,+49 151 23456789", "Erika Mustermann,+49 160 5551234"
    )
    assert (project / "notify.py").read_text() == NOTIFY.replace("Maria Schneider", "Erika Mustermann").replace(
        "+49 151 23456789", "+49 160 5551234"
    )
    letter = 'Dear Erika Mustermann,\n\n"welcome" at \\our shop\\. We call you at +49 160 5551234.\n'
    assert (project / "letter.txt").read_text() == letter
    assert (project / "changes.log").read_text() == "Maria Schneider -> Erika Mustermann\n"


def chained(session: Session, name: str) -> None:
    """Every call of the session but the first is the child of the one before it, and carries the session's name."""
    product = session.product
    found = product.lexgate("audit", "search", "--json", "--limit", "50").stdout.splitlines()
    records = [product.record(json.loads(line)["flow"]) for line in reversed(found)]
    assert [record["pub"]["parents"] for record in records[1:]] == [[record["flow"]] for record in records[:-1]]
    assert {(*record["pub"]["parents_by"],) for record in records[1:]} == {("turn",)}
    assert {record["subj"]["session"] for record in records} == {name}
    trace = product.lexgate("audit", "trace", records[2]["flow"], "--json")
    assert [one["flow"] for one in json.loads(trace.stdout)["flows"]] == [record["flow"] for record in records]


def claude_model(project: Path) -> object:
    """What the model does in Claude Code: looks around, edits twice side by side, writes a letter, and reads it again."""

    def script(conversation: Conversation) -> list[Block]:
        calls, results = conversation.calls, conversation.results
        if calls == 0:
            return [
                text("Let me look at both files."),
                call("Read", file_path=str(project / "customers.csv")),
                call("Read", file_path=str(project / "notify.py")),
                call("Bash", command="grep -c kundenpost customers.csv", description="Count the customers"),
            ]
        customer = next(line for line in results[0].splitlines() if "\t1," in line or line.startswith("1,"))
        old_name, old_phone = placeholders(customer, "PERSON")[0], placeholders(customer, "PHONE")[0]
        new_name, new_phone = placeholders(conversation.asked.partition("contact")[2], "PERSON")[0], placeholders(
            conversation.asked.partition("contact")[2], "PHONE")[0]  # fmt: skip
        if calls == 3:
            line = next(line.strip() for line in results[1].splitlines() if "send(" in line and "Dear" in line)
            line = line[line.index("send(") :]
            return [
                text(f"Now I put {new_name} where {old_name} was."),
                call("Edit", file_path=str(project / "customers.csv"), old_string=f"{old_name},{old_phone}",
                     new_string=f"{new_name},{new_phone}"),
                call("Edit", file_path=str(project / "notify.py"), old_string=line,
                     new_string=line.replace(old_name, new_name).replace(old_phone, new_phone)),
            ]  # fmt: skip
        if calls == 5:
            letter = f'Dear {new_name},\n\n"welcome" at \\our shop\\. We call you at {new_phone}.\n'
            return [
                call("Write", file_path=str(project / "letter.txt"), content=letter),
                call("Bash", command=f"printf '%s\\n' '{old_name} -> {new_name}' >> changes.log", description="Log it"),
            ]
        if calls == 7:
            return [call("Read", file_path=str(project / "letter.txt")), call("Bash", command="cat changes.log")]
        assert new_name in results[7], "what was written is read again under the same placeholder"
        assert results[8].strip() == f"{old_name} -> {new_name}"
        return [text(f"{new_name} has a letter, and {old_name} is gone.")]

    return script


@pytest.mark.skipif(bool(missing("claude")), reason=missing("claude"))
def test_claude_code_edits_files_with_real_values_and_the_provider_sees_none(tmp_path: Path) -> None:
    project = tmp_path / "project"
    with session(tmp_path, claude_model(project), "Edit") as work:
        fill(project)
        done = work.run(
            ["claude", "-p", TASK, "--output-format", "json", "--permission-mode", "acceptEdits",
             "--allowedTools", "Bash,Edit,Read,Write"],
            ANTHROPIC_BASE_URL=work.product.url, ANTHROPIC_API_KEY=work.product.callers["crm"].key,
            CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1", DISABLE_AUTOUPDATER="1", DISABLE_TELEMETRY="1",
            DISABLE_ERROR_REPORTING="1",
        )  # fmt: skip
        told = json.loads(done.stdout)
        assert told["result"] == "Erika Mustermann has a letter, and Maria Schneider is gone."
        edited(project)
        nothing_left(work)
        chained(work, told["session_id"])
        turns = [request.json() for request in work.provider.requests]
        assert len(turns) == 5
        assert min(len(request.body) for request in work.provider.requests) > 76_000
        assert len({json.dumps([turn["system"], turn["tools"], turn["messages"][0]]) for turn in turns}) == 1, (
            "cacheable"
        )


def codex_model(conversation: Conversation) -> list[Block]:
    """The same work with Codex's tools: commands side by side, a patch of two files, a letter by the shell."""
    calls, results = conversation.calls, conversation.results
    if calls == 0:
        return [
            text("Let me look at both files."),
            call("exec_command", cmd="cat customers.csv"),
            call("exec_command", cmd="cat notify.py"),
        ]
    customer = next(line for line in results[0].splitlines() if line.startswith("1,"))
    old_name, old_phone = placeholders(customer, "PERSON")[0], placeholders(customer, "PHONE")[0]
    task = conversation.asked.rpartition("our new contact")[2]
    new_name, new_phone = placeholders(task, "PERSON")[0], placeholders(task, "PHONE")[0]
    if calls == 2:
        line = next(line for line in results[1].splitlines() if "Dear" in line)
        patch = [
            "*** Begin Patch",
            "*** Update File: customers.csv",
            "@@",
            f"-{customer}",
            f"+{customer.replace(old_name, new_name).replace(old_phone, new_phone)}",
            "*** Update File: notify.py",
            "@@",
            f"-{line}",
            f"+{line.replace(old_name, new_name).replace(old_phone, new_phone)}",
            "*** Add File: letter.txt",
            f"+Dear {new_name},",
            "+",
            f'+"welcome" at \\our shop\\. We call you at {new_phone}.',
            "*** End Patch",
            "",
        ]
        return [text(f"Now I put {new_name} where {old_name} was."), call("apply_patch", text="\n".join(patch))]
    if calls == 3:
        return [
            call("exec_command", cmd=f"printf '%s\\n' '{old_name} -> {new_name}' >> changes.log"),
            call("exec_command", cmd="cat letter.txt"),
        ]
    assert new_name in results[4], "what was written is read again under the same placeholder"
    return [text(f"{new_name} has a letter, and {old_name} is gone.")]


CODEX_CONFIG = """\
model = "gpt-5.5"
model_provider = "gate"
approval_policy = "never"
sandbox_mode = "danger-full-access"
web_search = "disabled"
check_for_update_on_startup = false
project_doc_fallback_filenames = ["CLAUDE.md"]
[features]
plugins = false
remote_plugin = false
apps = false
[analytics]
enabled = false
[model_providers.gate]
name = "gate"
base_url = "{url}/v1"
env_key = "GATE_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
supports_websockets = false
"""


@pytest.mark.skipif("/v1/responses" not in ENDPOINTS, reason="Codex speaks the Responses API alone")
@pytest.mark.skipif(bool(missing("codex")), reason=missing("codex"))
def test_codex_edits_files_with_real_values_and_the_provider_sees_none(tmp_path: Path) -> None:
    project = tmp_path / "project"
    with session(tmp_path, codex_model, "exec_command") as work:
        fill(project)
        (work.home / ".codex").mkdir()
        (work.home / ".codex/config.toml").write_text(CODEX_CONFIG.format(url=work.product.url))
        done = work.run(
            ["codex", "exec", "--skip-git-repo-check", "--json", TASK], GATE_KEY=work.product.callers["crm"].key
        )
        told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        said = [one["item"]["text"] for one in told if one.get("item", {}).get("type") == "agent_message"]
        assert said[-1] == "Erika Mustermann has a letter, and Maria Schneider is gone.", done.stdout
        edited(project)
        nothing_left(work)
        chained(work, told[0]["thread_id"])
        assert max(len(request.body) for request in work.provider.requests) > 60_000
