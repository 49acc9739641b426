"""An Authenticode signature in memory, by a certificate that nobody trusts: what signers state, not what is true.

Forms: PKCS #7 (RFC 2315) around Microsoft's SpcIndirectDataContent, in DER, inside a WIN_CERTIFICATE.
"""

import hashlib
import struct
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

_SEQUENCE, _SET, _INTEGER, _OCTETS, _BITS, _OID, _NULL = 0x30, 0x31, 0x02, 0x04, 0x03, 0x06, 0x05


def der(tag: int, *parts: bytes) -> bytes:
    """A value in DER."""
    body = b"".join(parts)
    size = len(body)
    length = bytes([size]) if size < 128 else b"\x82" + struct.pack(">H", size)
    return bytes([tag]) + length + body


def oid(dotted: str) -> bytes:
    """An object identifier in DER."""
    first, second, *rest = map(int, dotted.split("."))
    out = bytes([40 * first + second])
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.append(0x80 | (number & 0x7F))
        out += bytes(reversed(digits))
    return der(_OID, out)


def _algorithm(dotted: str) -> bytes:
    return der(_SEQUENCE, oid(dotted), der(_NULL))


SHA256, RSA = "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.1"


@cache
def certificate(common_name: str) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A key and a certificate that signs itself."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Mods of Testing"),
        ]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(4711)
        .not_valid_before(datetime(2025, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2035, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return key, made


def certificate_table(common_name: str, image_digest: bytes = b"\0" * 32) -> tuple[bytes, str]:
    """What stands at the end of a signed program, and the thumbprint of the signer's certificate (SHA-1)."""
    key, signer = certificate(common_name)
    image = der(
        _SEQUENCE,
        oid("1.3.6.1.4.1.311.2.1.15"),
        der(_SEQUENCE, der(_BITS, b"\0"), der(0xA0, der(0xA2, der(0x80)))),
    )
    digest = der(_SEQUENCE, _algorithm(SHA256), der(_OCTETS, image_digest))
    content_type = oid("1.3.6.1.4.1.311.2.1.4")
    message = hashlib.sha256(image + digest).digest()
    attributes = (
        der(_SEQUENCE, oid("1.2.840.113549.1.9.3"), der(_SET, content_type)),
        der(_SEQUENCE, oid("1.2.840.113549.1.9.4"), der(_SET, der(_OCTETS, message))),
    )
    signature = key.sign(der(_SET, *attributes), padding.PKCS1v15(), hashes.SHA256())
    signer_info = der(
        _SEQUENCE,
        der(_INTEGER, b"\1"),
        der(_SEQUENCE, signer.issuer.public_bytes(), der(_INTEGER, struct.pack(">H", signer.serial_number))),
        _algorithm(SHA256),
        der(0xA0, *attributes),
        _algorithm(RSA),
        der(_OCTETS, signature),
    )
    signed = der(
        _SEQUENCE,
        der(_INTEGER, b"\1"),
        der(_SET, _algorithm(SHA256)),
        der(_SEQUENCE, content_type, der(0xA0, der(_SEQUENCE, image, digest))),
        der(0xA0, signer.public_bytes(serialization.Encoding.DER)),
        der(_SET, signer_info),
    )
    whole = der(_SEQUENCE, oid("1.2.840.113549.1.7.2"), der(0xA0, signed))
    whole += bytes(-len(whole) % 8)
    thumbprint = hashlib.sha1(signer.public_bytes(serialization.Encoding.DER), usedforsecurity=False)
    return struct.pack("<LHH", 8 + len(whole), 0x200, 2) + whole, thumbprint.hexdigest()
