//! A small picture of a photo, upright and without metadata: the office sees it long before the
//! original has travelled, and the technician hears at once when a photo cannot be shown.
//!
//! Limits come first: dimensions are read before anything is decoded. The server re-encodes what it
//! is sent under limits of its own; nothing here is evidence.

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Largest preview.
pub const PREVIEW_BYTES_MAX: usize = 40_000;
/// A photo that is smaller gains nothing from a preview.
pub const PHOTO_BYTES_MIN: u64 = 200_000;
/// The segment of a JPEG behind which its picture begins.
const START_OF_SCAN: u8 = 0xda;
/// Behind which nothing belongs to the picture; in the picture itself these bytes never meet.
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];
/// Longest side that is decoded; as on the server.
const SIDE_PX_MAX: u32 = 12_000;
/// Most pixels that are decoded.
const PIXELS_MAX: u64 = 60_000_000;
/// Most memory that a decoder may ask for.
const DECODER_BYTES_MAX: u64 = 256 << 20;
/// Longer side and quality, best first: the first that is small enough is taken.
const SHAPES: [(u32, u8); 5] = [(800, 60), (640, 55), (480, 50), (320, 45), (160, 40)];

/// Why a photo has no preview. It is kept and sent all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPreview {
    /// A format that is not decoded here, such as HEIC.
    #[error("the format is not decoded here")]
    OtherFormat,
    /// More pixels than anybody decodes.
    #[error("{width} × {height} pixels are more than anybody decodes")]
    TooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// It cannot be decoded to its end.
    #[error("it cannot be decoded to its end")]
    Damaged,
}

impl From<ImageError> for NoPreview {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Unsupported(_) => Self::OtherFormat,
            _ => Self::Damaged,
        }
    }
}

/// Makes the preview of a photo. Tenths of a second of work for a photo of twelve megapixels.
///
/// # Errors
/// When there is nothing to show; the photo is evidence all the same.
pub fn make(photo: &Path) -> Result<Vec<u8>, NoPreview> {
    let picture = upright(photo)?;
    for (side, quality) in SHAPES {
        let mut jpeg = Vec::new();
        let small = picture.thumbnail(side.min(picture.width()), side.min(picture.height()));
        JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(&small.to_rgb8())?;
        if jpeg.len() <= PREVIEW_BYTES_MAX {
            return Ok(jpeg);
        }
    }
    Err(NoPreview::OtherFormat)
}

/// Whether a JPEG ends before its picture does, as after a card was pulled out too early: decoders
/// show the rest in grey.
pub fn is_cut(photo: &Path) -> bool {
    let Ok(mut file) = File::open(photo) else { return false };
    let Some(picture) = picture_at(&mut file) else { return false };
    file.seek(SeekFrom::Start(picture)).is_ok_and(|_| !has_end(BufReader::new(file)).unwrap_or(true))
}

/// Whether the end of a picture comes anywhere: phones put whole films behind it.
fn has_end(mut picture: impl BufRead) -> std::io::Result<bool> {
    let mut last = 0;
    loop {
        let bytes = picture.fill_buf()?;
        let (Some(first), length) = (bytes.first(), bytes.len()) else { return Ok(false) };
        if [last, *first] == END_OF_IMAGE || bytes.windows(2).any(|pair| pair == END_OF_IMAGE) {
            return Ok(true);
        }
        last = bytes[length - 1];
        picture.consume(length);
    }
}

/// Where the picture of a JPEG begins, behind metadata that may hold a whole small picture.
fn picture_at(file: &mut File) -> Option<u64> {
    let (mut start, mut segment) = ([0; 2], [0; 4]);
    file.read_exact(&mut start).ok()?;
    let mut at = 2;
    while start == [0xff, 0xd8] && segment[1] != START_OF_SCAN {
        file.seek(SeekFrom::Start(at)).ok()?;
        file.read_exact(&mut segment).ok().filter(|()| segment[0] == 0xff)?;
        at += 2 + u64::from(u16::from_be_bytes([segment[2], segment[3]]));
    }
    (segment[1] == START_OF_SCAN).then_some(at)
}

/// The picture, already small, as it was meant to be looked at.
fn upright(photo: &Path) -> Result<DynamicImage, NoPreview> {
    let mut file = BufReader::new(File::open(photo).map_err(|_| NoPreview::Damaged)?);
    let mut head = [0; 16];
    let length = file.read(&mut head).map_err(|_| NoPreview::Damaged)?;
    let Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) =
        image::guess_format(&head[..length])
    else {
        return Err(NoPreview::OtherFormat);
    };
    file.rewind().map_err(|_| NoPreview::Damaged)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    let mut reader = ImageReader::with_format(file, format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if width.max(height) > SIDE_PX_MAX || u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(NoPreview::TooLarge { width, height });
    }
    decoder.set_limits(limits)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let whole = DynamicImage::from_decoder(decoder)?;
    let side = SHAPES[0].0;
    let mut small = if width.max(height) > side { whole.thumbnail(side, side) } else { whole };
    // Turned after it was made small: turning copies all pixels.
    small.apply_orientation(orientation);
    Ok(small)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn photo(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/photos").join(name)
    }

    #[test]
    fn a_preview_is_small_upright_and_says_nothing_about_the_place() {
        for name in ["iphone6plus-beijing.jpg", "rotated-with-gps.jpg", "lumia820-gps-no-time.jpg"] {
            let preview = make(&photo(name)).unwrap();
            assert!(preview.len() <= PREVIEW_BYTES_MAX, "{name}: {}", preview.len());
            assert_eq!(image::guess_format(&preview).unwrap(), ImageFormat::Jpeg);
            let exif = exif::Reader::new().read_from_container(&mut std::io::Cursor::new(&preview));
            assert!(exif.is_err(), "{name} keeps no metadata");
            image::load_from_memory(&preview).unwrap();
        }
        let lying = image::load_from_memory(&make(&photo("rotated-with-gps.jpg")).unwrap()).unwrap();
        assert!(lying.height() > lying.width(), "the camera was held upright");
    }

    #[test]
    fn what_cannot_be_shown_is_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let read = |name: &str| std::fs::read(photo(name)).unwrap();
        let (whole, without_picture) = (read("iphone6plus-beijing.jpg"), read("temple-square-gps.jpg"));
        for (what, bytes, found) in [
            ("cut in its head", &whole[..300], NoPreview::Damaged),
            ("a page", b"<html>".as_slice(), NoPreview::OtherFormat),
            ("empty", b"".as_slice(), NoPreview::OtherFormat),
            ("a camera that wrote no picture", &without_picture, NoPreview::Damaged),
            ("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0".as_slice(), NoPreview::OtherFormat),
        ] {
            assert_eq!(make(&file("photo", bytes)), Err(found), "{what}");
        }
        for length in [20_000, whole.len() / 2, whole.len() - 2] {
            assert!(is_cut(&file("cut.jpg", &whole[..length])), "{length}");
        }
        let with_film = [whole.as_slice(), &[7; 300_000]].concat();
        assert!(!is_cut(&file("moving.jpg", &with_film)), "a film behind the picture");
        assert!(!is_cut(&photo("iphone6plus-beijing.jpg")) && !is_cut(&photo("lumia820-gps-no-time.jpg")));
        let mut header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        header.extend([50_000_u32.to_be_bytes(), 50_000_u32.to_be_bytes()].concat());
        header.extend(b"\x08\x02\0\0\0");
        let crc = crc32(&header[12..]);
        header.extend(crc.to_be_bytes());
        header.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
        let found = make(&file("huge.png", &header));
        assert_eq!(found, Err(NoPreview::TooLarge { width: 50_000, height: 50_000 }));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
        })
    }
}
