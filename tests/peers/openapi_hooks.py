"""What Schemathesis cannot know by itself: bodies of bytes are sent as they are, and some requests are about a
photo that the device has really signed for (`FIELDLOOP_PHOTO`, its SHA-256) and an upload that is really open
(`FIELDLOOP_UPLOAD`, its id)."""

import base64
import os

import schemathesis

PHOTO = os.environ.get("FIELDLOOP_PHOTO", "")
UPLOAD = os.environ.get("FIELDLOOP_UPLOAD", "")


@schemathesis.serializer(
    "application/vnd.fieldloop.exchange", "application/offset+octet-stream", "image/jpeg"
)
def raw(_context, value):
    return {"data": value.data if hasattr(value, "data") else str(value).encode()}


def chosen(text):
    """Half of the examples, and always the same half."""
    return len(str(text)) % 2 == 0


@schemathesis.hook
def map_path_parameters(_context, path_parameters):
    for name, known in (("upload_id", UPLOAD), ("sha256", PHOTO)):
        if path_parameters and known and name in path_parameters and chosen(path_parameters[name]):
            path_parameters[name] = known
    return path_parameters


@schemathesis.hook
def map_headers(_context, headers):
    if headers and PHOTO and "Upload-Metadata" in headers and chosen(headers["Upload-Metadata"]):
        headers["Upload-Metadata"] = "sha256 " + base64.b64encode(PHOTO.encode()).decode()
    return headers
