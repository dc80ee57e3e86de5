"""Logs: one JSON object a line on standard error. Never content; of foreign exceptions only their kind."""

from __future__ import annotations

import logging
import sys

import structlog

from gateway.telemetry import last_words


class NoTracebacks(logging.Filter):
    """Libraries log exceptions whose messages may quote what a caller sent: keep the kind, drop the words."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0] is not None:
            record.msg = f"{record.exc_info[0].__name__} in {record.name}"
            record.args = ()
            record.exc_info = None
            record.exc_text = None
        elif str(record.msg).startswith("Traceback"):
            record.msg = f"exception in {record.name}"
            record.args = ()
        return True


def configure(process: str, level: str = "info") -> None:
    """Sets up this process's logs."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _in_process(process),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(NoTracebacks())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _in_process(process),
            ],
        )
    )
    last_words.install()
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # each bad request would be a line: a flood for free
    logging.captureWarnings(True)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _in_process(process: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["process"] = process
        return event

    return add
