//! Photos of the demonstration: a few real ones, and drawn ones where the story needs a meter.
//!
//! No collection of meter photos may be given away, so meters, seals and notices are drawn: plates, seven-segment
//! digits, bar codes, a little noise. They carry no metadata, as photos from a chat program do.

use super::SeedError;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageFormat, Rgb, RgbImage};
use serde::Deserialize;
use std::io::Cursor;

const WIDTH: u32 = 960;
const HEIGHT: u32 = 720;
/// As phones save; smaller figures show blocks around the digits.
const JPEG_QUALITY: u8 = 84;

const DARK: Rgb<u8> = Rgb([38, 42, 46]);
const PAPER: Rgb<u8> = Rgb([243, 241, 234]);
const STEEL: Rgb<u8> = Rgb([174, 180, 184]);
const LCD: Rgb<u8> = Rgb([186, 200, 170]);
const BRASS: Rgb<u8> = Rgb([198, 162, 62]);
const RED: Rgb<u8> = Rgb([176, 44, 40]);
const INK: Rgb<u8> = Rgb([24, 36, 92]);

/// Which picture is taken.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Picture {
    /// One of the embedded photos.
    File {
        /// Its name without ending.
        file: String,
    },
    /// A drawn one.
    Drawn {
        /// What it shows.
        draw: Motif,
        /// Digits on the display; the register of the visit's meter if absent.
        #[serde(default)]
        text: Option<String>,
        /// State of a seal.
        #[serde(default)]
        state: Option<String>,
    },
}

/// What a drawn picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Motif {
    /// The display of a meter or an instrument.
    Display,
    /// The plate of a meter with its number.
    Plate,
    /// A terminal cover with or without its seal.
    Seal,
    /// A pipe with its union.
    Pipe,
    /// A written notice.
    Paper,
    /// A closed door.
    Door,
}

/// Bytes with their media type.
pub(super) struct Taken {
    /// The file.
    pub(super) bytes: Vec<u8>,
    /// `image/jpeg` or `image/png`.
    pub(super) media_type: &'static str,
}

/// Takes a picture. `meter_no` and `register` are what the meter of the visit shows; `grain` makes it unlike others.
pub(super) fn take(
    picture: &Picture,
    meter_no: &str,
    register: &str,
    grain: u64,
) -> Result<Taken, SeedError> {
    match picture {
        Picture::File { file } => {
            let bytes =
                embedded(file).ok_or_else(|| SeedError::Story { what: format!("no photo {file:?}") })?;
            Ok(Taken { bytes: bytes.to_vec(), media_type: "image/jpeg" })
        }
        Picture::Drawn { draw, text, state } => {
            let text = text.as_deref().unwrap_or(register);
            let mut canvas = Canvas::new(grain);
            canvas.draw(*draw, text, meter_no, state.as_deref());
            canvas.jpeg()
        }
    }
}

/// A signature on a screen: a line that comes and goes.
pub(super) fn sign(grain: u64) -> Result<Taken, SeedError> {
    let mut image = RgbImage::from_pixel(480, 180, Rgb([255, 255, 255]));
    let (mut x, mut y, mut noise) = (40_i64, 100_i64, grain | 1);
    while x < 430 {
        noise = next(noise);
        x += i64::from(u32::try_from(noise % 3).unwrap_or(0));
        y = (y + i64::from(u32::try_from(noise % 13).unwrap_or(0)) - 6).clamp(40, 140);
        let (left, top) = (u32::try_from(x).unwrap_or(0), u32::try_from(y).unwrap_or(0));
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (1, 2)] {
            image.put_pixel(left + dx, top + dy, INK);
        }
    }
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(Taken { bytes: bytes.into_inner(), media_type: "image/png" })
}

/// Real photos that travel with the program; where they come from stands in tests/data/photos/SOURCES.md.
fn embedded(name: &str) -> Option<&'static [u8]> {
    macro_rules! photo {
        ($file:literal) => {
            Some(include_bytes!(concat!("../../../tests/data/photos/", $file, ".jpg")))
        };
    }
    match name {
        "iphone6plus-beijing" => photo!("iphone6plus-beijing"),
        "gps-degrees-as-text" => photo!("gps-degrees-as-text"),
        "rotated-with-gps" => photo!("rotated-with-gps"),
        "temple-square-gps" => photo!("temple-square-gps"),
        "plain-2009" => photo!("plain-2009"),
        "plain-2012" => photo!("plain-2012"),
        _ => None,
    }
}

struct Canvas {
    image: RgbImage,
    noise: u64,
}

impl Canvas {
    /// A wall in daylight.
    fn new(grain: u64) -> Self {
        let mut noise = grain | 1;
        let image = RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
            noise = next(noise);
            let light = 212 - x / 24 - y / 18 + u32::try_from(noise % 9).unwrap_or(0);
            let value = u8::try_from(light).unwrap_or(u8::MAX);
            Rgb([value, value, value.saturating_sub(8)])
        });
        Self { image, noise }
    }

    fn draw(&mut self, motif: Motif, text: &str, meter_no: &str, state: Option<&str>) {
        match motif {
            Motif::Display => {
                self.fill(120, 120, 720, 480, PAPER);
                self.fill(180, 210, 600, 190, DARK);
                self.fill(192, 222, 576, 166, LCD);
                self.digits(210, 250, 56, text, DARK);
                self.bars(250, 470, meter_no);
                self.fill(730, 520, 22, 22, RED);
            }
            Motif::Plate => {
                self.fill(90, 90, 780, 540, STEEL);
                self.fill(120, 120, 720, 480, PAPER);
                self.digits(160, 170, 34, meter_no, DARK);
                self.bars(160, 300, meter_no);
                (0..4).for_each(|line| self.fill(160, 440 + line * 32, 420 - line * 60, 10, DARK));
            }
            Motif::Seal => {
                self.fill(140, 260, 680, 320, PAPER);
                self.fill(140, 260, 680, 16, STEEL);
                for hole in [300, 660] {
                    self.fill(hole, 400, 26, 26, DARK);
                }
                if state != Some("missing") {
                    self.fill(268, 430, 90, 120, BRASS);
                    self.fill(308, 412, 8, 30, STEEL);
                }
            }
            Motif::Pipe => {
                self.fill(0, 320, WIDTH, 70, BRASS);
                self.fill(420, 290, 130, 130, STEEL);
                for bubble in 0..14 {
                    self.noise = next(self.noise);
                    let (dx, dy) = (self.noise % 150, self.noise / 151 % 60);
                    let place = |at: u64| u32::try_from(at).unwrap_or(0);
                    self.fill(400 + place(dx), 280 + place(dy), 6 + bubble % 5, 6 + bubble % 5, PAPER);
                }
            }
            Motif::Paper => {
                self.fill(220, 50, 520, 620, PAPER);
                self.fill(330, 90, 300, 22, RED);
                (0..11).for_each(|line| self.fill(270, 150 + line * 36, 420 - line * 37 % 90, 8, DARK));
                self.fill(560, 590, 120, 6, INK);
            }
            Motif::Door => {
                self.fill(300, 40, 380, HEIGHT - 40, Rgb([92, 64, 46]));
                self.fill(620, 370, 26, 70, BRASS);
                self.fill(440, 150, 90, 60, PAPER);
            }
        }
    }

    fn fill(&mut self, left: u32, top: u32, width: u32, height: u32, color: Rgb<u8>) {
        for y in top..(top + height).min(HEIGHT) {
            for x in left..(left + width).min(WIDTH) {
                self.noise = next(self.noise);
                let dim = u8::try_from(self.noise % 7).unwrap_or(0);
                self.image.put_pixel(x, y, Rgb(color.0.map(|part| part.saturating_sub(dim))));
            }
        }
    }

    /// Seven-segment digits of this width; a point takes a third of one.
    fn digits(&mut self, left: u32, top: u32, width: u32, text: &str, color: Rgb<u8>) {
        let (stroke, mut x) = (width / 6, left);
        for sign in text.chars() {
            match sign.to_digit(10) {
                Some(digit) => {
                    self.digit(x, top, width * 3 / 4, stroke, digit, color);
                    x += width;
                }
                None => {
                    self.fill(x, top + width * 3 / 2 - stroke, stroke, stroke, color);
                    x += width / 3;
                }
            }
        }
    }

    fn digit(&mut self, x: u32, y: u32, width: u32, stroke: u32, digit: u32, color: Rgb<u8>) {
        // Segments a to g, lowest bit first.
        const LIT: [u8; 10] = [0x3f, 0x06, 0x5b, 0x4f, 0x66, 0x6d, 0x7d, 0x07, 0x7f, 0x6f];
        let (half, right) = (width, x + width - stroke);
        let bars = [
            (x, y, width, stroke),
            (right, y, stroke, half),
            (right, y + half, stroke, half),
            (x, y + 2 * half - stroke, width, stroke),
            (x, y + half, stroke, half),
            (x, y, stroke, half),
            (x, y + half - stroke / 2, width, stroke),
        ];
        let lit = LIT[usize::try_from(digit).unwrap_or(0) % 10];
        for (segment, (left, top, width, height)) in bars.into_iter().enumerate() {
            if lit >> segment & 1 == 1 {
                self.fill(left, top, width, height, color);
            }
        }
    }

    /// Something like the bar code of a number.
    fn bars(&mut self, left: u32, top: u32, text: &str) {
        let mut x = left;
        for byte in text.bytes() {
            let thick = 2 + u32::from(byte % 5) * 2;
            self.fill(x, top, thick, 80, DARK);
            x += thick + 4 + u32::from(byte % 3) * 3;
        }
    }

    fn jpeg(self) -> Result<Taken, SeedError> {
        let mut bytes = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
        encoder.write_image(self.image.as_raw(), WIDTH, HEIGHT, ExtendedColorType::Rgb8)?;
        Ok(Taken { bytes, media_type: "image/jpeg" })
    }
}

/// Xorshift: enough for grain.
fn next(mut state: u64) -> u64 {
    state ^= state << 13;
    state ^= state >> 7;
    state ^ state << 17
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};
    use std::collections::BTreeSet;

    #[test]
    fn every_motif_is_a_readable_picture_of_its_own() {
        use Motif::*;
        let mut seen = BTreeSet::new();
        for (grain, draw) in [Display, Plate, Seal, Pipe, Paper, Door, Display].into_iter().enumerate() {
            let picture = Picture::Drawn { draw, text: None, state: None };
            let taken = take(&picture, "310042177856", "012345.67", grain as u64).unwrap();
            let image = image::load_from_memory(&taken.bytes).unwrap();
            assert_eq!((image.width(), image.height()), (WIDTH, HEIGHT));
            assert!(seen.insert(Sha256::digest(&taken.bytes).to_vec()), "{draw:?}");
        }
        assert!(image::load_from_memory(&sign(7).unwrap().bytes).is_ok());
        assert!(take(&Picture::File { file: "nothing".into() }, "", "", 0).is_err());
    }
}
