"""What the stories share: a generated client for each account."""

import os
from typing import Any, TypeVar

import pytest
from stockroom_client import AuthenticatedClient, Client
from stockroom_client.api.auth import login
from stockroom_client.models import LoginRequest, Problem, SessionResponse
from stockroom_client.types import Response

BASE_URL = f"{os.environ['BASE_URL']}/api/v1"
T = TypeVar("T")


def answered(response: Response[Any], kind: type[T]) -> T:
    """The body of an answer that must be a success, as its generated class."""
    assert isinstance(response.parsed, kind), response.content
    return response.parsed


def refused(response: Response[Any]) -> Problem:
    """The problem of an answer that must be a refusal."""
    return answered(response, Problem)


def sign_in(email: str) -> AuthenticatedClient:
    body = LoginRequest(email=email, password="stockroom-demo")
    session = answered(login.sync_detailed(client=Client(base_url=BASE_URL), body=body), SessionResponse)
    return AuthenticatedClient(base_url=BASE_URL, token=session.access_token)


@pytest.fixture(scope="session")
def customer() -> AuthenticatedClient:
    return sign_in("customer@example.com")


@pytest.fixture(scope="session")
def admin() -> AuthenticatedClient:
    return sign_in("admin@example.com")
