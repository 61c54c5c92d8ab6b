"""Loopback batch endpoints of three vendors, in their own formats, for their real SDKs.

Each answers a prompt `row N` as `rows` says, once it was polled so many times.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from partwise_conformance import RecordedRequest, ReplayServer, Reply

Answer = Callable[[int], str | int]
"""The text of a row's answer, or an HTTP status."""


def answer(number: int) -> str | int:
    return json.dumps({"number": number, "total": 1.5})


@dataclass
class Leaving:
    """The client goes away at one of its requests.

    Attributes:
        countdown: requests until then, that one included.
        leave: makes it go.
        is_carried_out: whether that request is carried out nevertheless.
    """

    countdown: int
    leave: Callable[[], object]
    is_carried_out: bool


class BatchServer:
    """A vendor with a batch endpoint.

    Attributes:
        asked: how often each row was submitted.
        sizes: how many requests each batch had.
        polls: questions about a batch that are answered with "not yet".
        rows: how a row is answered; None for a row that has no result.
        troubles: statuses of the next answers to each method; None for one as usual.
        heard: whether such a request is carried out nevertheless.
        ending: the vendor's word for a batch that has ended.
        twice: whether each result comes twice.
        gone: whether the vendor has forgotten its batches.
        cuts: how many more answers with results are cut.
        leaving: when the client goes away; None for never.
    """

    model = ""
    ending = ""

    def __init__(self) -> None:
        self.asked: Counter[int] = Counter()
        self.sizes: list[int] = []
        self.polls = 1
        self.rows: Callable[[int], str | int | None] = answer
        self.troubles: dict[str, list[Any]] = {}
        self.heard = False
        self.twice = False
        self.gone = False
        self.cuts = 0
        self.leaving: Leaving | None = None
        self.created = 1_766_000_000
        self.batches: dict[str, Any] = {}
        self.server = ReplayServer(self._respond)

    @property
    def url(self) -> str:
        return self.server.url

    def _respond(self, request: RecordedRequest) -> Reply:
        leaving = self.leaving
        if leaving is None:
            return self._route(request)
        leaving.countdown -= 1
        if leaving.countdown != 0:
            return self._route(request)
        if leaving.is_carried_out:
            self._route(request)
        leaving.leave()
        return Reply.of_json({"error": {"message": "nobody reads it"}}, status=500)

    def _route(self, request: RecordedRequest) -> Reply:
        path = request.path.partition("?")[0]
        if self.gone and request.method == "GET":
            return Reply.of_json({"error": {"message": "no such batch"}}, status=404)
        for method, pattern, handler in self.routes():
            found = re.fullmatch(pattern, path)
            if found and method == request.method:
                troubles = self.troubles.get(method)
                trouble = troubles.pop(0) if troubles else None
                said = None if trouble and not self.heard else handler(request, *found.groups())
                if trouble:
                    return Reply.of_json({"error": {"message": "no"}}, status=trouble)
                return said if isinstance(said, Reply) else Reply.of_json(said)
        return Reply.of_json({"error": {"message": f"no route {path}"}}, status=404)

    def routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        raise NotImplementedError

    def _note(self, bodies: list[Any]) -> None:
        self.sizes.append(len(bodies))
        for body in bodies:
            self.asked[number_in(body)] += 1

    def _all_results(self, asked: list[Any]) -> list[Any]:
        """In another order than they were asked."""
        found = [self._result(each) for each in reversed(asked)] * (2 if self.twice else 1)
        return [each for each in found if each]

    def _result(self, asked: Any) -> Any:
        raise NotImplementedError

    def _lines(self, values: list[Any]) -> Reply:
        body = b"".join(json.dumps(value).encode() + b"\n" for value in values)
        self.cuts, is_cut = max(0, self.cuts - 1), self.cuts > 0
        body = body[: len(body) // 2] if is_cut else body
        return Reply(body=[body], headers={"content-type": "application/x-jsonl"})

    def _is_ready(self, batch: dict[str, Any]) -> bool:
        batch["polls"] += 1
        return bool(batch["polls"] > self.polls)


def number_in(body: Any) -> int:
    found = re.findall(r"row (\d+)", json.dumps(body))
    return int(found[-1])


class OpenAI(BatchServer):
    model = "openai/gpt-4.1-mini"
    ending = "completed"

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, list[Any]] = {}

    @property
    def url(self) -> str:
        return f"{self.server.url}/v1"

    def routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [
            ("POST", "/v1/files", self._upload),
            ("GET", r"/v1/files/(.+)/content", lambda _, name: self._lines(self.files[name])),
            ("POST", "/v1/batches", self._create),
            ("GET", "/v1/batches", self._list),
            ("GET", "/v1/batches/(.+)", lambda _, name: self._batch(name)),
        ]

    def _upload(self, request: RecordedRequest) -> Any:
        assert b'name="purpose"\r\n\r\nbatch' in request.body
        start = request.body.index(b'{"custom_id"')
        text = request.body[start : request.body.index(b"\r\n--", start)]
        name = f"file-{len(self.files)}"
        self.files[name] = [json.loads(line) for line in text.splitlines()]
        return {"id": name, "object": "file"}

    def _create(self, request: RecordedRequest) -> Any:
        body = request.json()
        asked = self.files[body["input_file_id"]]
        assert all(each["url"] == body["endpoint"] for each in asked)
        assert all("stream" not in each["body"] for each in asked)
        self._note([each["body"]["messages"] for each in asked])
        name = f"batch_{len(self.batches)}"
        self.batches[name] = {"asked": asked, "polls": 0, "metadata": body["metadata"]}
        return self._shown(name, "validating")

    def _list(self, _: RecordedRequest) -> Any:
        data = [self._shown(name, "in_progress") for name in self.batches]
        return {"object": "list", "data": data, "has_more": False}

    def _batch(self, name: str) -> Any:
        batch = self.batches[name]
        if not self._is_ready(batch):
            return self._shown(name, "in_progress")
        results = self._all_results(batch["asked"])
        good = [each for each in results if each["response"]["status_code"] == 200]
        bad = [each for each in results if each not in good]
        self.files[f"{name}-out"], self.files[f"{name}-err"] = good, bad
        extra = {"output_file_id": f"{name}-out", "error_file_id": f"{name}-err"}
        return {**self._shown(name, self.ending), **extra}

    def _shown(self, name: str, status: str) -> Any:
        return {
            "id": name,
            "object": "batch",
            "status": status,
            "created_at": self.created,
            "metadata": self.batches[name]["metadata"],
            "errors": {"data": [{"message": "no credit"}]} if status == "failed" else None,
        }

    def _result(self, asked: Any) -> Any:
        said = self.rows(number_in(asked["body"]["messages"]))
        if said is None:
            return None
        if isinstance(said, int):
            response = {"status_code": said, "body": {"error": {"message": "no"}}}
            return {"custom_id": asked["custom_id"], "response": response, "error": None}
        message: dict[str, Any] = {"role": "assistant", "content": said, "refusal": None}
        if "tools" in asked["body"]:
            name = asked["body"]["tools"][0]["function"]["name"]
            function = {"name": name, "arguments": said}
            call = {"id": "call_1", "type": "function", "function": function}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
        body = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }
        response = {"status_code": 200, "body": body}
        return {"custom_id": asked["custom_id"], "response": response, "error": None}


class Anthropic(BatchServer):
    model = "anthropic/claude-sonnet-4-5"
    ending = "ended"
    unanswered = "expired"

    def routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [
            ("POST", "/v1/messages/batches", self._create),
            ("GET", "/v1/messages/batches", self._list),
            ("GET", "/v1/messages/batches/([^/]+)", lambda _, name: self._batch(name)),
            ("GET", "/v1/messages/batches/(.+)/results", self._results),
        ]

    def _create(self, request: RecordedRequest) -> Any:
        asked = request.json()["requests"]
        assert all("stream" not in each["params"] for each in asked)
        self._note([each["params"]["messages"] for each in asked])
        name = f"msgbatch_{len(self.batches)}"
        self.batches[name] = {"asked": asked, "polls": 0}
        return self._shown(name, "in_progress")

    def _list(self, _: RecordedRequest) -> Any:
        data = [self._shown(name, "in_progress") for name in self.batches]
        return {"data": data, "has_more": False, "first_id": None, "last_id": None}

    def _batch(self, name: str) -> Any:
        is_ready = self._is_ready(self.batches[name])
        return self._shown(name, self.ending if is_ready else "canceling")

    def _shown(self, name: str, status: str) -> Any:
        from datetime import UTC, datetime

        moment = datetime.fromtimestamp(self.created, UTC).isoformat()
        counts = dict.fromkeys(("succeeded", "errored", "canceled", "expired"), 0)
        return {
            "id": name,
            "type": "message_batch",
            "processing_status": status,
            "created_at": moment,
            "expires_at": moment,
            "request_counts": {**counts, "processing": len(self.batches[name]["asked"])},
            "results_url": f"{self.server.url}/v1/messages/batches/{name}/results",
        }

    def _results(self, _: RecordedRequest, name: str) -> Reply:
        return self._lines(self._all_results(self.batches[name]["asked"]))

    def _result(self, asked: Any) -> Any:
        said = self.rows(number_in(asked["params"]["messages"]))
        if said is None:
            return {"custom_id": asked["custom_id"], "result": {"type": self.unanswered}}
        if isinstance(said, int):
            kind = {400: "invalid_request_error", 500: "api_error"}[said]
            error = {"type": "error", "error": {"type": kind, "message": "no"}}
            return {"custom_id": asked["custom_id"], "result": {"type": "errored", "error": error}}
        tools = asked["params"].get("tools")
        block: dict[str, Any] = {"type": "text", "text": said}
        if tools:
            block = {"type": "tool_use", "id": "t", "name": tools[0]["name"]}
            block["input"] = json.loads(said)
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude",
            "content": [block],
            "stop_reason": "tool_use" if tools else "end_turn",
            "usage": {"input_tokens": 10, "output_tokens": 5},
        }
        result = {"type": "succeeded", "message": message}
        return {"custom_id": asked["custom_id"], "result": result}


class Google(BatchServer):
    model = "google/gemini-2.5-flash"
    ending = "BATCH_STATE_SUCCEEDED"

    def routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [
            ("POST", "/v1(?:beta)?/models/[^/]+:batchGenerateContent", self._create),
            ("GET", "/v1(?:beta)?/batches", self._list),
            ("GET", "/v1(?:beta)?/(batches/.+)", lambda _, name: self._batch(name)),
        ]

    def _create(self, request: RecordedRequest) -> Any:
        batch = request.json()["batch"]
        asked = batch["inputConfig"]["requests"]["requests"]
        self._note([each["request"]["contents"] for each in asked])
        name = f"batches/{len(self.batches)}"
        self.batches[name] = {"asked": asked, "polls": 0, "display": batch.get("displayName")}
        return self._shown(name, "BATCH_STATE_PENDING")

    def _list(self, _: RecordedRequest) -> Any:
        return {"operations": [self._shown(name, "BATCH_STATE_RUNNING") for name in self.batches]}

    def _batch(self, name: str) -> Any:
        batch = self.batches[name]
        if not self._is_ready(batch):
            return self._shown(name, "BATCH_STATE_RUNNING")
        shown = self._shown(name, self.ending)
        inlined = {"inlinedResponses": self._all_results(batch["asked"])}
        shown["metadata"]["output"] = {"inlinedResponses": inlined}
        shown["response"] = {"inlinedResponses": inlined}
        return shown

    def _shown(self, name: str, state: str) -> Any:
        metadata = {
            "state": state,
            "displayName": self.batches[name]["display"],
            "model": "models/gemini-2.5-flash",
            "createTime": "2025-12-17T19:33:20Z",
        }
        return {"name": name, "metadata": metadata}

    def _result(self, asked: Any) -> Any:
        said = self.rows(number_in(asked["request"]["contents"]))
        if said is None:
            return None
        if isinstance(said, int):
            code = {400: 3, 500: 13}[said]
            return {"metadata": asked["metadata"], "error": {"code": code, "message": "no"}}
        content = {"role": "model", "parts": [{"text": said}]}
        response = {
            "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 5},
        }
        return {"metadata": asked["metadata"], "response": response}
