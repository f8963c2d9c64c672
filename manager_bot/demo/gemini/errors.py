"""Google's error shape, one constructor for each refusal the real Gemini surface makes.

The wording is the real API's: our gateway and OpenClaw both read these texts, so a paraphrase would
prove nothing about how they behave in production.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]

SERVICE: Final = "generativelanguage.googleapis.com"
STATUS_NAMES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class GoogleError(Exception):
    """A refusal, ready to be written on the wire."""

    def __init__(self, code: int, message: str, details: tuple[JsonObject, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    @property
    def status(self) -> str:
        """Google's name of the code (`INVALID_ARGUMENT` …)."""
        return STATUS_NAMES.get(self.code, "UNKNOWN")

    def body(self) -> JsonObject:
        """The JSON object of the answer."""
        error: JsonObject = {"code": self.code, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken field of a request, by its path in snake case as Google prints it."""

    path: str
    text: str


def error_info(reason: str, **metadata: Json) -> JsonObject:
    """The `ErrorInfo` detail that carries a machine-readable reason."""
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {**metadata, "service": SERVICE},
    }


def localized(message: str) -> JsonObject:
    """The `LocalizedMessage` detail that repeats the sentence."""
    return {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": message}


def bad_request(message: str) -> GoogleError:
    """A semantic 400: the JSON was understood, its content refused."""
    return GoogleError(400, message)


def bad_fields(violations: list[Violation]) -> GoogleError:
    """A structural 400: every broken field at once, as the proto parser reports them."""
    listed: list[Json] = [
        {"field": one.path, "description": one.text} if one.path else {"description": one.text} for one in violations
    ]
    detail: JsonObject = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": listed}
    return GoogleError(400, "\n".join(one.text for one in violations), (detail,))


def key_invalid(message: str = "API key not valid. Please pass a valid API key.") -> GoogleError:
    """A key that Google does not know: 400, not 401, as the real one does."""
    return GoogleError(400, message, (error_info("API_KEY_INVALID"), localized(message)))


def key_expired() -> GoogleError:
    """A key that was deleted or has run out."""
    return key_invalid("API key expired. Please renew the API key.")


def key_missing() -> GoogleError:
    """No credentials at all."""
    return GoogleError(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
        "other form of API consumer identity to call this API.",
    )


def bearer_refused(method: str) -> GoogleError:
    """An `Authorization` header where a key is expected."""
    return GoogleError(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        (error_info("ACCESS_TOKEN_TYPE_UNSUPPORTED", method=method),),
    )


def model_unknown(model: str, verb: str) -> GoogleError:
    """A model that does not exist or does not do this."""
    return GoogleError(
        404,
        f"models/{model} is not found for API version v1beta, or is not supported for {verb}. "
        "Call ModelService.ListModels to see the list of available models and their supported methods.",
    )


def quota_exceeded(model: str, seconds: int) -> GoogleError:
    """The 429 of a used-up quota, with Google's retry hint."""
    message = (
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        f"error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. \nPlease retry in {seconds}s."
    )
    violation: JsonObject = {
        "quotaMetric": f"{SERVICE}/generate_content_paid_tier_input_token_count",
        "quotaId": "GenerateContentPaidTierInputTokensPerModelPerMinute",
        "quotaDimensions": {"location": "global", "model": model},
        "quotaValue": "1000000",
    }
    return GoogleError(
        429,
        message,
        (
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"},
        ),
    )


def internal() -> GoogleError:
    """Google's own 500."""
    return GoogleError(
        500,
        "An internal error has occurred. Please retry or report in "
        "https://developers.generativeai.google/guide/troubleshooting",
    )


def overloaded() -> GoogleError:
    """Google's own 503."""
    return GoogleError(503, "The model is overloaded. Please try again later.")


def of_status(status: int, model: str, seconds: int = 30) -> GoogleError:
    """The error the real API would give with this status, for a fault on request."""
    made = {
        400: key_invalid,
        403: key_missing,
        429: lambda: quota_exceeded(model, seconds),
        500: internal,
        503: overloaded,
    }.get(status)
    return made() if made is not None else GoogleError(status, f"Emulated failure {status}.")
