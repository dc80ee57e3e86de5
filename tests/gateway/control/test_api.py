"""The endpoints as their callers see them."""

from __future__ import annotations

import asyncio
import re
import threading

import pytest

from gateway.control.frame import HEADERS
from gateway.control.operators import Role
from gateway.errors import Unavailable
from policies.errors import PolicyFailed
from tests.gateway.control.parts import (
    ACME_KEY,
    ACME_OPERATOR_KEY,
    KEYS,
    TWO_KEY,
    MemoryRecords,
    block_china,
    deps,
    document,
    flow_id,
    record,
    serving,
)


def asking(url: str, method: str, path: str, key: str = KEYS[Role.SECURITY], **more):
    import httpx

    return httpx.request(method, url + path, headers={"Authorization": f"Bearer {key}"}, **more)


class TestInspect:
    def test_offsets_count_code_points(self, ask) -> None:
        answer = ask("POST", "/api/inspect", json={"text": "😀李伟 13800138000", "lang": "zh"})
        assert answer.status_code == 200
        assert answer.json() == {
            "spans": [{"start": 4, "end": 15, "label": "PHONE", "score": 0.9}],
            "categories": ["personal"],
            "grade": "L3",
            "reasons": ["a phone number"],
        }

    def test_a_clean_text(self, ask) -> None:
        answer = ask("POST", "/api/inspect", json={"text": ""}).json()
        assert (answer["spans"], answer["categories"], answer["grade"]) == ([], [], "L1")

    @pytest.mark.parametrize(
        ("body", "place"),
        [({}, "body.text"), ({"text": 1}, "body.text"), ({"text": "a", "x": 1}, "body.x"), ([], "body"),
         ({"text": "a", "lang": "english please"}, "body.lang"), ({"text": "a" * 250_001}, "body.text")],
    )  # fmt: skip
    def test_the_place_of_a_mistake_is_named(self, ask, body: object, place: str) -> None:
        answer = ask("POST", "/api/inspect", json=body)
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "lexgate_invalid_document"
        assert answer.json()["error"]["message"].startswith(place)

    def test_an_unusable_answer_of_an_inspector_is_no_answer(self) -> None:
        for told in (
            None,
            [],
            {"spans": []},
            {"spans": [[], []]},
            {"spans": [[["a"]]]},
            {"spans": [[[0, 99, "PHONE", 1.0, "x"]]]},
            {"spans": [[[2, 1, "A", 1, "x"]]]},
        ):

            class Confused:
                answer = told

                async def call(self, method, payload, deadline_s):
                    return self.answer

            with serving(deps(inspectors=Confused())) as url:
                assert asking(url, "POST", "/api/inspect", json={"text": "abc"}).status_code == 503

    def test_no_inspector_no_answer(self) -> None:
        class Gone:
            async def call(self, method, payload, deadline_s):
                raise Unavailable("inspection is not available", retry_after=1)

        with serving(deps(inspectors=Gone())) as url:
            answer = asking(url, "POST", "/api/inspect", json={"text": "abc"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


class TestDecide:
    def test_a_blocked_call_says_by_which_rule(self, ask) -> None:
        to_china = document()
        to_china["destination"]["country"] = "CN"
        answer = ask("POST", "/api/decide", json=to_china).json()
        assert answer["decision"] == "block"
        assert answer["citations"] == ["PIPL art. 38"]
        assert answer["rules"][0]["remedy"] == "file a standard contract"
        assert answer["obligations"]["redact"] == {}
        assert answer["bundle"] == "sha256:00"

    def test_an_incomplete_document_is_refused(self, ask) -> None:
        partial = document()
        del partial["counters"]["cn_pi_ytd"]
        answer = ask("POST", "/api/decide", json=partial)
        assert answer.status_code == 422
        assert "counters.cn_pi_ytd" in answer.json()["error"]["message"]

    def test_a_date_that_does_not_exist_is_refused(self, ask) -> None:
        answer = ask("POST", "/api/decide", json=document(now="2026-02-30T12:00:00Z"))
        assert (answer.status_code, answer.json()["error"]["message"][:8]) == (422, "body.now")

    def test_the_policy_has_one_thread_for_all_its_calls(self) -> None:
        threads = set()

        def noting(facts):
            threads.add(threading.get_ident())
            return block_china(facts)

        with serving(deps(policy=noting)) as url:
            for _ in range(5):
                assert asking(url, "POST", "/api/decide", json=document()).status_code == 200
        assert len(threads) == 1

    def test_a_bundle_that_fails_decides_nothing(self) -> None:
        def failing(facts):
            raise PolicyFailed(f"evaluation failed on {facts['caller']['user']}")

        with serving(deps(policy=failing)) as url:
            answer = asking(url, "POST", "/api/decide", json=document())
        assert answer.status_code == 422
        assert "li.wei" not in answer.text

    def test_a_policy_that_hangs_is_not_waited_for(self) -> None:
        release = threading.Event()
        with serving(deps(policy=lambda facts: release.wait(20), policy_deadline_s=0.05)) as url:
            answer = asking(url, "POST", "/api/decide", json=document())
            release.set()
        assert answer.status_code == 503


class TestRecords:
    def test_pages_follow_one_another(self, ask) -> None:
        seen, after = [], None
        while True:
            page = ask("GET", "/api/records", params={"limit": 7} | ({"after": after} if after else {})).json()
            seen += [one["flow"] for one in page["records"]]
            if (after := page["next"]) is None:
                break
        assert seen == [flow_id(n) for n in range(30)][::-1]

    def test_one_record_and_its_proof(self, ask) -> None:
        assert ask("GET", f"/api/records/{flow_id(4)}").json() == record(4, "globex")
        assert ask("GET", f"/api/records/{flow_id(4)}/proof").json()["flow"] == flow_id(4)

    @pytest.mark.parametrize(
        ("query", "named"),
        [({"q": "colour:red"}, "colour:red"), ({"after": "@@"}, "@@"), ({"limit": "0"}, "query.limit"),
         ({"limit": "many"}, "query.limit"), ({"limit": "999999999999999999999"}, "query.limit"),
         ({"tenants": "acme"}, "query.tenants"), ({"q": "a" * 1025}, "query.q"), ({"after": ""}, "query.after")],
    )  # fmt: skip
    def test_a_bad_query_is_named(self, ask, query: dict[str, str], named: str) -> None:
        answer = ask("GET", "/api/records", params=query)
        assert answer.status_code == 400
        assert named in answer.json()["error"]["message"]

    @pytest.mark.parametrize("flow", ["1", "%2e%2e", flow_id(1).upper().replace("0", "F"), flow_id(1) + "0"])
    def test_what_is_no_flow(self, ask, flow: str) -> None:
        assert ask("GET", f"/api/records/{flow}").status_code in {400, 404}

    def test_an_unknown_flow(self, ask) -> None:
        assert ask("GET", f"/api/records/{flow_id(99)}").status_code == 404


class TestTenants:
    def test_records_of_others_do_not_exist(self, ask) -> None:
        hidden = ask("GET", f"/api/records/{flow_id(1)}", key=ACME_KEY)
        missing = ask("GET", f"/api/records/{flow_id(99)}", key=ACME_KEY)
        assert hidden.status_code == missing.status_code == 404
        assert hidden.content == missing.content
        assert ask("GET", f"/api/records/{flow_id(1)}/proof", key=ACME_KEY).status_code == 404
        assert ask("GET", f"/api/records/{flow_id(0)}", key=ACME_KEY).status_code == 200
        assert ask("GET", f"/api/records/{flow_id(0)}/proof", key=ACME_KEY).status_code == 200

    @pytest.mark.parametrize(("key", "tenants"), [(ACME_KEY, {"acme"}), (TWO_KEY, {"acme", "globex"})])
    @pytest.mark.parametrize("q", ["", "tenant:acme", "tenant:initech", "tenant:globex tenant:acme"])
    def test_no_query_reaches_beyond_them(self, ask, key: str, tenants: set[str], q: str) -> None:
        seen, after = set(), None
        for _ in range(40):
            params = {"limit": 3, "q": q} | ({"after": after} if after else {})
            page = ask("GET", "/api/records", key=key, params=params).json()
            seen |= {(one["flow"], one["subj"]["tenant"]) for one in page["records"]}
            if (after := page["next"]) is None:
                break
        wanted = {one for one in tenants if all(one == term.removeprefix("tenant:") for term in q.split())}
        assert {tenant for _, tenant in seen} == wanted
        assert len(seen) == 10 * len(wanted)

    def test_entries_are_of_all_tenants(self, ask) -> None:
        assert ask("GET", "/log/tile/entries/000.p/3", key=ACME_KEY).status_code == 403
        assert ask("GET", "/log/tile/0/000.p/3", key=ACME_KEY).status_code == 200


class TestAccess:
    def test_every_look_is_told_before_it_is_answered(self) -> None:
        told = []

        async def note(operator, access) -> None:
            await asyncio.sleep(0)
            told.append((operator.name, access.action, access.found, access.flow, access.query))

        with serving(deps(on_access=note)) as url:
            asking(url, "GET", "/api/records?q=tenant:acme&limit=5")
            asking(url, "GET", f"/api/records/{flow_id(0)}")
            asking(url, "GET", f"/api/records/{flow_id(1)}", ACME_KEY)
            asking(url, "GET", f"/api/records/{flow_id(0)}/proof")
        assert told == [
            ("security", "records.search", 5, "", "tenant:acme"),
            ("security", "records.read", 1, flow_id(0), ""),
            ("acme-officer", "records.read", 0, flow_id(1), ""),
            ("security", "records.prove", 1, flow_id(0), ""),
        ]

    def test_a_look_that_cannot_be_recorded_does_not_happen(self) -> None:
        async def broken(operator, access) -> None:
            raise OSError("log is gone")

        with serving(deps(on_access=broken)) as url:
            for path in ("/api/records", f"/api/records/{flow_id(0)}", f"/api/records/{flow_id(0)}/proof"):
                answer = asking(url, "GET", path)
                assert answer.status_code == 503
                assert "acme" not in answer.text


class TestLog:
    def test_checkpoint_and_tiles(self, ask) -> None:
        note = ask("GET", "/log/checkpoint", key=Role.AUDITOR)
        assert note.headers["content-type"] == "text/plain; charset=utf-8"
        assert note.text == MemoryRecords().checkpoint()
        tile = ask("GET", "/log/tile/0/000.p/30", key=Role.AUDITOR)
        assert (tile.content, tile.headers["content-type"]) == (b"\1" * 960, "application/octet-stream")
        assert "immutable" in tile.headers["cache-control"]
        assert ask("GET", "/log/tile/entries/000.p/2", key=Role.AUDITOR).content == b"\0\3abc" * 2

    @pytest.mark.parametrize(
        ("path", "status"),
        [("/log/tile/0/000", 404), ("/log/tile/1/x001/067", 404), ("/log/tile/6/000", 400), ("/log/tile/0/67", 400),
         ("/log/tile/00/067", 400), ("/log/tile/entries/x000/067", 400), ("/log/tile/0/", 400), ("/log/tile/0", 404),
         ("/log/tile/0/000.p/256", 400)],
    )  # fmt: skip
    def test_tiles_that_are_not_there(self, ask, path: str, status: int) -> None:
        assert ask("GET", path).status_code == status


class TestState:
    def test_reasons_are_for_operators(self) -> None:
        with serving(deps(readiness=lambda: {"log": None, "policy": "bundle refused"})) as url:
            import httpx

            stranger = httpx.get(url + "/readyz")
            operator = asking(url, "GET", "/readyz", KEYS[Role.OPERATOR])
            auditor = asking(url, "GET", "/readyz", KEYS[Role.AUDITOR])
            alive = httpx.get(url + "/healthz")
        assert (stranger.status_code, stranger.json()) == (503, {"status": "not ready"})
        assert auditor.json() == {"status": "not ready"}
        assert operator.json() == {"status": "not ready", "components": {"log": None, "policy": "bundle refused"}}
        assert (alive.status_code, alive.json()) == (200, {"status": "ok"})

    def test_ready(self, ask) -> None:
        answer = ask("GET", "/readyz")
        assert (answer.status_code, answer.json()["status"]) == (200, "ready")

    def test_a_check_that_fails_is_not_ready(self) -> None:
        def failing():
            raise RuntimeError("secret place")

        with serving(deps(readiness=failing)) as url:
            answer = asking(url, "GET", "/readyz")
        assert answer.status_code == 503
        assert "secret" not in answer.text

    def test_metrics(self, ask) -> None:
        answer = ask("GET", "/metrics", key=Role.OPERATOR)
        assert answer.headers["content-type"].startswith("text/plain; version=")

    def test_metrics_are_of_all_tenants(self, ask) -> None:
        assert ask("GET", "/metrics", key=ACME_OPERATOR_KEY).status_code == 403

    def test_the_page_has_no_scripts_and_tells_strangers_nothing(self, ask) -> None:
        stranger, operator = ask("GET", "/", key=None), ask("GET", "/")
        assert "Example AG" not in stranger.text
        assert "0.1.0" not in stranger.text
        assert "Example AG &lt;script&gt;" in operator.text
        assert "<script" not in operator.text
        policy = stranger.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        for link in re.findall(r'href="([^"]+)"', stranger.text):
            assert ask("GET", link).status_code == 200
        assert "POST /api/decide" in stranger.text


class TestEveryAnswer:
    def test_security_headers(self, ask) -> None:
        for path, key in (
            ("/", None),
            ("/healthz", None),
            ("/api/records", None),
            ("/api/records", Role.SECURITY),
            ("/no", Role.SECURITY),
        ):
            answer = ask("GET", path, key=key)
            assert {name.lower() for name in HEADERS} <= set(answer.headers)
            assert "server" not in answer.headers
            assert len(answer.headers.get_list("content-security-policy")) == 1

    def test_methods_that_a_path_does_not_know(self, ask) -> None:
        for method in ("PUT", "PATCH", "DELETE", "POST", "OPTIONS", "TRACE"):
            answer = ask(method, "/api/records")
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
            assert answer.json()["error"]["code"] == "lexgate_method_not_allowed"

    def test_paths_that_are_not_there(self, ask) -> None:
        for path in ("/no", "/api/records/", "/docs", "/redoc", "/api", "/api/inspect/"):
            answer = ask("GET", path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "lexgate_not_found")

    def test_an_unforeseen_failure_tells_nothing(self, caplog) -> None:
        class Broken(MemoryRecords):
            def get(self, flow: str):
                raise ZeroDivisionError("li.wei 13800138000")

        with serving(deps(records=Broken())) as url:
            answer = asking(url, "GET", f"/api/records/{flow_id(1)}")
        assert answer.status_code == 500
        assert answer.json()["error"]["code"] == "lexgate_internal"
        assert "ZeroDivisionError" in caplog.text
        for told in (answer.text, caplog.text):
            assert "li.wei" not in told
            assert "1380013" not in told
            assert flow_id(1) not in told
