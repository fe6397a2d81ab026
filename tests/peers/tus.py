"""Sends a photo with tuspy and prints how it went as JSON:
`python tus.py <uploads address> <token> <visit> <sha256> <media type> <file> [<address of the unfinished upload>]`."""

import json
import sys

from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

CHUNK = 64 * 1024

uploads, token, visit, sha256, media_type, path = sys.argv[1:7]
client = TusClient(uploads, headers={"Authorization": f"Bearer {token}"})
metadata = {"sha256": sha256, "media_type": media_type, "visit": visit}
# With an address, tuspy first asks with HEAD how far the server is.
unfinished = sys.argv[7] if len(sys.argv) > 7 else None
uploader = client.uploader(
    path, chunk_size=CHUNK, metadata=metadata, url=unfinished, upload_checksum=unfinished is not None
)
resumed_at, error = uploader.offset, None
try:
    uploader.upload()
except (TusCommunicationError, TusUploadFailed) as failed:
    error = str(failed) or type(failed).__name__
print(json.dumps({"url": uploader.url, "resumed_at": resumed_at, "offset": uploader.offset, "error": error}))
