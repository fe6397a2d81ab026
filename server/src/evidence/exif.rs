//! What a photo says about itself: claims, stored beside what the device measured and never believed.
//!
//! EXIF local time has no time zone and EXIF GPS time is UTC, so an offset can be inferred where both are there; a camera
//! that wrote local time as GPS time makes the inference wrong, which is why it is called inferred and is compared with
//! the place. Serial numbers and names of owners are left in the sealed original.

use exif::{Exif, In, Reader, Tag, Value};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::io::Cursor;
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// Only the beginning of a file is searched: cameras write EXIF in front of the picture.
const HEAD_BYTES_MAX: usize = 2 << 20;
/// Longest text taken from a file.
const TEXT_CHARS_MAX: usize = 64;
/// Offsets of time zones are multiples of this.
const OFFSET_STEP_S: i64 = 15 * 60;
/// Between the moment of the GPS fix and the moment of the picture.
const OFFSET_REST_MAX_S: i64 = 2 * 60;
/// Further than this from the clock of the sun, an inferred offset does not fit the place.
const PLACE_OFFSET_MAX_MIN: f64 = 210.0;

/// What a file claims.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct ExifClaims {
    /// When it was taken by the camera's clock, without a time zone: `2012-12-19T21:38:40`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_local: Option<String>,
    /// Offset from UTC that the file states, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_minutes: Option<i32>,
    /// Offset from UTC inferred from local and GPS time, in minutes. Evidence, not truth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inferred_offset_minutes: Option<i32>,
    /// Time of the GPS fix, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub gps_at_ms: Option<Timestamp>,
    /// Latitude in degrees (WGS 84), north positive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Longitude in degrees (WGS 84), east positive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// Maker and model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<String>,
    /// How the picture must be turned: 1 to 8, as in EXIF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orientation: Option<u8>,
    /// What is strange about the claims.
    pub flags: Vec<ExifFlag>,
}

/// Something strange about what a file claims. None of them is an error: they are for the reviewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExifFlag {
    /// The file claims nothing.
    NoExif,
    /// Something in it cannot be read.
    Damaged,
    /// The camera's clock was ahead of the time the server received the photo.
    ClockAhead,
    /// The photo claims to be older than 30 days.
    Old,
    /// The position is exactly 0, 0: a camera without a fix.
    GpsZero,
    /// A position without a time.
    GpsWithoutTime,
    /// A position that is no number of degrees.
    GpsUnreadable,
    /// The inferred offset does not fit the longitude: the camera may have written local time as GPS time.
    OffsetStrange,
}

impl ExifFlag {
    /// The stable word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NoExif => "no_exif",
            Self::Damaged => "damaged",
            Self::ClockAhead => "clock_ahead",
            Self::Old => "old",
            Self::GpsZero => "gps_zero",
            Self::GpsWithoutTime => "gps_without_time",
            Self::GpsUnreadable => "gps_unreadable",
            Self::OffsetStrange => "offset_strange",
        }
    }
}

/// Reads the claims of a file. Never fails and never panics: what cannot be read is flagged.
pub(super) fn read(bytes: &[u8], received_at: Timestamp) -> ExifClaims {
    let head = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
    // The parser has no known panic; a photo must not cost the thread if it has an unknown one.
    let parsed = std::panic::catch_unwind(|| parse(head)).unwrap_or(Parsed::Damaged);
    match parsed {
        Parsed::Nothing => flagged(ExifFlag::NoExif),
        Parsed::Damaged => flagged(ExifFlag::Damaged),
        Parsed::Found { exif, damaged } => {
            let mut claims = claims_of(&exif, received_at);
            if damaged {
                claims.flags.push(ExifFlag::Damaged);
            }
            claims.flags.sort_unstable();
            claims.flags.dedup();
            claims
        }
    }
}

fn flagged(flag: ExifFlag) -> ExifClaims {
    ExifClaims { flags: vec![flag], ..ExifClaims::default() }
}

enum Parsed {
    Nothing,
    Damaged,
    Found { exif: Exif, damaged: bool },
}

fn parse(head: &[u8]) -> Parsed {
    match Reader::new().continue_on_error(true).read_from_container(&mut Cursor::new(head)) {
        Ok(exif) => Parsed::Found { exif, damaged: false },
        Err(exif::Error::PartialResult(partial)) => {
            Parsed::Found { exif: partial.into_inner().0, damaged: true }
        }
        Err(exif::Error::NotFound(_) | exif::Error::BlankValue(_)) => Parsed::Nothing,
        Err(exif::Error::InvalidFormat("Unknown image format")) => Parsed::Nothing,
        Err(_) => Parsed::Damaged,
    }
}

fn claims_of(exif: &Exif, received_at: Timestamp) -> ExifClaims {
    let mut flags = Vec::new();
    let taken = ascii(exif, Tag::DateTimeOriginal).or_else(|| ascii(exif, Tag::DateTime)).and_then(date_time);
    let (lat, lon) = position(exif, &mut flags);
    let gps_at = gps_time(exif);
    if lat.is_some() && gps_time_of_day_ms(exif).is_none() {
        flags.push(ExifFlag::GpsWithoutTime);
    }
    let inferred = taken.and_then(|taken| match gps_at {
        Some(gps_at) => infer_offset(taken, gps_at),
        None => infer_offset_of_day(taken, gps_time_of_day_ms(exif)?),
    });
    if inferred.zip(lon).is_some_and(|(offset, lon)| !fits_place(offset, lon)) {
        flags.push(ExifFlag::OffsetStrange);
    }
    if let Some(taken) = taken {
        flag_clock(taken, received_at, &mut flags);
    }
    ExifClaims {
        taken_local: taken.map(|taken| taken.to_string()),
        offset_minutes: ascii(exif, Tag::OffsetTimeOriginal).and_then(offset),
        inferred_offset_minutes: inferred,
        gps_at_ms: gps_at,
        lat,
        lon,
        camera: camera(exif),
        orientation: orientation(exif),
        flags,
    }
}

/// Compares in UTC with the widest offset in the camera's favour, since it states none.
fn flag_clock(taken: DateTime, received_at: Timestamp, flags: &mut Vec<ExifFlag>) {
    const HOUR_MS: i64 = 3_600_000;
    let Some(taken_ms) = unix_ms(taken) else { return };
    if taken_ms - 14 * HOUR_MS > received_at.unix_ms() {
        flags.push(ExifFlag::ClockAhead);
    } else if taken_ms + (30 * 24 + 12) * HOUR_MS < received_at.unix_ms() {
        flags.push(ExifFlag::Old);
    }
}

fn unix_ms(utc: DateTime) -> Option<i64> {
    Some(utc.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// The offset is the difference, rounded to a quarter of an hour, if little is left over and the earth has such an offset.
fn infer_offset(local: DateTime, gps_at: Timestamp) -> Option<i32> {
    let difference_s = (unix_ms(local)? - gps_at.unix_ms()).div_euclid(1000);
    let steps = (difference_s + OFFSET_STEP_S / 2).div_euclid(OFFSET_STEP_S);
    let rest_s = difference_s - steps * OFFSET_STEP_S;
    let minutes = steps * OFFSET_STEP_S / 60;
    let exists = rest_s.abs() <= OFFSET_REST_MAX_S && (-12 * 60..=14 * 60).contains(&minutes);
    i32::try_from(minutes).ok().filter(|_| exists)
}

/// The same where the date of the fix is missing, as old phones write it: the day that needs the smaller offset.
fn infer_offset_of_day(local: DateTime, time_of_day_ms: i64) -> Option<i32> {
    let midnight_ms = unix_ms(local.date().at(0, 0, 0, 0))?;
    let on_day = |day: i64| {
        let gps_at = Timestamp::from_unix_ms(midnight_ms + day * 86_400_000 + time_of_day_ms);
        infer_offset(local, gps_at)
    };
    [0, -1, 1].into_iter().filter_map(on_day).min_by_key(|minutes| minutes.abs())
}

/// The sun needs four minutes for each degree.
fn fits_place(offset_minutes: i32, lon: f64) -> bool {
    (f64::from(offset_minutes) - lon * 4.0).abs() <= PLACE_OFFSET_MAX_MIN
}

fn ascii(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(texts) => texts.first().map(Vec::as_slice),
        _ => None,
    }
}

fn plain_text(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let plain: String = text.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect();
    Some(plain.trim().to_owned()).filter(|text| !text.is_empty())
}

fn date_time(bytes: &[u8]) -> Option<DateTime> {
    let parsed = exif::DateTime::from_ascii(bytes).ok()?;
    let year = i16::try_from(parsed.year).ok()?;
    let [month, day] = [parsed.month, parsed.day].map(|part| i8::try_from(part).ok());
    let [hour, minute, second] =
        [parsed.hour, parsed.minute, parsed.second].map(|part| i8::try_from(part).ok());
    DateTime::new(year, month?, day?, hour?, minute?, second?, 0).ok()
}

/// `+08:00` or `-07:00`.
fn offset(bytes: &[u8]) -> Option<i32> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let minutes =
        hours.parse::<u8>().ok().map(i32::from)? * 60 + minutes.parse::<u8>().ok().map(i32::from)?;
    Some(sign * minutes).filter(|minutes| (-12 * 60..=14 * 60).contains(minutes))
}

fn rationals<const N: usize>(exif: &Exif, tag: Tag) -> Option<[f64; N]> {
    let Value::Rational(values) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let mut numbers = [0.0; N];
    for (number, value) in numbers.iter_mut().zip(values.get(..N)?) {
        *number = value.to_f64();
        if !number.is_finite() {
            return None;
        }
    }
    Some(numbers)
}

fn position(exif: &Exif, flags: &mut Vec<ExifFlag>) -> (Option<f64>, Option<f64>) {
    let is_there = |tag| exif.get_field(tag, In::PRIMARY).is_some();
    if !is_there(Tag::GPSLatitude) && !is_there(Tag::GPSLongitude) {
        return (None, None);
    }
    let lat = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, 90.0);
    let lon = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, 180.0);
    match (lat, lon) {
        (Some(0.0), Some(0.0)) => {
            flags.push(ExifFlag::GpsZero);
            (None, None)
        }
        (Some(_), Some(_)) => (lat, lon),
        _ => {
            flags.push(ExifFlag::GpsUnreadable);
            (None, None)
        }
    }
}

fn degrees(exif: &Exif, tag: Tag, side: Tag, max: f64) -> Option<f64> {
    let [degrees, minutes, seconds] = rationals(exif, tag)?;
    let size = degrees + minutes / 60.0 + seconds / 3600.0;
    let size = match ascii(exif, side).and_then(|side| side.first()) {
        Some(b'N' | b'E') => size,
        // Not below zero at the equator and the meridian: 0 and -0 are the same place.
        Some(b'S' | b'W') => 0.0 - size,
        _ => return None,
    };
    // A millionth of a degree is 11 cm.
    Some((size * 1e6).round() / 1e6).filter(|size| size.abs() <= max)
}

fn gps_time(exif: &Exif) -> Option<Timestamp> {
    let date = std::str::from_utf8(ascii(exif, Tag::GPSDateStamp)?).ok()?;
    let midnight = date_time(format!("{} 00:00:00", date.trim()).as_bytes())?;
    Some(Timestamp::from_unix_ms(unix_ms(midnight)?).plus_ms(gps_time_of_day_ms(exif)?))
}

fn gps_time_of_day_ms(exif: &Exif) -> Option<i64> {
    let [hour, minute, second]: [f64; 3] = rationals(exif, Tag::GPSTimeStamp)?;
    if !(0.0..24.0).contains(&hour) || !(0.0..60.0).contains(&minute) || !(0.0..61.0).contains(&second) {
        return None;
    }
    let ms = ((hour * 60.0 + minute) * 60.0 + second) * 1000.0;
    #[expect(clippy::cast_possible_truncation, reason = "at most 24 hours in milliseconds")]
    let ms = ms.round() as i64;
    Some(ms)
}

fn camera(exif: &Exif) -> Option<String> {
    let make = ascii(exif, Tag::Make).and_then(plain_text);
    let model = ascii(exif, Tag::Model).and_then(plain_text);
    match (make, model) {
        (Some(make), Some(model)) if model.starts_with(&make) => Some(model),
        (Some(make), Some(model)) => Some(format!("{make} {model}")),
        (make, model) => make.or(model),
    }
}

fn orientation(exif: &Exif) -> Option<u8> {
    let value = exif.get_field(Tag::Orientation, In::PRIMARY)?.value.get_uint(0)?;
    u8::try_from(value).ok().filter(|value| (1..=8).contains(value))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{noise, photo};
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = crate::testing::NOW;

    #[test]
    fn a_phone_in_beijing_lets_its_offset_be_inferred() {
        let claims = read(&photo("iphone6plus-beijing.jpg"), NOW);
        assert_eq!(claims.taken_local.as_deref(), Some("2016-03-24T14:49:51"));
        assert_eq!(claims.inferred_offset_minutes, Some(8 * 60));
        assert_eq!((claims.lat, claims.lon), (Some(40.004_086), Some(116.484_781)));
        assert_eq!(claims.orientation, Some(6));
        assert_eq!(claims.camera.as_deref(), Some("Apple iPhone 6 Plus"));
        assert_eq!(claims.gps_at_ms, Some(Timestamp::from_unix_ms(1_458_802_187_570)));
        assert_eq!(claims.flags, [ExifFlag::Old]);
    }

    #[test]
    fn the_date_may_roll_over_between_local_and_gps_time() {
        let claims = read(&photo("temple-square-gps.jpg"), NOW);
        assert_eq!(claims.taken_local.as_deref(), Some("2012-12-19T21:38:40"));
        assert_eq!(claims.inferred_offset_minutes, Some(-7 * 60));
        assert_eq!((claims.lat, claims.lon), (Some(40.770_339), Some(-111.891_222)));
    }

    #[test]
    fn a_rotated_photo_says_so() {
        let claims = read(&photo("rotated-with-gps.jpg"), NOW);
        assert!(claims.taken_local.as_ref().unwrap().ends_with("T15:03:47"), "{claims:?}");
        assert_eq!(claims.inferred_offset_minutes, Some(2 * 60));
        assert_eq!(claims.orientation, Some(6));
    }

    #[test]
    fn strange_claims_are_flagged_and_not_believed() {
        let claims = read(&photo("lumia820-gps-no-time.jpg"), NOW);
        assert_eq!((claims.lat, claims.lon), (Some(55.038_756), Some(8.457_191)));
        assert_eq!((claims.gps_at_ms, claims.inferred_offset_minutes), (None, None));
        assert!(claims.flags.contains(&ExifFlag::GpsWithoutTime));
        let claims = read(&photo("clock-in-2099.jpg"), NOW);
        assert!(claims.flags.contains(&ExifFlag::ClockAhead), "{claims:?}");
        let claims = read(&photo("gps-degrees-as-text.jpg"), NOW);
        assert_eq!((claims.lat, claims.lon), (None, None));
        assert!(claims.flags.contains(&ExifFlag::GpsUnreadable), "{claims:?}");
        assert_eq!(read(b"<html>", NOW).flags, [ExifFlag::NoExif]);
        assert_eq!(read(b"", NOW).flags, [ExifFlag::NoExif]);
    }

    #[test]
    fn damaged_exif_is_flagged() {
        for name in ["damaged/huge_tag_exif.jpg", "damaged/infinite_loop_exif.jpg"] {
            let claims = read(&photo(name), NOW);
            assert!(claims.flags.contains(&ExifFlag::Damaged), "{name}: {claims:?}");
        }
    }

    #[test]
    fn an_offset_is_inferred_only_where_it_can_be_one() {
        let local: DateTime = "2020-02-29T12:00:00".parse().unwrap();
        for (gps_minus_local_s, expected) in [
            (0, Some(0)),
            (-8 * 3600 + 119, Some(480)),
            (-8 * 3600 + 121, None),
            (-(5 * 3600 + 45 * 60), Some(345)),
            (7 * 3600, Some(-420)),
            (13 * 3600, None),
            (-14 * 3600, Some(840)),
            (-15 * 3600, None),
            (7 * 60, None),
        ] {
            let gps_at = Timestamp::from_unix_ms(unix_ms(local).unwrap() + gps_minus_local_s * 1000);
            assert_eq!(infer_offset(local, gps_at), expected, "{gps_minus_local_s}");
        }
        let noon_ms = 12 * 3_600_000;
        for (gps_ms, expected) in [
            (4 * 3_600_000, Some(480)),
            (noon_ms + 7 * 3_600_000, Some(-420)),
            (0, Some(720)),
            (noon_ms, Some(0)),
        ] {
            assert_eq!(infer_offset_of_day(local, gps_ms), expected, "{gps_ms}");
        }
        assert!(!fits_place(0, 116.4), "local time written as GPS time in Beijing");
        assert!(fits_place(480, 75.0), "Beijing time at the western border");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn any_bytes_are_survived(seed in any::<u8>(), flips in proptest::collection::vec((0..3000_usize, any::<u8>()), 0..40)) {
            let mut bytes = photo("gps-degrees-as-text.jpg");
            bytes.truncate(4000);
            for (at, value) in flips {
                bytes[at] = value;
            }
            let _ = read(&bytes, NOW);
            let _ = read(&noise(seed, 500), NOW);
        }
    }
}
