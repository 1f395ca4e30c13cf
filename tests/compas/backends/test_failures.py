"""The class of a failure, from what came over an error channel."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from compas.backends.failures import classify

MEANINGS = {
    "HTTP 403 Forbidden": "auth_failure",
    "status: 403": "auth_failure",
    "error 401": "auth_failure",
    "403 Forbidden": "auth_failure",
    "request failed with status code 403.": "auth_failure",
    "Unauthorized": "auth_failure",
    "Invalid API key provided": "auth_failure",
    "authentication_error: token expired": "auth_failure",
    "You exceeded your current quota": "quota_exhausted",
    "insufficient_quota": "quota_exhausted",
    "Your credit balance is too low": "quota_exhausted",
    "billing hard limit reached": "quota_exhausted",
    "No conversation found with session ID 7c1": "stale_session",
    "429": "transient",
    "giving up\n 429\n": "transient",
    "HTTP 429 Too Many Requests": "transient",
    "503 Service Unavailable": "transient",
    "status=502": "transient",
    "HTTP/1.1 503": "transient",
    "API Error: 529 overloaded_error": "transient",
    "connect ECONNREFUSED 127.0.0.1:443": "transient",
    "Connection reset by peer": "transient",
    "request timed out": "transient",
    "rate_limit_exceeded": "transient",
    "DNS lookup failed": "transient",
    "Error: incorrect API key provided: sk-***": "auth_failure",
    "Session expired. Please log in again.": "auth_failure",
    "Not logged in": "auth_failure",
    "Usage limit reached": "quota_exhausted",
    "rate limit reached for requests": "transient",
    "Rate limit exceeded, slow down": "transient",
    "you are being rate limited": "transient",
    "The model is at capacity": "transient",
    "Error: socket hang up": "transient",
    "getaddrinfo ENOTFOUND api.example.org": "transient",
    "getaddrinfo EAI_AGAIN api.example.org": "transient",
    "port 4030": "unknown",
    "the limit of usage: reached line 5": "unknown",
    "a capacity of 5": "unknown",
    "listening on port 503": "unknown",
    "listening on 0.0.0.0:500": "unknown",
    "port 5000": "unknown",
    'File "x.py", line 500, in main': "unknown",
    "took 4290 ms": "unknown",
    "compared 403 files": "unknown",
    "wrote 1.503 MB": "unknown",
    "accredited to the author": "unknown",
    "segmentation fault": "unknown",
    "": "unknown",
}


# proves: a-core 96
@pytest.mark.parametrize(("text", "category"), MEANINGS.items())
def test_a_failure_is_classified_by_what_it_means(text: str, category: str) -> None:
    assert classify(text, has_result=False) == category
    assert classify(text.upper(), has_result=False) == category


def test_what_comes_first_in_the_order_of_gravity_counts() -> None:
    assert classify("503 while checking the quota: unauthorized", has_result=False) == "auth_failure"
    assert classify("503 while checking the quota", has_result=False) == "quota_exhausted"


def test_an_agent_that_has_answered_is_not_tried_again_for_a_passing_failure() -> None:
    assert classify("503", has_result=True) == "agent_error"
    assert classify("segmentation fault", has_result=True) == "agent_error"
    assert classify("quota exceeded", has_result=True) == "quota_exhausted"


@given(st.text(), st.booleans())
def test_every_text_has_a_class(text: str, has_result: bool) -> None:
    assert classify(text, has_result=has_result) != ""


@given(st.integers(0, 10**6), st.sampled_from(["read {} bytes", "line {}", "port {}", "took {} ms", "x[{}]", "{}%"]))
def test_a_number_that_is_no_status_repeats_nothing(number: int, sentence: str) -> None:
    assert classify(sentence.format(number), has_result=False) == "unknown"
