//! The headers of tus 1.0 (<https://tus.io/protocols/resumable-upload>): reading and writing them.

use super::UPLOAD_BYTES_MAX;
use crate::problem::{self, Problem};
use axum::http::{HeaderMap, HeaderName};
use data_encoding::BASE64;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use sync_core::ids::{BlobHash, VisitId};

/// The only version of the protocol that is spoken.
pub(super) const VERSION: &str = "1.0.0";
/// Extensions of the protocol that are spoken.
pub(super) const EXTENSIONS: &str = "creation,creation-with-upload,checksum,expiration,termination";
/// Algorithms of `Upload-Checksum`.
pub(super) const CHECKSUM_ALGORITHMS: &str = "sha1,sha256";
/// Media type of a body that carries bytes of an upload.
pub(super) const OFFSET_STREAM: &str = "application/offset+octet-stream";
/// Longest `Upload-Metadata` that is read.
const METADATA_BYTES_MAX: usize = 4096;

pub(super) const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(super) const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
pub(super) const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
pub(super) const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
pub(super) const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
pub(super) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(super) const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub(super) const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
pub(super) const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
pub(super) const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");
/// Says that the bytes are here already and need not be sent.
pub(super) const HAVE: HeaderName = HeaderName::from_static("fieldloop-have");

/// What a device says about the bytes it is going to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Announced {
    pub(super) sha256: BlobHash,
    pub(super) size_bytes: u64,
    pub(super) media_type: String,
    pub(super) visit: Option<VisitId>,
}

/// A wrong or missing header, as a problem that names it.
fn bad_header(name: &str, expected: &str) -> Problem {
    Problem::new(&problem::UPLOAD_HEADER_INVALID).with("header", name).with("expected", expected)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// A count of bytes, if the header is there.
pub(super) fn count(headers: &HeaderMap, name: &HeaderName) -> Result<Option<u64>, Problem> {
    let Some(text) = text(headers, name) else { return Ok(None) };
    let plain = !text.is_empty() && text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(count) if plain => Ok(Some(count)),
        _ => Err(bad_header(name.as_str(), "a count of bytes")),
    }
}

/// The offset that a PATCH begins at.
pub(super) fn offset(headers: &HeaderMap) -> Result<u64, Problem> {
    count(headers, &UPLOAD_OFFSET)?.ok_or_else(|| bad_header("upload-offset", "a count of bytes"))
}

/// Whether the request is one of the version spoken here.
pub(super) fn version_is_spoken(headers: &HeaderMap) -> bool {
    text(headers, &TUS_RESUMABLE) == Some(VERSION)
}

/// Whether the body carries bytes of an upload.
pub(super) fn carries_bytes(headers: &HeaderMap) -> bool {
    text(headers, &axum::http::header::CONTENT_TYPE) == Some(OFFSET_STREAM)
}

/// The announcement in the headers of a creation.
pub(super) fn announced(headers: &HeaderMap) -> Result<Announced, Problem> {
    let size_bytes = count(headers, &UPLOAD_LENGTH)?
        .ok_or_else(|| bad_header("upload-length", "the size in bytes; it cannot be given later"))?;
    let metadata = text(headers, &UPLOAD_METADATA).unwrap_or_default();
    if metadata.len() > METADATA_BYTES_MAX {
        return Err(bad_header("upload-metadata", "at most 4096 bytes"));
    }
    let mut sha256 = None;
    let mut media_type = None;
    let mut visit = None;
    for pair in metadata.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value =
            BASE64.decode(value.trim().as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let value = value.ok_or_else(|| bad_header("upload-metadata", "each value in base64"))?;
        match key {
            "sha256" => sha256 = Some(parse(&value, "sha256: 64 lower-case hexadecimal digits")?),
            "visit" => visit = Some(parse(&value, "visit: a visit id")?),
            "media_type" | "filetype" => media_type = Some(value),
            // Names of files and whatever else a library adds are neither trusted nor kept.
            _ => {}
        }
    }
    let sha256 =
        sha256.ok_or_else(|| bad_header("upload-metadata", "sha256: 64 lower-case hexadecimal digits"))?;
    let media_type = media_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    check_media_type(&media_type)?;
    let announced = Announced { sha256, size_bytes, media_type, visit };
    check_size(&announced)?;
    Ok(announced)
}

fn parse<T: std::str::FromStr>(value: &str, expected: &str) -> Result<T, Problem> {
    value.parse().map_err(|_| bad_header("upload-metadata", expected))
}

fn check_media_type(text: &str) -> Result<(), Problem> {
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let known =
        text.len() <= 100 && text.split_once('/').is_some_and(|(kind, sub)| plain(kind) && plain(sub));
    if known { Ok(()) } else { Err(bad_header("upload-metadata", "media_type: for example image/jpeg")) }
}

fn check_size(announced: &Announced) -> Result<(), Problem> {
    let limit = size_limit(&announced.media_type);
    if announced.size_bytes == 0 {
        return Err(bad_header("upload-length", "at least one byte"));
    }
    if announced.size_bytes > limit {
        return Err(Problem::new(&problem::UPLOAD_TOO_LARGE).with("bytes_max", limit));
    }
    Ok(())
}

/// Largest evidence of this media type.
pub(super) fn size_limit(media_type: &str) -> u64 {
    if media_type.starts_with("image/") { super::PHOTO_BYTES_MAX } else { UPLOAD_BYTES_MAX }
}

/// The metadata as it is given back: what was understood of it.
pub(super) fn metadata_of(announced: &Announced) -> String {
    let encode = |value: &str| BASE64.encode(value.as_bytes());
    let mut text = format!(
        "sha256 {},media_type {}",
        encode(&announced.sha256.to_string()),
        encode(&announced.media_type)
    );
    if let Some(visit) = announced.visit {
        text.push_str(",visit ");
        text.push_str(&encode(&visit.to_string()));
    }
    text
}

/// The checksum that the body of one PATCH must have.
pub(super) struct Checksum {
    expected: Vec<u8>,
    digest: ChecksumDigest,
}

enum ChecksumDigest {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Checksum {
    /// The checksum in the headers, if there is one.
    pub(super) fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(text) = text(headers, &UPLOAD_CHECKSUM) else { return Ok(None) };
        let expected = "sha1 or sha256, a space, and the digest in base64";
        let (algorithm, value) =
            text.split_once(' ').ok_or_else(|| bad_header("upload-checksum", expected))?;
        let (digest, length) = match algorithm {
            "sha1" => (ChecksumDigest::Sha1(Sha1::new()), 20),
            "sha256" => (ChecksumDigest::Sha256(Sha256::new()), 32),
            _ => return Err(bad_header("upload-checksum", expected)),
        };
        match BASE64.decode(value.trim().as_bytes()) {
            Ok(expected) if expected.len() == length => Ok(Some(Self { expected, digest })),
            _ => Err(bad_header("upload-checksum", expected)),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.digest {
            ChecksumDigest::Sha1(digest) => digest.update(bytes),
            ChecksumDigest::Sha256(digest) => digest.update(bytes),
        }
    }

    /// Whether the bytes seen have the expected checksum.
    pub(super) fn matches(self) -> bool {
        match self.digest {
            ChecksumDigest::Sha1(digest) => self.expected == digest.finalize()[..],
            ChecksumDigest::Sha256(digest) => self.expected == digest.finalize()[..],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair =
            |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        pairs.iter().map(pair).collect()
    }

    fn metadata(pairs: &[(&str, &str)]) -> String {
        let pair = |(key, value): &(&str, &str)| format!("{key} {}", BASE64.encode(value.as_bytes()));
        pairs.iter().map(pair).collect::<Vec<_>>().join(",")
    }

    const HASH: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    const VISIT: &str = "018f3c52-8f00-7c3a-9d2e-0123456789ab";

    #[test]
    fn an_announcement_survives_its_way_back() {
        let text =
            metadata(&[("sha256", HASH), ("filetype", "image/jpeg"), ("visit", VISIT), ("filename", "a b")]);
        let first = announced(&headers(&[("upload-length", "5"), ("upload-metadata", &text)])).unwrap();
        assert_eq!(first.media_type, "image/jpeg");
        assert_eq!(first.visit.unwrap().to_string(), VISIT);
        let text = metadata_of(&first);
        assert!(!text.contains("filename"));
        let again = announced(&headers(&[("upload-length", "5"), ("upload-metadata", &text)])).unwrap();
        assert_eq!(first, again);
    }

    #[test]
    fn a_wrong_announcement_is_refused_by_name() {
        let good = metadata(&[("sha256", HASH)]);
        let upper = metadata(&[("sha256", &HASH.to_uppercase())]);
        let media = metadata(&[("sha256", HASH), ("media_type", "image/jpeg\"><script>")]);
        let photo = metadata(&[("sha256", HASH), ("media_type", "image/png")]);
        let visit = metadata(&[("sha256", HASH), ("visit", "0417")]);
        for (length, metadata, code) in [
            ("", good.as_str(), "upload-header-invalid"),
            ("-1", &good, "upload-header-invalid"),
            ("+5", &good, "upload-header-invalid"),
            ("0", &good, "upload-header-invalid"),
            ("99999999999999999999", &good, "upload-header-invalid"),
            ("200000001", &good, "upload-too-large"),
            ("50000001", &photo, "upload-too-large"),
            ("5", "", "upload-header-invalid"),
            ("5", &upper, "upload-header-invalid"),
            ("5", &media, "upload-header-invalid"),
            ("5", &visit, "upload-header-invalid"),
            ("5", "sha256 !!!", "upload-header-invalid"),
        ] {
            let result = announced(&headers(&[("upload-length", length), ("upload-metadata", metadata)]));
            assert_eq!(result.unwrap_err().kind().code, code, "{length} {metadata}");
        }
    }

    #[test]
    fn checksums_of_both_algorithms_are_told_apart() {
        for (value, matches) in [
            ("sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=", true),
            ("sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", true),
            ("sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=", false),
        ] {
            let mut checksum =
                Checksum::from_headers(&headers(&[("upload-checksum", value)])).unwrap().unwrap();
            checksum.update(b"hel");
            checksum.update(b"lo");
            assert_eq!(checksum.matches(), matches, "{value}");
        }
        for wrong in ["crc32 AAAA", "sha1", "sha1 AAAA", "sha256 qvTGHdzF6KLavt4PO0gs2a6pQ00=", ""] {
            assert!(Checksum::from_headers(&headers(&[("upload-checksum", wrong)])).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_headers_are_survived(length in "\\PC{0,25}", metadata in "[ -~]{0,80}", checksum in "[ -~]{0,60}") {
            let mut map = HeaderMap::new();
            for (name, value) in [(UPLOAD_LENGTH, length), (UPLOAD_METADATA, metadata), (UPLOAD_CHECKSUM, checksum)] {
                if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                    map.insert(name, value);
                }
            }
            let _ = announced(&map);
            let _ = Checksum::from_headers(&map);
        }
    }
}
