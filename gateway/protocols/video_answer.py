"""OpenAI videos: what is said of a job. It repeats the prompt, which is guarded and restored; all else is looked at."""

from __future__ import annotations

import orjson

from gateway.flow import Path
from gateway.protocols.answer import MalformedAnswer, rewritten, spliced, word
from gateway.protocols.answer_json import loads
from gateway.protocols.family import FAMILIES
from gateway.protocols.openai_errors import error_type, withheld
from gateway.protocols.whole_answer import WholeAnswer

_PROMPT = "prompt"
COMPLETED, IN_PROGRESS, FAILED = "completed", "in_progress", "failed"


class VideoAnswer(WholeAnswer):
    """These endpoints do not stream."""

    def whole(self, body: bytes) -> bytes:
        """The whole answer. Raises MalformedAnswer, also for one that says what it must not."""
        answer, report = loads(body), self.channels.report
        prompt = answer.get(_PROMPT)
        found = self._last_look.look([{key: value for key, value in answer.items() if key != _PROMPT}])
        if answer.get("error") is not None and type(answer.get("id")) is not str:
            report.upstream_error = "error" if found else error_type(answer["error"])
            return FAMILIES["openai"].error_body(withheld(), "") if found else body
        report.response_id, report.response_model = word(answer.get("id")), word(answer.get("model"))
        report.finish = word(answer.get("status"))
        new = prompt
        if type(prompt) is str:
            channel = self.channels.once(_PROMPT, "text", prompt)
            new, found = "".join(channel.delivered), found or channel.stopped
        if found is not None:
            report.stopped = found
            raise MalformedAnswer
        return rewritten(body, {(_PROMPT,): str(new)}, []) if new != prompt else body


def still_in_progress(body: bytes) -> bytes:
    """A completed job whose film is not marked yet. `status` changes, and `completed_at` is null; nothing else."""
    return spliced(body, {("status",): IN_PROGRESS, **_not_completed(body)})


def that_failed(body: bytes, code: str, message: str) -> bytes:
    """A completed job whose film cannot be marked. `status` and `error` change, and `completed_at` is null; nothing else."""
    error = {"code": code, "message": message}
    if "error" in loads(body):
        return spliced(body, {("status",): FAILED, ("error",): error, **_not_completed(body)})
    both = b'"%b","error":%b' % (FAILED.encode(), orjson.dumps(error))
    return spliced(body, {("status",): orjson.Fragment(both), **_not_completed(body)})


def _not_completed(body: bytes) -> dict[Path, None]:
    return {("completed_at",): None} if loads(body).get("completed_at") is not None else {}
