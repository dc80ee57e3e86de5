"""Words that the protocols themselves define: they carry no caller's content and need no inspection."""

from __future__ import annotations

import re
from collections.abc import Container

from gateway.protocols.gemini_vocabulary import GEMINI_KEYS, GEMINI_WORD_KEYS, GEMINI_WORDS

KNOWN_KEYS = GEMINI_KEYS | frozenset(
    """
    allowed_callers arguments audio budget_tokens cache_control citations code container content context context_management
    custom data description detail developer_message disable_parallel_tool_use display_height_px display_number
    display_width_px document document_index edits effort enabled encrypted_content encrypted_index end_block_index
    end_char_index end_page_number file file_data file_id filename format frequency_penalty function function_call
    functions id image_url include_usage include_obfuscation index input input_audio input_schema is_error json_schema
    logit_bias logprobs max_completion_tokens max_content_length max_tokens max_uses mcp_servers media_type messages
    metadata modalities model moderation n name output output_config output_format parallel_tool_calls parameters
    prediction presence_penalty prompt_cache_key prompt_cache_retention reasoning reasoning_content reasoning_effort
    refusal response_format role safety_identifier schema seed service_tier signature source start_block_index
    start_char_index start_page_number stop stop_sequences store stream stream_options strict system temperature text
    action annotations background call_id client_metadata conversation include instructions max_output_tokens
    max_tool_calls phase previous_response_id prompt prompt_cache_options status summary truncation
    thinking title tool_call_id tool_calls tool_choice tool_config tool_use_id tools top_k top_logprobs top_p ttl type
    url user user_id user_location verbosity web_search_options voice
    $defs $id $ref $schema additionalProperties allOf anyOf const default definitions enum examples exclusiveMaximum
    exclusiveMinimum items maxItems maxLength maximum minItems minLength minimum multipleOf not nullable oneOf pattern
    patternProperties properties propertyNames required uniqueItems
    """.split()  # noqa: SIM905  a page of words reads better than a column of quotes
)
"""Object keys of requests and of JSON Schema: not made into NAME parts."""

WORD_KEYS = frozenset(
    {"type", "role", "detail", "format", "media_type", "service_tier", "ttl", "effort", "tool_choice", "verbosity"}
    | {"reasoning_effort", "status", "phase"}
    | GEMINI_WORD_KEYS
)
WORDS = GEMINI_WORDS | frozenset(
    """
    adaptive allowed_tools any application/pdf array assistant audio auto base64 boolean code_execution_tool_result
    container_upload content custom default developer disabled document enabled ephemeral file file_url flex function
    function_call grammar high image image/gif image/jpeg image/png image/webp image_url input_audio input_text integer
    json_object json_schema lark low max medium minimal mp3 none null number object output_text priority
    redacted_thinking refusal regex required search_result server_tool_use standard standard_only string summarized
    system text text/plain thinking tool tool_reference tool_result tool_use url user wav web_fetch_tool_result
    web_search_result web_search_result_location web_search_tool_result xhigh char_location page_location
    apply_patch_call apply_patch_call_output commentary completed computer_call computer_call_output
    computer_screenshot concise custom_tool_call custom_tool_call_output detailed exec final_answer function_call_output in_progress
    incomplete input_file input_image item_reference local_shell local_shell_call local_shell_call_output message
    reasoning reasoning_text shell_call shell_call_output summary_text
    content_block_location 1h 5m uuid date date-time email uri
    """.split()  # noqa: SIM905  a page of words reads better than a column of quotes
)
"""Values that the protocols define for `WORD_KEYS` and for top-level options."""

MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}")
_PLAIN_MODEL = re.compile(
    r"(?!.*(?:[0-9]{9}|@.*\.|[A-Za-z0-9]{20}|[0-9]{4}-[0-9]{4}-[0-9]{4}))(?![0-9]+-)(?!.*[^a-z](?:sk|gh[opusr])[-_])[^+]*"
)

ISSUED_KEYS = frozenset({"id", "call_id", "tool_call_id", "tool_use_id"})
_ISSUED = re.compile(
    r"(?:call|toolu|srvtoolu|mcptoolu|fc|msg|chatcmpl|resp|rs|ctc|lsh|sh|apc|cu|ws|fs|ci|ig|mcp)_"
    # what vendors' keys without separators look like is no identifier of a call
    r"(?!.*(?:A[KS]IA|ABIA|ACCA|AIza|LTAI|AKID|AKLT|HPUA|ABSK|EAA|AT[AC]TT|ATBB|AKCp|GR13|eyJ|EZ[AT]K|dapi|oy2|cio))"
    r"(?!SK[0-9a-f]|AC[0-9a-f])(?!.*[0-9]{6})(?!.*[A-Za-z][a-z]{5})(?=(?:[A-Za-z]*[0-9]){2})[A-Za-z0-9]{12,64}"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")

REFERENCE_KEYS = frozenset(
    {"file_id", "file_ids", "vector_store_id", "vector_store_ids", "container_id", "previous_response_id", "skill_id"}
)
"""Keys whose strings name content that only the provider has, wherever they stand but in a tool's own data."""

REFERENCE_FIELDS = (
    "previous_response_id", "conversation", "conversation_id", "container", "data_sources", "file_ids", "attachments",
    "vector_store_ids", "thread_id", "assistant_id", "cached_content",
)  # fmt: skip
"""Top-level fields that name content outside of the body."""

BLOCKS = frozenset(
    """
    text input_text output_text reasoning_text summary_text computer_screenshot refusal thinking redacted_thinking tool_use tool_result tool_reference search_result
    function custom compaction document image image_url input_image input_audio audio video video_url input_video file
    input_file container_upload
    fallback tool_addition tool_removal mcp_tool_listing browser_state code_execution_output bash_code_execution_output
    """.split()  # noqa: SIM905
)
"""Types of content blocks whose every content this gateway knows how to find; others are graded as unread."""


def is_word_of(value: object, words: Container[str | None]) -> bool:
    """Whether what stands in a body is one of these words. Anything may stand there, also what cannot be looked up in a set."""
    return (value is None or type(value) is str) and value in words


def is_plain_model(name: str) -> bool:
    """Whether a model's name cannot also be somebody's address or number."""
    return (name[:1].isalpha() and len(name) < 9 and "@" not in name) or _PLAIN_MODEL.fullmatch(name) is not None


def is_issued_id(text: str) -> bool:
    """An identifier in the very form that providers issue: nothing in it can be a number, a word or a key."""
    return _ISSUED.fullmatch(text) is not None


def is_known_block(kind: str) -> bool:
    return kind in BLOCKS or kind.endswith(("tool_use", "_result", "_result_error"))


def is_base64(text: str) -> bool:
    """Whether a text can only be encoded bytes."""
    return len(text) >= 16 and _BASE64.fullmatch(text) is not None
