"""Verifies an envelope with pycose and prints its signed header as JSON:
`python envelope.py <cose file> <public key, hexadecimal>`. Exits 1 when the signature is wrong."""

import json
import sys

import cbor2
from pycose.keys import OKPKey
from pycose.keys.curves import Ed25519
from pycose.messages import CoseMessage

path, public_key = sys.argv[1:]
with open(path, "rb") as file:
    message = CoseMessage.decode(file.read())
message.key = OKPKey(crv=Ed25519, x=bytes.fromhex(public_key))
if not message.verify_signature():
    sys.exit(1)

header = cbor2.loads(message.payload)
print(json.dumps([field.hex() if isinstance(field, bytes) else field for field in header]))
