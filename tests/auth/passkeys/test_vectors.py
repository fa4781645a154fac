"""The test vectors of WebAuthn Level 3, sections 16.2 to 16.4: what others have made, for ``https://example.org``."""

import asyncio
import time
from typing import Any

import pytest

from tests.auth.passkeys.authenticator import encoded
from tornadolike.auth.passkeys import (
    Challenge,
    MemoryPasskeys,
    Passkey,
    PasskeyError,
    Passkeys,
)

REGISTRATION = {
    "none, ES256": (
        "00c30fb78531c464d2b6771dab8d7b603c01162f2fa486bea70f283ae556e130",
        "f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4",
        b'{"type":"webauthn.create","challenge":"AMMPt4UxxGTStncdq417YDwBFi8vpIa-pw8oOuVW4TA",'
        b'"origin":"https://example.org","crossOrigin":false,"extraData":"clientDataJSON may be extended with '
        b'additional fields in the future, such as this: BkQeDjdcTBrXBiAwJTLE5Q"}',
        "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd4"
        "6592a5e0f01452b2e4b559000000008446ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579b"
        "a6122b33ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f"
        "26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220",
    ),
    "packed by itself, ES256": (
        "7869c2b772d4b58eba9378cf8f29e26cf935aa77df0da89fa99c0bdc0a76f7e5",
        "455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58c",
        b'{"type":"webauthn.create","challenge":"eGnCt3LUtY66k3jPjynibPk1qnffDaifqZwL3Ap29-U",'
        b'"origin":"https://example.org","crossOrigin":false,"extraData":"clientDataJSON may be extended with '
        b'additional fields in the future, such as this: U9hTXvKE2URkMnb_0xYHVg"}',
        "a363666d74667061636b65646761747453746d74a263616c672663736967584630440220067a20754ab925005dbf378097c92120"
        "031581c73228d1fb4f5b881bcd7da98302207fc7b147558c7c0eba3af18bd9d121fa3d3a26d17fe3f220272178f473b6006d6861"
        "7574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b55d00000000df850e09db6a"
        "fbdfab51697791506cfc0020455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58ca501020326200121"
        "5820eb151c8176b225cc651559fecf07af450fd85802046656b34c18f6cf193843c5225820927b8aa427a2be1b8834d233a2d34f"
        "61f13bfd44119c325d5896e183fee484f2",
    ),
    "none, in a frame": (
        "3be5aacd03537142472340ab5969f240f1d87716e20b6807ac230655fa4b3b49",
        "6e1050c0d2ca2f07c755cb2c66a74c64fa43065c18f938354d9915db2bd5ce57",
        b'{"type":"webauthn.create","challenge":"O-WqzQNTcUJHI0CrWWnyQPHYdxbiC2gHrCMGVfpLO0k",'
        b'"origin":"https://example.org","crossOrigin":true,"extraData":"clientDataJSON may be extended with '
        b'additional fields in the future, such as this: zZquEtDR9DWqpW5tBWTFug"}',
        "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd4"
        "6592a5e0f01452b2e4b54500000000883f4f6014f19c09d87aa38123be48d000206e1050c0d2ca2f07c755cb2c66a74c64fa4306"
        "5c18f938354d9915db2bd5ce57a501020326200121582022200a473f90b11078851550d03b4e44a2279f8c4eca27b3153dedfe03"
        "e4e97d225820cbd0be95e746ad6f5a8191be11756e4c0420e72f65b466d39bc56b8b123a9c6e",
    ),
}
SIGN_IN = {
    "none, ES256": (
        "39c0e7521417ba54d43e8dc95174f423dee9bf3cd804ff6d65c857c9abf4d408",
        b'{"type":"webauthn.get","challenge":"OcDnUhQXulTUPo3JUXT0I97pvzzYBP9tZchXyav01Ag",'
        b'"origin":"https://example.org","crossOrigin":false}',
        "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000",
        "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221008480ac0f0b93538174f575bf"
        "11a1dd5d78c6e486013f937295ea13653e331e87",
    ),
    "packed by itself, ES256": (
        "4478a10b1352348dd160c1353b0d469b5db19eb91c27f7dfa6fed39fe26af20b",
        b'{"type":"webauthn.get","challenge":"RHihCxNSNI3RYME1Ow1Gm12xnrkcJ_ffpv7Tn-Jq8gs",'
        b'"origin":"https://example.org","crossOrigin":false,"extraData":"clientDataJSON may be extended with '
        b'additional fields in the future, such as this: gTb53rz6EhSWomXGzimC1Q"}',
        "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50900000000",
        "304402203310b9431903c401f1be2bdc8d23a4007682dbbddcf846994947b7f465daf84002204e94dd00047b316061b3b99772b7"
        "efd95994a83ef584b3b6b825ea3550251b66",
    ),
}


def site(user_verification: Any) -> Passkeys:
    return Passkeys(
        "example.org",
        "Example",
        ["https://example.org"],
        MemoryPasskeys(),
        user_verification=user_verification,
    )


def asked(challenge: str, handle: bytes | None = None) -> Challenge:
    return Challenge(bytes.fromhex(challenge), int(time.time()) + 60, "ann", handle)


def answered(credential_id: str, **response: bytes) -> dict[str, Any]:
    name = encoded(bytes.fromhex(credential_id))
    members = {member: encoded(value) for member, value in response.items()}
    return {"id": name, "rawId": name, "type": "public-key", "response": members}


async def register(passkeys: Passkeys, name: str) -> Passkey:
    challenge, credential_id, client_data, attestation = REGISTRATION[name]
    answer = answered(
        credential_id, clientDataJSON=client_data, attestationObject=bytes.fromhex(attestation)
    )
    return await passkeys.finish_registration(asked(challenge, b"ann"), answer)


async def sign_in(passkeys: Passkeys, name: str) -> Passkey:
    challenge, client_data, data, signature = SIGN_IN[name]
    answer = answered(
        REGISTRATION[name][1],
        clientDataJSON=client_data,
        authenticatorData=bytes.fromhex(data),
        signature=bytes.fromhex(signature),
    )
    return await passkeys.finish_sign_in(asked(challenge), answer)


@pytest.mark.parametrize(
    ("name", "verified", "backed_up"),
    [("none, ES256", False, True), ("packed by itself, ES256", True, False)],
)
def test_they_are_accepted(name: str, verified: bool, backed_up: bool) -> None:
    async def main() -> None:
        passkeys = site("preferred")
        passkey = await register(passkeys, name)
        assert passkey.id.hex() == REGISTRATION[name][1]
        assert passkey.user_verified == verified
        assert (passkey.backup_eligible, passkey.backed_up) == (True, True)
        used = await sign_in(passkeys, name)
        assert (used.user, used.user_verified, used.backed_up) == ("ann", False, backed_up)

    asyncio.run(main())


def test_they_are_not_where_a_touch_is_not_enough() -> None:
    async def main() -> None:
        passkeys = site("required")
        with pytest.raises(PasskeyError, match="verification is required"):
            await register(passkeys, "none, ES256")
        await register(passkeys, "packed by itself, ES256")
        with pytest.raises(PasskeyError, match="verification is required"):
            await sign_in(passkeys, "packed by itself, ES256")

    asyncio.run(main())


def test_one_from_a_frame_is_not_accepted() -> None:
    with pytest.raises(PasskeyError, match="frame"):
        asyncio.run(register(site("preferred"), "none, in a frame"))
