# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Access tokens: JSON Web Tokens signed with a key that is generated at start."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from .clock import Clock
from .settings import Settings

#: Audiences that the Legacy API accepts: of applications and of people.
API_AUDIENCES = ("https://firstparty.sphere.azure.net/api", "https://sphere.azure.net/api")
#: Audiences that Resource Manager accepts.
RESOURCE_MANAGER_AUDIENCES = ("https://management.azure.com", "https://management.azure.com/")

#: Claim of a token whose request contained the claims of a challenge.
CHALLENGE_ANSWERED = {"xms_simulated_challenge": "answered"}


class InvalidToken(Exception):
    """The API does not accept the token; the message contains the reason."""


class WrongAudience(InvalidToken):
    """The token is valid, and for another service."""


class Tokens:
    """Issues and verifies RS256 tokens.

    `issuer` is the address of the authority, for example `https://127.0.0.1:8443`; `settings.token_lifetime` is the
    default lifetime in seconds.
    """

    def __init__(self, issuer: str, clock: Clock, settings: Settings) -> None:
        self.issuer = issuer
        self.issued = 0
        self._clock = clock
        self._settings = settings
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._key_id = uuid.uuid4().hex
        self._live: dict[str, float] = {}
        self._verified: dict[str, dict[str, Any]] = {}

    def issue(
        self,
        subject: str,
        *,
        audience: str,
        lifetime: float | None = None,
        name: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """Issue a token for the principal with the object ID `subject`.

        `lifetime` is in seconds; the default is the setting `token_lifetime`. `name` is the user name of a
        person and becomes `preferred_username`. `extra` claims can replace others.
        """
        now = self._clock.timestamp()
        expires = now + (self._settings.token_lifetime if lifetime is None else lifetime)
        identifier = uuid.uuid4().hex
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": subject,
            "oid": subject,
            "aud": audience,
            "iat": int(now),
            "nbf": int(now),
            "exp": int(expires),
            "uti": identifier,
        }
        if name is not None:
            claims["preferred_username"] = name
        claims.update(extra or {})
        self._live[identifier] = expires
        self.issued += 1
        return self.sign(claims)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return a token with exactly these claims. It is not counted and the API rejects it; for ID tokens."""
        return jwt.encode(dict(claims), self._key, algorithm="RS256", headers={"kid": self._key_id})

    def verify(self, token: str, audiences: Collection[str] = API_AUDIENCES) -> dict[str, Any]:
        """Return the claims of a valid token for one of the audiences. Raises InvalidToken."""
        claims = self._verified.get(token)
        if claims is None:
            claims = self._decode(token)
            self._verified[token] = claims
        if claims["exp"] <= self._clock.timestamp():
            raise InvalidToken("the token has expired")
        if claims.get("uti") not in self._live:
            raise InvalidToken("the token was revoked")
        if claims["aud"] not in audiences:
            raise WrongAudience("the token is for another audience")
        return claims

    def revoke_all(self) -> None:
        """Revoke all tokens issued so far."""
        self._live.clear()
        self._verified.clear()

    def key_set(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key Set, as `jwks_uri` serves it."""
        key: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**key, "kid": self._key_id, "use": "sig", "alg": "RS256"}]}

    def _decode(self, token: str) -> dict[str, Any]:
        # `verify` checks times and audience against the simulator's clock.
        unchecked = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        options: Any = {**unchecked, "require": ["exp", "aud", "oid"]}
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=["RS256"],
                issuer=self.issuer,
                options=options,
            )
        except jwt.InvalidTokenError as error:
            raise InvalidToken(f"the token is not from this service ({error})") from error
        return claims
