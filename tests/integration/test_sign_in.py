# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Every way of signing in through ansible-playbook, how few tokens it takes, and that nobody finds a secret."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.simulator.harness import Simulator
from tests.support.fake_az import install
from tests.support.people import Certified

from .play import Played, play_book, play_tasks

ADA = "ada@contoso.example"
ISSUER, SUBJECT = "https://cluster.example", "system:serviceaccount:fleet:runner"
SCOPE = "https://firstparty.sphere.azure.net/api/.default"
#: Taken out of the environment, so that each task has only what it is given.
NOBODY = dict.fromkeys(("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"))
PASSWORD, WRONG_PASSWORD, WRONG_SECRET = (
    "canary-of-a-password",
    "canary-of-a-wrong-password",
    "canary-of-a-wrong-secret",
)


def issue(simulator: Simulator) -> str:
    """A token that somebody else fetched."""
    ready = simulator.ready
    form = {
        "grant_type": "client_credentials",
        "client_id": ready["client_id"],
        "client_secret": ready["client_secret"],
        "scope": SCOPE,
    }
    address = f"{simulator.url}/{ready['directory_id']}/oauth2/v2.0/token"
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(address, data=form, verify=simulator.ca, timeout=30)
    return str(answer.json()["access_token"])


def register(simulator: Simulator, certified: Certified) -> str:
    """Makes the application trust a certificate and a cluster; returns a token of that cluster."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public_key = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    state = json.loads(simulator.state())
    [application] = [known for known in state["applications"] if known["client_id"] == simulator.ready["client_id"]]
    application["federated"] = [{"issuer": ISSUER, "subject": SUBJECT, "public_key": public_key}]
    application["certificates"].append(certified.certificate_pem.decode())
    simulator.load(state)
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "iat": 1, "exp": 9999999999}
    return jwt.encode(claims, key, algorithm="RS256")


#: With the name of the variable that holds the secret.
LOOKUP = (
    "{{{{ query('azsphere.fleet.tenants', tenant='', client_id='{client_id}', directory_id='{directory_id}', "
    "client_secret=lookup('env', '{}')) }}}}"
)


@dataclass
class Signed:
    """A play that signed in in every way, and everything that it must not show."""

    played: Played
    folder: Path
    issued: int
    canaries: set[str] = field(default_factory=set)


@pytest.fixture(scope="module", params=["in-process", "launched"])
def signed(
    shared_simulator: Simulator, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Signed:
    """One play, at the highest verbosity, with a log."""
    simulator, folder = shared_simulator, tmp_path_factory.mktemp("sign-in")
    simulator.reset()
    ready = simulator.ready
    inputs = tmp_path_factory.mktemp("inputs")
    certified = Certified.make()
    federated, given, from_az = register(simulator, certified), issue(simulator), issue(simulator)
    (inputs / "federated").write_text(federated)
    pasted, pasted_token = Certified.make(), jwt.encode({"sub": "pasted"}, "k" * 32)
    pfx, pem = inputs / "pipeline.pfx", inputs / "pipeline.pem"
    pfx.write_bytes(certified.pfx(PASSWORD))
    pem.write_bytes(certified.key_pem(PASSWORD) + certified.certificate_pem)
    with pytest.MonkeyPatch.context() as patch:
        install(patch, inputs).answers(json.dumps({"accessToken": from_az}))
        before = simulator.counts()["tokens_issued"]
        ids = {"client_id": ready["client_id"], "directory_id": ready["directory_id"]}
        ways: dict[str, dict[str, Any]] = {
            "access_token": {"access_token": "{{ lookup('env', 'GIVEN_TOKEN') }}"},
            "client_secret": {**ids, "client_secret": "{{ lookup('env', 'GIVEN_SECRET') }}"},
            "client_certificate": {**ids, "client_certificate": ready["client_certificate"]},
            "workload_identity": {**ids, "federated_token_file": str(inputs / "federated")},
            "pfx": {
                **ids,
                "client_certificate": str(pfx),
                "client_certificate_password": "{{ lookup('env', 'PASSWORD') }}",
            },
            "managed_identity": {"auth_source": "managed_identity"},
            "azure_cli": {"auth_source": "azure_cli"},
            "user": {"auth_source": "user"},
        }
        played = play_tasks(
            simulator,
            folder,
            {
                "start": {"azsphere.fleet.login": {"state": "started"}},
                "the person enters the code": {
                    "ansible.builtin.uri": {
                        "url": f"{simulator.url}/_simulator/signin/approve",
                        "method": "POST",
                        "body_format": "json",
                        "body": {"user_code": "{{ result_0.user_code }}", "username": ADA},
                        "ca_path": simulator.ca,
                    }
                },
                "finish": {"azsphere.fleet.login": {"state": "present", "wait_timeout": 30}},
                **{name: {"azsphere.fleet.account_info": way} for name, way in ways.items()},
                "wrong": {"azsphere.fleet.account_info": {**ids, "client_secret": "{{ lookup('env', 'WRONG') }}"}},
                "wrong password": {
                    "azsphere.fleet.account_info": {
                        **ids,
                        "client_certificate": str(pem),
                        "client_certificate_password": "{{ lookup('env', 'WRONG_PASSWORD') }}",
                    }
                },
                "lookup": {"ansible.builtin.set_fact": {"found": LOOKUP.format("GIVEN_SECRET", **ids)}},
                "wrong lookup": {"ansible.builtin.set_fact": {"found": LOOKUP.format("WRONG", **ids)}},
                "pasted key": {
                    "azsphere.fleet.account_info": {**ids, "client_certificate": "{{ lookup('env', 'PASTED_KEY') }}"}
                },
                "pasted token": {
                    "azsphere.fleet.account_info": {**ids, "federated_token_file": "{{ lookup('env', 'PASTED') }}"}
                },
                "start again": {"azsphere.fleet.login": {"state": "started"}},
                "show": {"ansible.builtin.debug": {"msg": "{{ [result_0, result_4, result_5, result_12] }}"}},
            },
            variables={
                **NOBODY,
                "AZSPHERE_IN_PROCESS": "true" if request.param == "in-process" else "false",
                "ANSIBLE_VERBOSITY": "4",
                "ANSIBLE_LOG_PATH": str(folder / "ansible.log"),
                "AZURE_CONFIG_DIR": str(inputs / "az"),
                "IDENTITY_ENDPOINT": f"{ready['managed_identity_url']}/msi/token",
                "IDENTITY_HEADER": str(ready["identity_header"]),
                "GIVEN_TOKEN": given,
                "GIVEN_SECRET": str(ready["client_secret"]),
                "PASSWORD": PASSWORD,
                "WRONG": WRONG_SECRET,
                "WRONG_PASSWORD": WRONG_PASSWORD,
                "PASTED_KEY": pasted.key_pem().decode(),
                "PASTED": pasted_token,
            },
        )
    issued = simulator.counts()["tokens_issued"] - before
    canaries = {federated, given, from_az, str(ready["client_secret"]), str(ready["identity_header"])}
    canaries |= {PASSWORD, WRONG_PASSWORD, WRONG_SECRET, certified.key_pem().decode().splitlines()[5]}
    canaries |= {pasted_token, *pasted.key_pem().decode().splitlines()[1:-1]}
    canaries |= set(Path(str(ready["client_certificate"])).read_text().splitlines()[-8:-4])
    for file in (folder / "tokens").glob("*.token"):
        canaries.add(json.loads(file.read_text())["access_token"])
    for file in (folder / "tokens").glob("*.account"):
        kept = json.loads(file.read_text())
        canaries |= {entry["secret"] for kind in ("RefreshToken", "IdToken") for entry in kept[kind].values()}
    [waiting] = (folder / "tokens").glob("*.device-code")
    canaries.add(json.loads(waiting.read_text())["device_code"])
    return Signed(played, folder, issued, canaries)


WAYS = ("access_token", "client_secret", "client_certificate", "workload_identity", "managed_identity", "azure_cli")


@pytest.mark.parametrize("way", [*WAYS, "user", "pfx"])
def test_every_sign_in_method_reaches_the_service(signed: Signed, way: str) -> None:
    result, source = signed.played.results[way], "client_certificate" if way == "pfx" else way
    assert not result.get("failed"), result.get("msg")
    assert result["account"]["source"] == source
    assert result["api"]["token_source"] == source
    assert result["account"]["address"]


def test_device_code_sign_in_completes_in_two_tasks(signed: Signed) -> None:
    results = signed.played.results
    assert results["start"]["user_code"] in results["start"]["message"]
    assert results["finish"]["account"]["username"] == results["user"]["account"]["address"] == ADA


def test_each_identity_fetched_its_own_token(signed: Signed) -> None:
    # Secret, two certificates, federated token, managed identity and person; the others were given theirs, and the
    # lookup found that of the secret.
    assert signed.issued == 6


def test_wrong_secret_is_reported_in_one_sentence(signed: Signed) -> None:
    result = signed.played.results["wrong"]
    assert result["failed"]
    assert result["error"]["code"] == "AADSTS7000215"
    assert signed.played.results["wrong password"]["error"]["code"] == "certificate"
    assert not signed.played.results["lookup"].get("failed")
    assert "AADSTS7000215" in signed.played.results["wrong lookup"]["msg"]
    assert "Traceback" not in signed.played.output


def test_file_content_is_rejected_as_a_path(signed: Signed) -> None:
    for name, option in (("pasted key", "client_certificate"), ("pasted token", "federated_token_file")):
        reported = f"Invalid {option}: it must be the path of a file, not its content. "
        assert signed.played.results[name]["msg"].startswith(reported)
        assert signed.played.results[name]["api"]["requests"] == 0


def test_secrets_are_in_the_cache_only(signed: Signed) -> None:
    assert len(signed.canaries) > 20
    found = {canary for canary in signed.canaries if canary in signed.played.output}
    for path in signed.folder.rglob("*"):
        assert not any(canary in str(path) for canary in signed.canaries)
        if path.is_file() and path.parent.name != "tokens":
            content = path.read_bytes()
            found |= {canary for canary in signed.canaries if canary.encode() in content}
    assert found == set()


def test_playbook_of_fifty_tasks_fetches_one_token(simulator: Simulator, tmp_path: Path, interpreter: Path) -> None:
    before = simulator.counts()["tokens_issued"]
    tasks = {f"task {number}": {"azsphere.fleet.tenant_info": {}} for number in range(50)}
    played = play_tasks(simulator, tmp_path, tasks, interpreter=interpreter)
    assert not any(result.get("failed") for result in played.results.values())
    assert simulator.counts()["tokens_issued"] == before + 1


def test_twenty_tasks_on_ten_forks_fetch_one_token(simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.counts()["tokens_issued"]
    (tmp_path / "hosts").write_text("".join(f"host{number} ansible_connection=local\n" for number in range(10)))
    play = {
        "name": "Twenty tasks",
        "hosts": "all",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": [{"name": f"Task {number}", "azsphere.fleet.tenant_info": {}} for number in range(2)],
    }
    (tmp_path / "playbook.yml").write_text(json.dumps([play]))
    played = play_book(simulator, tmp_path, "playbook.yml", ["-i", "hosts", "--forks", "10"])
    assert played.code == 0, played.output
    assert played.output.count("ok: [host") == 20
    assert simulator.counts()["tokens_issued"] == before + 1


def test_revoked_token_is_renewed_once_without_failed_tasks(simulator: Simulator, tmp_path: Path) -> None:
    play_tasks(simulator, tmp_path, {"before": {"azsphere.fleet.tenant_info": {}}})
    before = simulator.counts()["tokens_issued"]
    simulator.revoke_tokens()
    played = play_tasks(simulator, tmp_path, {name: {"azsphere.fleet.tenant_info": {}} for name in ("one", "two")})
    assert not any(result.get("failed") for result in played.results.values())
    assert simulator.counts()["tokens_issued"] == before + 1
