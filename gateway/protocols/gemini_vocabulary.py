"""Words that Google's API defines, in both writings that it reads: lowerCamelCase and snake_case."""

from __future__ import annotations

import re

_BIG = re.compile(r"(?<=[a-z0-9])[A-Z]")


def snake(key: str) -> str:
    """A field's name in the one writing that this gateway compares: Google reads `inlineData` and `inline_data` alike."""
    return _BIG.sub(lambda found: "_" + found[0].lower(), key)


def _both(names: str) -> frozenset[str]:
    """The names as they are written here (camelCase), and in snake_case."""
    words = names.split()
    return frozenset(words) | {snake(word) for word in words}


GEMINI_KEYS = _both(
    """
    allowedFunctionNames args aspectRatio audioTimestamp behavior cachedContent candidateCount category code codeExecution
    codeExecutionResult computerUse content contents description displayName dynamicRetrievalConfig dynamicThreshold
    embedContentConfig enableEnhancedCivicAnswers endOffset enum environment executableCode fileData fileSearch
    fileSearchStoreNames fileUri format fps frequencyPenalty functionCall functionCallingConfig functionDeclarations
    functionResponse generateContentRequest generationConfig googleMaps googleSearch googleSearchRetrieval id imageConfig
    imageSize includeThoughts inlineData items labels language languageCode latLng latitude logprobs longitude
    maxOutputTokens mediaResolution mimeType mode model multiSpeakerVoiceConfig name outcome output outputDimensionality
    parameters parametersJsonSchema part partMetadata parts prebuiltVoiceConfig presencePenalty propertyOrdering requests
    response responseJsonSchema responseLogprobs responseMimeType responseModalities responseSchema retrievalConfig role
    safetySettings scheduling seed serviceTier speaker speakerVoiceConfigs speechConfig startOffset stopSequences store
    systemInstruction taskType temperature text thinkingBudget thinkingConfig thinkingLevel thought thoughtSignature
    threshold title toolCall toolConfig toolResponse toolType tools topK topP urlContext videoMetadata voiceConfig voiceName willContinue
    """
)
"""Object keys of requests: not made into NAME parts."""

GEMINI_WORD_KEYS = _both(
    "category language mimeType mode outcome responseMimeType serviceTier taskType threshold toolType"
)
GEMINI_WORDS = frozenset(
    """
    ANY ARRAY AUDIO AUTO BLOCKING BLOCK_LOW_AND_ABOVE BLOCK_MEDIUM_AND_ABOVE BLOCK_NONE BLOCK_ONLY_HIGH BOOLEAN
    CLASSIFICATION CLUSTERING CODE_RETRIEVAL_QUERY FACT_VERIFICATION IMAGE INTEGER MODE_DYNAMIC MODE_UNSPECIFIED NONE
    NON_BLOCKING NULL NUMBER OBJECT OFF OUTCOME_DEADLINE_EXCEEDED OUTCOME_FAILED OUTCOME_OK PYTHON QUESTION_ANSWERING
    RETRIEVAL_DOCUMENT RETRIEVAL_QUERY SEMANTIC_SIMILARITY STRING TEXT VALIDATED HARM_CATEGORY_CIVIC_INTEGRITY
    HARM_CATEGORY_DANGEROUS_CONTENT HARM_CATEGORY_HARASSMENT HARM_CATEGORY_HATE_SPEECH HARM_CATEGORY_SEXUALLY_EXPLICIT
    application/json application/pdf audio/mp3 audio/mpeg audio/wav image/gif image/jpeg image/png image/webp text/plain
    text/x.enum video/mp4 model user function
    GOOGLE_SEARCH_WEB GOOGLE_SEARCH_IMAGE URL_CONTEXT GOOGLE_MAPS FILE_SEARCH
    """.split()  # noqa: SIM905  a page of words reads better than a column of quotes
)
"""Values that Google defines for `GEMINI_WORD_KEYS`, and for `type` and `role`."""
