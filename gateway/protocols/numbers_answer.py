"""Answers without texts: embeddings, moderations and counted tokens. They pass as they are, once no string in them is guarded."""

from __future__ import annotations

from typing import Any

import orjson

from gateway.flow import Usage
from gateway.protocols.answer import MalformedAnswer, number, word
from gateway.protocols.answer_json import loads
from gateway.protocols.family import FAMILIES
from gateway.protocols.openai_errors import error_type, withheld
from gateway.protocols.openai_usage import usage_of
from gateway.protocols.whole_answer import WholeAnswer


class NumbersAnswer(WholeAnswer):
    """These endpoints do not stream."""

    def whole(self, body: bytes) -> bytes:
        """The whole answer. Raises MalformedAnswer, also for one that says what it must not: there is no half of it."""
        answer, report = loads(body), self.channels.report
        found = self._last_look.look([_without_vectors(answer, body)])
        if answer.get("error") is not None:
            report.upstream_error = "error" if found else error_type(answer["error"])
            return FAMILIES["openai"].error_body(withheld(), "") if found else body
        if found is not None:
            report.stopped = found
            raise MalformedAnswer
        report.response_id, report.response_model = word(answer.get("id")), word(answer.get("model"))
        if type(answer.get("usage")) is dict:
            report.usage = usage_of(answer["usage"])
        elif type(answer.get("input_tokens")) is int:
            report.usage = Usage(input=number(answer["input_tokens"]))
        return body


def _without_vectors(answer: dict[str, Any], body: bytes) -> dict[str, Any]:
    """The answer without its vectors, where they hold nothing but numbers: millions of these need no look."""
    data = answer.get("data")
    if type(data) is not list:
        return answer
    bare = [
        item | {"embedding": None} if type(item) is dict and type(item.get("embedding")) is list else item
        for item in data
    ]
    pruned = answer | {"data": bare}
    # As many quotes without the vectors as with them: there is no string in them.
    return pruned if orjson.dumps(pruned).count(b'"') == body.count(b'"') else answer
