"""How Daily is asked. https://docs.daily.co/docs/rest-api/authentication"""

from __future__ import annotations

from pydantic import BaseModel, SecretStr

from app.providers.http import Answer, Http

NOT_FOUND = frozenset({404})


class Api:
    """The API of one Daily domain."""

    def __init__(self, http: Http, key: SecretStr) -> None:
        self.http = http
        self._key = key

    def ask(
        self, method: str, path: str, wanted: BaseModel | None = None, *, expected: frozenset[int] = frozenset()
    ) -> Answer:
        """One request with ``wanted`` as its JSON body. Raises as ``Http.request`` does."""
        return self.http.request(
            method,
            path,
            authorization=f"Bearer {self._key.get_secret_value()}",
            headers={"Content-Type": "application/json"} if wanted else None,
            content=wanted.model_dump_json(exclude_none=True, by_alias=True).encode() if wanted else None,
            expected=expected,
        )
