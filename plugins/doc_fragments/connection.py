# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""How to reach the service and sign in to it: the same for modules and plugins."""

from __future__ import annotations


class ModuleDocFragment:
    # For modules.
    DOCUMENTATION = r"""
options:
  tenant:
    description:
      - The Azure Sphere tenant to work on, by GUID or name.
      - It is never guessed. Without one, the error lists those that the account may use.
      - Taken from the environment variable E(AZSPHERE_TENANT) when it is not set.
    type: str
  api_url:
    description:
      - Address of the Azure Sphere Public API.
      - The access token is sent to this host and to no other.
      - Taken from the environment variable E(AZSPHERE_API_URL) when it is not set.
    type: str
    default: https://prod.core.sphere.azure.net
  ca_path:
    description:
      - File or folder of certificate authorities to trust, in place of the usual ones.
      - Taken from the environment variable E(REQUESTS_CA_BUNDLE) when it is not set.
    type: path
  validate_certs:
    description:
      - Whether to check the certificates of servers. Leave it on.
      - Taken from the environment variable E(AZSPHERE_VALIDATE_CERTS) when it is not set.
    type: bool
    default: true
  request_timeout:
    description:
      - How many seconds one request may take, from connecting to the last byte of the reply, however slowly it comes.
      - Uploads and downloads get a further second for each 16 KiB.
      - Taken from the environment variable E(AZSPHERE_REQUEST_TIMEOUT) when it is not set.
    type: float
    default: 30
  retry_timeout:
    description:
      - How many seconds all retries of one request may take together.
      - Signing in is retried for as long, and so is the wait for a token cache that another process has locked.
      - Taken from the environment variable E(AZSPHERE_RETRY_TIMEOUT) when it is not set.
    type: float
    default: 120
  auth_source:
    description:
      - Where the access token comes from.
      - V(auto) takes the first that is configured, in the order of the choices. Which it was is in
        RV(ignore:api.token_source).
      - V(access_token) uses O(access_token) as it is. V(client_secret) and V(client_certificate) sign in as the
        application O(client_id) of O(directory_id). V(workload_identity) does so with the token in
        O(federated_token_file). V(managed_identity) uses the identity of the Azure resource that the task runs on.
        V(azure_cli) asks the Azure CLI. V(user) uses an account that was signed in with M(azsphere.fleet.login).
      - Credentials that are only half configured are an error.
      - Taken from the environment variable E(AZSPHERE_AUTH_SOURCE) when it is not set.
    type: str
    default: auto
    choices: [auto, access_token, client_secret, client_certificate, workload_identity, managed_identity, azure_cli,
    user]
  access_token:
    description:
      - An access token that was made elsewhere.
      - Taken from the environment variable E(AZSPHERE_ACCESS_TOKEN) when it is not set.
    type: str
  client_id:
    description:
      - The application to sign in as, or a user-assigned managed identity.
      - For O(auth_source=user), an own client application in place of that of Azure Sphere.
      - Taken from the environment variable E(AZURE_CLIENT_ID) when it is not set.
    type: str
  client_secret:
    description:
      - Secret of the application.
      - Taken from the environment variable E(AZURE_CLIENT_SECRET) or E(AZURE_SECRET) when it is not set.
    type: str
  client_certificate:
    description:
      - File with certificate and private key of the application, PEM or PFX, as it is or in base64.
      - Taken from the environment variable E(AZURE_CLIENT_CERTIFICATE_PATH) when it is not set.
    type: path
  client_certificate_password:
    description:
      - Password of O(client_certificate).
      - Taken from the environment variable E(AZURE_CLIENT_CERTIFICATE_PASSWORD) when it is not set.
    type: str
  federated_token_file:
    description:
      - File with the token of a workload identity.
      - Taken from the environment variable E(AZURE_FEDERATED_TOKEN_FILE) when it is not set.
    type: path
  directory_id:
    description:
      - The Microsoft Entra directory to sign in to, by GUID or domain. It is not the Azure Sphere tenant.
      - For people it is Azure Sphere's own directory by default.
      - Taken from the environment variable E(AZURE_TENANT_ID) or E(AZURE_TENANT) when it is not set.
    type: str
  authority_host:
    description:
      - Address of the sign-in service.
      - Taken from the environment variable E(AZURE_AUTHORITY_HOST) when it is not set.
    type: str
    default: https://login.microsoftonline.com
  token_cache:
    description:
      - Folder in which tokens are kept between tasks, readable by its owner only.
      - By default C(azsphere.fleet) in C($XDG_CACHE_HOME) or C(~/.cache).
      - V(none) keeps no token.
      - Taken from the environment variable E(AZSPHERE_TOKEN_CACHE) when it is not set.
    type: path
requirements:
  - requests
  - msal (not for O(auth_source=access_token))
  - PyYAML
"""

    # For lookups.
    PLUGIN = r"""
options:
  tenant:
    description:
      - The Azure Sphere tenant to work on, by GUID or name.
      - It is never guessed. Without one, the error lists those that the account may use.
    type: str
    env:
      - name: AZSPHERE_TENANT
    ini:
      - section: azsphere_fleet
        key: tenant
    vars:
      - name: azsphere_fleet_tenant
  api_url:
    description:
      - Address of the Azure Sphere Public API.
      - The access token is sent to this host and to no other.
    type: str
    default: https://prod.core.sphere.azure.net
    env:
      - name: AZSPHERE_API_URL
    ini:
      - section: azsphere_fleet
        key: api_url
    vars:
      - name: azsphere_fleet_api_url
  ca_path:
    description:
      - File or folder of certificate authorities to trust, in place of the usual ones.
    type: path
    env:
      - name: REQUESTS_CA_BUNDLE
    ini:
      - section: azsphere_fleet
        key: ca_path
    vars:
      - name: azsphere_fleet_ca_path
  validate_certs:
    description:
      - Whether to check the certificates of servers, a boolean. Leave it on.
    type: raw
    default: true
    env:
      - name: AZSPHERE_VALIDATE_CERTS
    ini:
      - section: azsphere_fleet
        key: validate_certs
    vars:
      - name: azsphere_fleet_validate_certs
  request_timeout:
    description:
      - How many seconds one request may take, from connecting to the last byte of the reply, however slowly it comes.
      - Uploads and downloads get a further second for each 16 KiB.
    type: float
    default: 30
    env:
      - name: AZSPHERE_REQUEST_TIMEOUT
    ini:
      - section: azsphere_fleet
        key: request_timeout
    vars:
      - name: azsphere_fleet_request_timeout
  retry_timeout:
    description:
      - How many seconds all retries of one request may take together.
      - Signing in is retried for as long, and so is the wait for a token cache that another process has locked.
    type: float
    default: 120
    env:
      - name: AZSPHERE_RETRY_TIMEOUT
    ini:
      - section: azsphere_fleet
        key: retry_timeout
    vars:
      - name: azsphere_fleet_retry_timeout
  auth_source:
    description:
      - Where the access token comes from.
      - V(auto) takes the first that is configured, in the order of the choices. Which it was is in
        RV(ignore:api.token_source).
      - V(access_token) uses O(access_token) as it is. V(client_secret) and V(client_certificate) sign in as the
        application O(client_id) of O(directory_id). V(workload_identity) does so with the token in
        O(federated_token_file). V(managed_identity) uses the identity of the Azure resource that the task runs on.
        V(azure_cli) asks the Azure CLI. V(user) uses an account that was signed in with M(azsphere.fleet.login).
      - Credentials that are only half configured are an error.
    type: str
    default: auto
    choices: [auto, access_token, client_secret, client_certificate, workload_identity, managed_identity, azure_cli,
    user]
    env:
      - name: AZSPHERE_AUTH_SOURCE
    ini:
      - section: azsphere_fleet
        key: auth_source
    vars:
      - name: azsphere_fleet_auth_source
  access_token:
    description:
      - An access token that was made elsewhere.
    type: str
    env:
      - name: AZSPHERE_ACCESS_TOKEN
    ini:
      - section: azsphere_fleet
        key: access_token
    vars:
      - name: azsphere_fleet_access_token
  client_id:
    description:
      - The application to sign in as, or a user-assigned managed identity.
      - For O(auth_source=user), an own client application in place of that of Azure Sphere.
    type: str
    env:
      - name: AZURE_CLIENT_ID
    ini:
      - section: azsphere_fleet
        key: client_id
    vars:
      - name: azsphere_fleet_client_id
  client_secret:
    description:
      - Secret of the application.
    type: str
    env:
      - name: AZURE_CLIENT_SECRET
      - name: AZURE_SECRET
    ini:
      - section: azsphere_fleet
        key: client_secret
    vars:
      - name: azsphere_fleet_client_secret
  client_certificate:
    description:
      - File with certificate and private key of the application, PEM or PFX, as it is or in base64.
    type: path
    env:
      - name: AZURE_CLIENT_CERTIFICATE_PATH
    ini:
      - section: azsphere_fleet
        key: client_certificate
    vars:
      - name: azsphere_fleet_client_certificate
  client_certificate_password:
    description:
      - Password of O(client_certificate).
    type: str
    env:
      - name: AZURE_CLIENT_CERTIFICATE_PASSWORD
    ini:
      - section: azsphere_fleet
        key: client_certificate_password
    vars:
      - name: azsphere_fleet_client_certificate_password
  federated_token_file:
    description:
      - File with the token of a workload identity.
    type: path
    env:
      - name: AZURE_FEDERATED_TOKEN_FILE
    ini:
      - section: azsphere_fleet
        key: federated_token_file
    vars:
      - name: azsphere_fleet_federated_token_file
  directory_id:
    description:
      - The Microsoft Entra directory to sign in to, by GUID or domain. It is not the Azure Sphere tenant.
      - For people it is Azure Sphere's own directory by default.
    type: str
    env:
      - name: AZURE_TENANT_ID
      - name: AZURE_TENANT
    ini:
      - section: azsphere_fleet
        key: directory_id
    vars:
      - name: azsphere_fleet_directory_id
  authority_host:
    description:
      - Address of the sign-in service.
    type: str
    default: https://login.microsoftonline.com
    env:
      - name: AZURE_AUTHORITY_HOST
    ini:
      - section: azsphere_fleet
        key: authority_host
    vars:
      - name: azsphere_fleet_authority_host
  token_cache:
    description:
      - Folder in which tokens are kept between tasks, readable by its owner only.
      - By default C(azsphere.fleet) in C($XDG_CACHE_HOME) or C(~/.cache).
      - V(none) keeps no token.
    type: str
    env:
      - name: AZSPHERE_TOKEN_CACHE
    ini:
      - section: azsphere_fleet
        key: token_cache
    vars:
      - name: azsphere_fleet_token_cache
requirements:
  - requests
  - msal (not for O(auth_source=access_token))
"""
