//! What a camera claims: time, zone and place. Evidence, not truth; nothing in a file makes this fail.

use crate::place::Position;
use exif::{Exif, In, Reader, Tag, Value};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use std::io::Cursor;
use std::panic::catch_unwind;
use std::path::Path;
use sync_core::time::Timestamp;

/// Cameras write what they claim near the beginning.
const CLAIM_BYTES_MAX: u64 = 4 << 20;
/// The offset between local time and GPS time must be this close to a quarter of an hour.
const OFFSET_REST_S_MAX: i64 = 120;

/// What a camera claims.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Claims {
    /// When it was taken.
    pub(super) taken_at: Option<Timestamp>,
    /// Where, if it had a fix.
    pub(super) position: Option<Position>,
}

/// Reads the claims of a photo; none when there are none or the file is damaged.
pub(super) fn read(file: &Path, zone: &TimeZone) -> Claims {
    let mut bytes = Vec::new();
    let head = std::fs::File::open(file).and_then(|file| {
        std::io::Read::read_to_end(&mut std::io::Read::take(file, CLAIM_BYTES_MAX), &mut bytes)
    });
    if head.is_err() {
        return Claims::default();
    }
    // The reader is third-party code fed with whatever a card holds: a panic there costs the claims only.
    let parsed = catch_unwind(move || Reader::new().read_from_container(&mut Cursor::new(bytes)));
    match parsed {
        Ok(Ok(exif)) => claims(&exif, zone),
        _ => Claims::default(),
    }
}

fn claims(exif: &Exif, zone: &TimeZone) -> Claims {
    let position = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, "S")
        .zip(degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, "W"))
        .and_then(|(lat, lon)| Position::of_degrees(lat, lon))
        .filter(|place| !place.is_null_island());
    Claims { taken_at: taken_at(exif, zone), position }
}

/// The local time of the camera with the zone it names, the one its GPS time implies, or this device's.
fn taken_at(exif: &Exif, zone: &TimeZone) -> Option<Timestamp> {
    let local = date_time(&ascii(exif, Tag::DateTimeOriginal)?)?;
    let named = ascii(exif, Tag::OffsetTimeOriginal).and_then(|text| offset(&text));
    let implied = || implied_offset(local, gps_time(exif)?);
    let zone = named.or_else(implied).map_or_else(|| zone.clone(), TimeZone::fixed);
    let at = zone.to_ambiguous_zoned(local).compatible().ok()?;
    Some(Timestamp::from_unix_ms(at.timestamp().as_millisecond()))
}

/// The zone in which the camera's clock and its GPS time agree, to a quarter of an hour.
fn implied_offset(local: DateTime, utc: DateTime) -> Option<Offset> {
    let seconds = local.duration_since(utc).as_secs();
    let quarters = (seconds + 450).div_euclid(900);
    let close = (seconds - quarters * 900).abs() <= OFFSET_REST_S_MAX;
    let on_earth = (-12 * 4..=14 * 4).contains(&quarters);
    // GPS time equal to local time is a camera that copied its clock: it implies nothing.
    if !close || !on_earth || quarters == 0 {
        return None;
    }
    Offset::from_seconds(i32::try_from(quarters * 900).ok()?).ok()
}

fn gps_time(exif: &Exif) -> Option<DateTime> {
    let date = ascii(exif, Tag::GPSDateStamp)?;
    let Value::Rational(parts) = &exif.get_field(Tag::GPSTimeStamp, In::PRIMARY)?.value else { return None };
    let [hour, minute, second] = parts.as_slice() else { return None };
    let text =
        format!("{date} {:02.0}:{:02.0}:{:02.0}", hour.to_f64(), minute.to_f64(), second.to_f64().floor());
    date_time(&text)
}

/// `2016:03:24 14:49:51`.
fn date_time(text: &str) -> Option<DateTime> {
    let at = DateTime::strptime("%Y:%m:%d %H:%M:%S", text.trim()).ok()?;
    (at.year() > 1970).then_some(at)
}

/// `+08:00`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = text.trim().split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':')?;
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()
}

fn ascii(exif: &Exif, tag: Tag) -> Option<String> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(parts) => {
            Some(String::from_utf8_lossy(parts.first()?).trim_matches(['\0', ' ']).to_owned())
        }
        _ => None,
    }
}

fn degrees(exif: &Exif, tag: Tag, side: Tag, negative: &str) -> Option<f64> {
    let Value::Rational(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let [degrees, minutes, seconds] = parts.as_slice() else { return None };
    let value = degrees.to_f64() + minutes.to_f64() / 60.0 + seconds.to_f64() / 3600.0;
    let value = if ascii(exif, side)?.eq_ignore_ascii_case(negative) { -value } else { value };
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_implied_by_gps_time_to_a_quarter_of_an_hour() {
        let at = |text: &str| date_time(text).unwrap();
        let implied = |local: &str, utc: &str| implied_offset(at(local), at(utc)).map(Offset::seconds);
        assert_eq!(implied("2016:03:24 14:49:51", "2016:03:24 06:49:47"), Some(8 * 3600));
        assert_eq!(implied("2012:12:19 21:38:40", "2012:12:20 04:38:40"), Some(-7 * 3600));
        assert_eq!(implied("2016:03:24 18:07:37", "2016:03:24 18:07:37"), None);
        assert_eq!(implied("2016:03:24 18:07:37", "2016:03:24 12:00:00"), None);
        assert_eq!(offset("+08:00").map(Offset::seconds), Some(28_800));
        assert_eq!(offset("-03:30").map(Offset::seconds), Some(-12_600));
        assert_eq!(offset("08"), None);
        assert_eq!(date_time("0000:00:00 00:00:00"), None);
    }

    #[test]
    fn real_cameras_are_understood_and_damaged_files_claim_nothing_wrong() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/photos");
        let zone = TimeZone::UTC;
        let beijing = read(&dir.join("iphone6plus-beijing.jpg"), &zone);
        assert_eq!(beijing.taken_at, Some(Timestamp::from_unix_ms(1_458_802_191_000)));
        let place = beijing.position.unwrap();
        assert!((place.lat - 40.004_086).abs() < 1e-4 && (place.lon - 116.484_781).abs() < 1e-4, "{place:?}");
        let temple = read(&dir.join("temple-square-gps.jpg"), &zone);
        assert_eq!(temple.taken_at, Some(Timestamp::from_unix_ms(1_355_978_320_000)));
        for file in std::fs::read_dir(dir.join("damaged")).unwrap() {
            let _ = read(&file.unwrap().path(), &zone);
        }
    }
}
