"""Microsoft: an issuer for each tenant."""

import pytest

from tests.auth.providers.imitation import imitated, sign_in
from tests.running import on_every_loop
from tornadolike.auth import AccessDeniedError, Microsoft, ProviderAnswerError, TokenError

OURS = "72f988bf-86f1-41af-91ab-2d7cd011db47"
THEIRS = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
BASE = "https://login.microsoftonline.com"
GAP = f"{BASE}/{{tenantid}}/v2.0"


def issuer_of(tenant, base=BASE):
    return f"{base}/{tenant}/v2.0"


async def signed_in(tenant, tid, *, iss=None, called=None, claims=(), base=BASE, **options):
    """Somebody of the tenant ``tid`` signs in to an application of ``tenant``."""
    gaps = dict.fromkeys(("common", "organizations"), f"{base}/{{tenantid}}/v2.0")
    gaps["consumers"] = issuer_of(CONSUMERS, base)
    said = {
        "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
        "oid": "00000000-0000-0000-66f3-3332eca7ea81",
        "name": "Abe Lincoln",
        "preferred_username": "AbeLi@example.com",
        "email": "abe@example.com",
        "iss": iss or issuer_of(tid, base),
        "tid": tid,
        **dict(claims),
    }
    async with imitated() as (imitation, client):
        imitation.openid(
            issuer_of(tenant, base),
            called=called or gaps.get(tenant, issuer_of(tenant, base)),
            claims={name: value for name, value in said.items() if value is not None},
        )
        provider = Microsoft(
            "the-client", "s", tenant=tenant, authority=base, http_client=client, **options
        )
        identity, _ = await sign_in(imitation, provider)
        return identity


@pytest.mark.parametrize(
    ("tenant", "tid", "is_let_in"),
    [
        ("common", OURS, True),
        ("common", CONSUMERS, True),
        ("organizations", OURS, True),
        ("organizations", CONSUMERS, False),
        ("consumers", CONSUMERS, True),
        ("consumers", OURS, False),
        (OURS, OURS, True),
        (OURS, THEIRS, False),
        (OURS, CONSUMERS, False),
    ],
)
@on_every_loop
async def test_tenants(tenant, tid, is_let_in):
    if is_let_in:
        identity = await signed_in(tenant, tid)
        assert identity.issuer == issuer_of(tid)
        assert identity.subject == "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ"
        assert (identity.name, identity.username) == ("Abe Lincoln", "AbeLi@example.com")
    else:
        with pytest.raises(TokenError):
            await signed_in(tenant, tid)


@pytest.mark.parametrize("tenant", ["common", "organizations", OURS])
@pytest.mark.parametrize(
    ("iss", "tid"),
    [
        (issuer_of(THEIRS), OURS),
        (issuer_of(OURS), THEIRS),
        (GAP, "{tenantid}"),
        (GAP, OURS),
        (issuer_of("common"), "common"),
        ("https://evil.example/v2.0", OURS),
        (f"https://evil.example/{OURS}/v2.0", OURS),
        (issuer_of(OURS), None),
        (issuer_of(OURS), 7),
        (issuer_of(OURS), [OURS]),
        (issuer_of(OURS.upper()), OURS.upper()),
        (issuer_of(f"{OURS}/../{THEIRS}"), f"{OURS}/../{THEIRS}"),
        (f"https://sts.windows.net/{OURS}/", OURS),
    ],
)
@on_every_loop
async def test_issuers_that_do_not_fit(tenant, iss, tid):
    with pytest.raises(TokenError):
        await signed_in(tenant, tid, iss=iss)


@on_every_loop
async def test_only_some_tenants():
    assert (await signed_in("common", OURS, tenants=[OURS.upper()])).issuer == issuer_of(OURS)
    for tenants in ([OURS], []):
        with pytest.raises(AccessDeniedError, match="tenant"):
            await signed_in("organizations", THEIRS, tenants=tenants)


@pytest.mark.parametrize("tenant", ["common", OURS])
@on_every_loop
async def test_what_it_says_of_itself(tenant):
    with pytest.raises(ProviderAnswerError, match="calls itself"):
        await signed_in(tenant, OURS, called=issuer_of(THEIRS))


@pytest.mark.parametrize(
    ("edov", "verified"),
    [
        *((True, True), (1, True), ("1", True), ("true", True)),
        *((False, False), (0, False), ("0", False), ("false", False), (None, False)),
    ],
)
@on_every_loop
async def test_addresses(edov, verified):
    identity = await signed_in(
        "common", OURS, claims=[("xms_edov", edov), ("email_verified", True)]
    )
    assert identity.email == "abe@example.com"
    assert identity.email_verified is verified


@on_every_loop
async def test_no_address():
    identity = await signed_in("common", OURS, claims=[("xms_edov", True), ("email", None)])
    assert (identity.email, identity.email_verified) == (None, False)


@on_every_loop
async def test_national_clouds():
    base = "https://login.microsoftonline.us"
    identity = await signed_in("organizations", OURS, base=base)
    assert identity.issuer == issuer_of(OURS, base)
    with pytest.raises(TokenError):
        await signed_in("organizations", OURS, base=base, iss=issuer_of(OURS))


@pytest.mark.parametrize("tenant", ["", "example.com", "Common/..", "72f988bf", "{tenantid}", "*"])
def test_what_is_no_tenant(tenant):
    with pytest.raises(ValueError, match="tenant is"):
        Microsoft("id", "s", tenant=tenant)


def test_a_guid_in_capitals():
    assert Microsoft("id", "s", tenant=OURS.upper()).issuer == issuer_of(OURS)
