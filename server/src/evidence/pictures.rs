//! From the bytes of an original to pictures that may be shown: upright, small, re-encoded, without metadata.
//!
//! The limits are strict and come first: dimensions are read before anything is decoded. A file that is a picture and
//! something else besides (a polyglot) leaves only its pixels here.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// Longest side that is decoded.
const SIDE_PX_MAX: u32 = 12_000;
/// Most pixels that are decoded.
const PIXELS_MAX: u64 = 60_000_000;
/// Most memory that a decoder may ask for.
const DECODER_BYTES_MAX: u64 = 256 << 20;
/// Longest side of a preview that a device sends ahead.
const EARLY_SIDE_PX_MAX: u32 = 1_600;
/// Most memory that a decoder may ask for on such a preview.
const EARLY_DECODER_BYTES_MAX: u64 = 32 << 20;
/// Quality of what is shown.
const JPEG_QUALITY: u8 = 80;

/// Pictures made of an original.
#[derive(PartialEq)]
pub(super) struct Pictures {
    /// JPEG, longer side at most 320 pixels.
    pub(super) thumbnail: Vec<u8>,
    /// JPEG, longer side at most 1600 pixels.
    pub(super) view: Vec<u8>,
}

/// What was seen of an original.
pub(super) struct Looked {
    /// By content, never by name: `jpeg`, `png` or `webp`.
    pub(super) format: Option<&'static str>,
    /// As stored, before turning it upright.
    pub(super) dimensions: Option<(u32, u32)>,
    /// The pictures, or why there are none.
    pub(super) pictures: Result<Pictures, NoPicture>,
}

/// Why there is no picture to show. The original is evidence all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoPicture {
    /// It is none of the formats that are shown.
    OtherFormat,
    /// It has more pixels or needs more memory than is decoded.
    TooLarge,
    /// It cannot be decoded.
    Damaged,
}

impl NoPicture {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::OtherFormat => "other-format",
            Self::TooLarge => "too-large",
            Self::Damaged => "damaged",
        }
    }
}

impl From<ImageError> for NoPicture {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::TooLarge,
            ImageError::Unsupported(_) => Self::OtherFormat,
            _ => Self::Damaged,
        }
    }
}

/// Looks at an original. CPU work of up to a second: not for an async thread.
pub(super) fn look(bytes: &[u8]) -> Looked {
    let mut looked = Looked { format: None, dimensions: None, pictures: Err(NoPicture::OtherFormat) };
    let (format, name) = match image::guess_format(bytes) {
        Ok(format @ ImageFormat::Jpeg) => (format, "jpeg"),
        Ok(format @ ImageFormat::Png) => (format, "png"),
        Ok(format @ ImageFormat::WebP) => (format, "webp"),
        _ => return looked,
    };
    looked.format = Some(name);
    looked.pictures = make(bytes, format, &mut looked.dimensions);
    looked
}

fn make(
    bytes: &[u8],
    format: ImageFormat,
    dimensions: &mut Option<(u32, u32)>,
) -> Result<Pictures, NoPicture> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // Sides are judged below, so that they are known even when they are too large.
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    *dimensions = Some((width, height));
    if width > SIDE_PX_MAX || height > SIDE_PX_MAX || u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(NoPicture::TooLarge);
    }
    limits.max_image_width = Some(SIDE_PX_MAX);
    limits.max_image_height = Some(SIDE_PX_MAX);
    decoder.set_limits(limits)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let whole = DynamicImage::from_decoder(decoder)?;
    // Turned after it was made small: turning copies all pixels.
    let mut view = fit(&whole, 1600);
    drop(whole);
    view.apply_orientation(orientation);
    let thumbnail = fit(&view, 320);
    Ok(Pictures { thumbnail: encode(&thumbnail)?, view: encode(&view)? })
}

/// What is shown of a preview that a device sent ahead: its pixels, re-encoded. CPU work: not for an async thread.
pub(super) fn of_preview(bytes: &[u8]) -> Result<Vec<u8>, NoPicture> {
    if !matches!(image::guess_format(bytes), Ok(ImageFormat::Jpeg)) {
        return Err(NoPicture::OtherFormat);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(EARLY_DECODER_BYTES_MAX);
    limits.max_image_width = Some(EARLY_SIDE_PX_MAX);
    limits.max_image_height = Some(EARLY_SIDE_PX_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Jpeg);
    reader.limits(limits);
    encode(&reader.decode()?)
}

/// The picture with its longer side at most so long; never enlarged.
fn fit(picture: &DynamicImage, side_px: u32) -> DynamicImage {
    if picture.width() <= side_px && picture.height() <= side_px {
        return picture.clone();
    }
    // Far smaller: average boxes of pixels. Otherwise interpolate.
    if picture.width().max(picture.height()) >= 2 * side_px {
        picture.thumbnail(side_px, side_px)
    } else {
        picture.resize(side_px, side_px, FilterType::Triangle)
    }
}

/// As JPEG with nothing but pixels; transparency becomes white.
fn encode(picture: &DynamicImage) -> Result<Vec<u8>, NoPicture> {
    let mut jpeg = Vec::new();
    let opaque = if picture.color().has_alpha() { on_white(picture) } else { picture.to_rgb8() };
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY).encode_image(&opaque)?;
    Ok(jpeg)
}

fn on_white(picture: &DynamicImage) -> image::RgbImage {
    let rgba = picture.to_rgba8();
    let mut opaque = image::RgbImage::new(rgba.width(), rgba.height());
    for (to, from) in opaque.pixels_mut().zip(rgba.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        let blend = |colour: u32| u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255);
        to.0 = [blend(red), blend(green), blend(blue)];
    }
    opaque
}

#[cfg(test)]
mod tests {
    use super::super::testing::{noise, photo};
    use super::*;
    use std::time::{Duration, Instant};

    fn reason(bytes: &[u8]) -> NoPicture {
        look(bytes).pictures.err().expect("nothing to show")
    }

    fn png_chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut crc = u32::MAX;
        for byte in kind.iter().chain(body) {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
            }
        }
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&length[..], kind, body, &(!crc).to_be_bytes()].concat()
    }

    fn png_header(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
        let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
        let header = png_chunk(b"IHDR", &[&size[..], &[depth, colour, 0, 0, 0]].concat());
        [b"\x89PNG\r\n\x1a\n", &header[..]].concat()
    }

    /// A zlib stream that unpacks to this many megabytes of zeros.
    fn zeros_deflated(megabytes: usize) -> Vec<u8> {
        // The last block, fixed codes, one literal zero …
        let mut bits = vec![true, true, false, false, false, true, true, false, false, false, false];
        // … then copies of the 258 bytes before: 13 bits each, so the bytes repeat after eight of them.
        for _ in 0..16 {
            bits.extend([
                true, true, false, false, false, true, false, true, false, false, false, false, false,
            ]);
        }
        let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| (byte << 1) | u8::from(*bit));
        let bytes: Vec<u8> = bits.chunks(8).map(byte).collect();
        let mut stream = vec![0x78, 0x9c];
        stream.extend(&bytes[..2]);
        for _ in 0..megabytes * (1 << 20) / (8 * 258) {
            stream.extend(&bytes[2..15]);
        }
        stream
    }

    fn small_png() -> Vec<u8> {
        let mut png = Vec::new();
        let picture =
            DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(10, 10, image::Rgba([9, 9, 9, 0])));
        picture.write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
        png
    }

    /// How far two pictures are apart when both are made tiny.
    fn mean_difference(left: &DynamicImage, right: &DynamicImage) -> f64 {
        let tiny =
            |picture: &DynamicImage| picture.resize_exact(12, 12, FilterType::Triangle).to_rgb8().into_raw();
        let (left, right) = (tiny(left), tiny(right));
        let sum: u32 = left.iter().zip(&right).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
        f64::from(sum) / f64::from(u32::try_from(left.len()).unwrap())
    }

    #[test]
    fn real_photos_become_small_upright_pictures_without_metadata() {
        for (name, quarters) in
            [("iphone6plus-beijing.jpg", 1), ("rotated-with-gps.jpg", 1), ("lumia820-gps-no-time.jpg", 0)]
        {
            let original = photo(name);
            let looked = look(&original);
            let pictures = looked.pictures.unwrap_or_else(|reason| panic!("{name}: {reason:?}"));
            let decoded = image::load_from_memory(&original).unwrap();
            assert_eq!(looked.dimensions, Some((decoded.width(), decoded.height())));
            let upright = if quarters == 1 { decoded.rotate90() } else { decoded };
            let view = image::load_from_memory(&pictures.view).unwrap();
            let difference = mean_difference(&upright, &view);
            assert!(difference < 6.0, "{name}: {difference}");
            assert!(mean_difference(&upright.rotate180(), &view) > difference + 6.0, "{name}");
            for (picture, side) in [(&pictures.thumbnail, 320), (&pictures.view, 1600)] {
                let shown = image::load_from_memory(picture).unwrap();
                assert!(shown.width() <= side && shown.height() <= side, "{name}");
                assert!(!picture.windows(4).any(|window| window == b"Exif"), "{name}");
            }
        }
    }

    #[test]
    fn what_is_no_picture_has_a_reason() {
        assert_eq!(reason(b"<html><script>alert(1)</script>"), NoPicture::OtherFormat);
        assert_eq!(reason(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), NoPicture::OtherFormat);
        assert_eq!(reason(b"GIF89a\xff\xff\xff\xff\0\0\0"), NoPicture::OtherFormat);
        assert_eq!(reason(b""), NoPicture::OtherFormat);
        assert_eq!(
            reason(&photo("clock-in-2099.jpg")),
            NoPicture::Damaged,
            "metadata without a picture behind it"
        );
        assert_eq!(reason(b"\xff\xd8\xff\xe0nonsense"), NoPicture::Damaged);
    }

    #[test]
    fn huge_pictures_are_refused_before_they_are_decoded() {
        let huge = |width, height, depth, colour| {
            let data = png_chunk(b"IDAT", &zeros_deflated(1));
            [png_header(width, height, depth, colour), data, png_chunk(b"IEND", b"")].concat()
        };
        let began = Instant::now();
        for bytes in [huge(50_000, 50_000, 1, 0), huge(50_000, 50_000, 8, 2), huge(12_000, 12_000, 16, 6)] {
            let looked = look(&bytes);
            assert_eq!(looked.pictures.err(), Some(NoPicture::TooLarge));
        }
        assert!(began.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn a_colour_profile_that_unpacks_to_a_gigabyte_costs_little() {
        let png = small_png();
        let profile = [b"x\0\0", &zeros_deflated(1024)[..]].concat();
        // Behind the header: 8 bytes of signature, 25 of IHDR.
        let bomb = [&png[..33], &png_chunk(b"iCCP", &profile), &png[33..]].concat();
        let began = Instant::now();
        let looked = look(&bomb);
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert_eq!(looked.dimensions, Some((10, 10)));
    }

    #[test]
    fn a_polyglot_leaves_only_its_pixels() {
        let script = b"<script>steal()</script>";
        let polyglot = [&small_png()[..], script].concat();
        let pictures = look(&polyglot).pictures.unwrap();
        for picture in [pictures.thumbnail, pictures.view] {
            assert!(!picture.windows(script.len()).any(|window| window == script));
            let shown = image::load_from_memory(&picture).unwrap().to_rgb8();
            assert!(
                shown.get_pixel(5, 5).0.iter().all(|colour| *colour > 250),
                "transparency is shown as white"
            );
        }
    }

    #[test]
    fn mutated_photos_are_survived() {
        let original = photo("rotated-with-gps.jpg");
        for seed in 0..60_u8 {
            let mut bytes = original.clone();
            for pair in noise(seed, 40).chunks(2) {
                let at = usize::from(pair[0]) * bytes.len() / 256 + usize::from(seed) % 90;
                let at = at.min(bytes.len() - 1);
                bytes[at] = pair[1];
            }
            let _ = look(&bytes);
        }
        for name in ["damaged/huge_tag_exif.jpg", "damaged/infinite_loop_exif.jpg"] {
            let _ = look(&photo(name));
        }
    }
}
