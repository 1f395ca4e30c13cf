"""Sends requests to the model server as a client does."""

import http.client
import json
from collections.abc import Mapping

from tests.model_server.model_http import ModelServer


def send(server: ModelServer, path: str, body: object, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
    """Send a request without the headers that are empty, and return status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        sent = {name: value for name, value in headers.items() if value} | {"content-type": "application/json"}
        connection.request("POST", path, json.dumps(body), sent)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()
