//! What is known about photos, put together.

use super::given_up::GivenUp;
use crate::complaints::{DeviceRef, PersonRef};
use crate::evidence::exif::ExifClaims;
use crate::work_orders::PhotoDeclaration;
use serde::Serialize;
use std::collections::BTreeMap;
use sync_core::document::{Entry, Photo, VisitView};
use sync_core::ids::{BlobHash, EntryId, PersonId, VisitId};
use sync_core::time::Timestamp;
use utoipa::ToSchema;

/// The signed moment may be later than the picture by so much, when it is brought from a camera.
const CAPTURE_LATE_MAX_MS: i64 = 24 * 3_600_000;
/// Clocks of camera and device may differ by so much.
const CLOCKS_APART_MAX_MS: i64 = 10 * 60_000;
/// Positions of camera and device may differ by so much, beyond the accuracy that the device states.
const PLACES_APART_MAX_M: f64 = 500.0;

/// The photos of a visit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PhotoList {
    /// The visit.
    #[schema(value_type = String)]
    pub visit_id: VisitId,
    /// Photos that signed envelopes name.
    pub named: u32,
    /// Those of them whose bytes are whole.
    pub arrived: u32,
    /// Each of them.
    pub photos: Vec<PhotoStatus>,
}

/// How far a photo is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhotoStage {
    /// A signed envelope names it; no bytes have come.
    Named,
    /// A small preview of it is shown; its bytes are still on the device.
    Previewed,
    /// Its bytes are coming.
    Arriving,
    /// All its bytes are here, and their hash is the signed one.
    Whole,
    /// Bytes came, and they were others than the signed ones.
    Damaged,
    /// Its technician or the office declared that it will not come.
    Unavailable,
}

impl PhotoStage {
    /// The stable word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Previewed => "previewed",
            Self::Arriving => "arriving",
            Self::Whole => "whole",
            Self::Damaged => "damaged",
            Self::Unavailable => "unavailable",
        }
    }
}

/// Something about a photo that a reviewer should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhotoFlag {
    /// The same bytes are named on another visit.
    UsedElsewhere,
    /// The camera's time does not fit the moment the device signed.
    TimeDiffers,
    /// The camera's position is far from where the device measured itself.
    PlaceDiffers,
    /// The bytes are another format than was claimed.
    FormatDiffers,
}

impl PhotoFlag {
    /// The stable word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::UsedElsewhere => "used_elsewhere",
            Self::TimeDiffers => "time_differs",
            Self::PlaceDiffers => "place_differs",
            Self::FormatDiffers => "format_differs",
        }
    }
}

/// One photo of a visit.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PhotoStatus {
    /// Its address: SHA-256 of its bytes, as signed at capture.
    #[schema(value_type = String)]
    pub sha256: BlobHash,
    /// Size as signed.
    pub size_bytes: i64,
    /// Media type as signed.
    pub media_type: String,
    /// How far it is.
    pub state: PhotoStage,
    /// Bytes that have arrived.
    pub arrived_bytes: i64,
    /// When the last byte arrived, server time.
    #[schema(value_type = Option<i64>)]
    pub received_at_ms: Option<Timestamp>,
    /// Hash of the wrong bytes, when it is damaged.
    #[schema(value_type = Option<String>)]
    pub found_sha256: Option<BlobHash>,
    /// Why it was declared that it will not come; stays when it came after all.
    pub unavailable_reason: Option<String>,
    /// Who declared that.
    pub(crate) unavailable_by: Option<PersonRef>,
    /// When; of a technician by the device's clock.
    #[schema(value_type = Option<i64>)]
    pub unavailable_at_ms: Option<Timestamp>,
    /// The envelopes that name it.
    pub claims: Vec<SignedClaim>,
    /// The entries of the visit document that refer to it, with what the device measured.
    pub entries: Vec<PhotoEntry>,
    /// Pictures to show.
    pub preview: PreviewStatus,
    /// By content: `jpeg`, `png` or `webp`.
    pub format: Option<String>,
    /// Width in pixels, as stored.
    pub width_px: Option<i64>,
    /// Height in pixels, as stored.
    pub height_px: Option<i64>,
    /// What the file claims about itself; never believed.
    pub exif: Option<ExifClaims>,
    /// Metres between the camera's claimed position and the one the device measured.
    pub places_apart_m: Option<i64>,
    /// What a reviewer should look at.
    pub flags: Vec<PhotoFlag>,
    /// Other visits that name the same bytes.
    #[schema(value_type = Vec<String>)]
    pub elsewhere: Vec<VisitId>,
}

/// A signed envelope that names a photo.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SignedClaim {
    /// Position of the envelope in the server log.
    pub log_index: i64,
    /// Who was signed in.
    pub(crate) person: PersonRef,
    /// The device that signed.
    pub(crate) device: DeviceRef,
    /// When, by the device's clock.
    #[schema(value_type = i64)]
    pub claimed_at_ms: Timestamp,
}

/// An entry of the visit document that refers to a photo.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PhotoEntry {
    /// The entry.
    #[schema(value_type = String)]
    pub entry_id: EntryId,
    /// Who recorded it.
    pub(crate) by: PersonRef,
    /// When, by the device's clock.
    #[schema(value_type = i64)]
    pub at_ms: Timestamp,
    /// What it shows, from the list of roles.
    pub role: String,
    /// A caption.
    pub caption: Option<String>,
    /// The finding it supports.
    #[schema(value_type = Option<String>)]
    pub finding_id: Option<EntryId>,
    /// When it was taken, as the camera said on site: a claim of the file, not of the device.
    #[schema(value_type = Option<i64>)]
    pub taken_at_ms: Option<Timestamp>,
    /// Latitude as the device measured it.
    pub lat: Option<String>,
    /// Longitude as the device measured it.
    pub lon: Option<String>,
    /// Radius of uncertainty in metres.
    pub accuracy_m: Option<String>,
    /// Whether its author took it back.
    pub withdrawn: bool,
}

/// Whether there are pictures to show.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PreviewStatus {
    /// `waiting`, `made`, `none` (not a picture) or `failed`; before the bytes are whole `early` (what the device sent
    /// ahead is shown, the original is on its way) or `missing`.
    pub state: String,
    /// Why there is none: `other-format`, `too-large`, `damaged`, `crashed`, `given-up`, `bytes-missing`.
    pub reason: Option<String>,
    /// Address of the small picture.
    pub thumbnail: Option<String>,
    /// Address of the larger picture.
    pub view: Option<String>,
}

/// A photo of which somebody said that it will not come.
pub(super) struct Unavailable {
    pub(super) photo: Which,
    /// In the words of who said it.
    pub(super) reason: String,
    pub(super) by: Option<PersonId>,
    pub(super) at: Timestamp,
}

/// A technician names an entry of the visit document, the office a hash.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Which {
    Entry(EntryId),
    Bytes(BlobHash),
}

impl Unavailable {
    /// As the office said it.
    pub(super) fn of_office(said: GivenUp) -> Self {
        Self { photo: Which::Bytes(said.sha256), reason: said.reason, by: Some(said.person_id), at: said.at }
    }

    /// As a technician said it.
    pub(super) fn of_technician(said: PhotoDeclaration) -> Option<Self> {
        Some(Self {
            photo: Which::Entry(said.entry_id.parse().ok()?),
            reason: said.reason,
            by: said.person_id.parse().ok(),
            at: Timestamp::from_unix_ms(said.claimed_at_ms),
        })
    }
}

/// What the database knows about the photos of a visit.
pub(super) struct Known<'a> {
    pub(super) named: Vec<NamedPhoto>,
    pub(super) elsewhere: Vec<(BlobHash, VisitId)>,
    pub(super) progress: Vec<Progress>,
    pub(super) view: Option<&'a VisitView>,
    pub(super) unavailable: Vec<Unavailable>,
}

/// One signed claim, with the blob if its bytes are here.
pub(super) struct NamedPhoto {
    pub(super) sha256: BlobHash,
    pub(super) size_bytes: i64,
    pub(super) media_type: String,
    pub(super) claim: SignedClaim,
    pub(super) blob: Option<BlobFacts>,
    /// Whether a small preview came ahead of the bytes.
    pub(super) early: bool,
}

/// What is known about bytes that are here.
#[derive(Clone)]
pub(super) struct BlobFacts {
    pub(super) stored_at: Timestamp,
    pub(super) preview: String,
    pub(super) preview_reason: Option<String>,
    pub(super) format: Option<String>,
    pub(super) width_px: Option<i64>,
    pub(super) height_px: Option<i64>,
    pub(super) exif: Option<ExifClaims>,
}

/// An upload that is under way or was refused.
pub(super) struct Progress {
    pub(super) upload_id: crate::evidence::uploads::UploadId,
    pub(super) sha256: BlobHash,
    /// Set when it was refused.
    pub(super) found: Option<BlobHash>,
    pub(super) bytes: u64,
}

/// Puts together what is known about each photo. People and devices are to be named still.
pub(super) fn assemble(visit: VisitId, known: &Known<'_>) -> PhotoList {
    let mut photos: Vec<PhotoStatus> = Vec::new();
    let mut places: BTreeMap<BlobHash, usize> = BTreeMap::new();
    for named in &known.named {
        let place = *places.entry(named.sha256).or_insert_with(|| {
            photos.push(begin(named, known));
            photos.len() - 1
        });
        photos[place].claims.push(named.claim.clone());
    }
    for photo in &mut photos {
        compare(photo);
    }
    let arrived = photos.iter().filter(|photo| photo.state == PhotoStage::Whole).count();
    let count = |count| u32::try_from(count).unwrap_or(u32::MAX);
    PhotoList { visit_id: visit, named: count(photos.len()), arrived: count(arrived), photos }
}

fn begin(named: &NamedPhoto, known: &Known<'_>) -> PhotoStatus {
    let sha256 = named.sha256;
    let photos = known.view.iter().flat_map(|view| &view.photos);
    let entries: Vec<PhotoEntry> = photos
        .filter(|(_, entry)| entry.content.sha256 == sha256)
        .map(|(id, entry)| entry_of(*id, entry))
        .collect();
    let lost = known.unavailable.iter().find(|lost| match lost.photo {
        Which::Bytes(hash) => hash == sha256,
        Which::Entry(id) => entries.iter().any(|entry| entry.entry_id == id),
    });
    let progress = known.progress.iter().find(|upload| upload.sha256 == sha256);
    let found = progress.and_then(|upload| upload.found);
    let state = match (&named.blob, progress, lost) {
        (Some(_), _, _) => PhotoStage::Whole,
        (None, _, Some(_)) => PhotoStage::Unavailable,
        (None, Some(_), None) if found.is_some() => PhotoStage::Damaged,
        (None, Some(upload), None) if upload.bytes > 0 => PhotoStage::Arriving,
        (None, _, None) if named.early => PhotoStage::Previewed,
        (None, _, None) => PhotoStage::Named,
    };
    let arrived_bytes = match state {
        PhotoStage::Whole => named.size_bytes,
        PhotoStage::Arriving => progress.map_or(0, |upload| i64::try_from(upload.bytes).unwrap_or(i64::MAX)),
        PhotoStage::Named | PhotoStage::Previewed | PhotoStage::Damaged | PhotoStage::Unavailable => 0,
    };
    let blob = named.blob.as_ref();
    let elsewhere: Vec<VisitId> =
        known.elsewhere.iter().filter(|(hash, _)| *hash == sha256).map(|(_, visit)| *visit).collect();
    PhotoStatus {
        sha256,
        size_bytes: named.size_bytes,
        media_type: named.media_type.clone(),
        state,
        arrived_bytes,
        received_at_ms: blob.map(|blob| blob.stored_at),
        found_sha256: found.filter(|_| state == PhotoStage::Damaged),
        unavailable_reason: lost.map(|lost| lost.reason.clone()),
        unavailable_by: lost.and_then(|lost| lost.by).map(PersonRef::unnamed),
        unavailable_at_ms: lost.map(|lost| lost.at),
        claims: Vec::new(),
        entries,
        preview: preview_of(named),
        format: blob.and_then(|blob| blob.format.clone()),
        width_px: blob.and_then(|blob| blob.width_px),
        height_px: blob.and_then(|blob| blob.height_px),
        exif: blob.and_then(|blob| blob.exif.clone()),
        places_apart_m: None,
        flags: Vec::new(),
        elsewhere,
    }
}

fn entry_of(entry_id: EntryId, entry: &Entry<Photo>) -> PhotoEntry {
    let photo = &entry.content;
    PhotoEntry {
        entry_id,
        by: PersonRef::unnamed(entry.meta.by),
        at_ms: entry.meta.at,
        role: photo.role.clone(),
        caption: photo.caption.clone(),
        finding_id: photo.finding,
        taken_at_ms: photo.taken_at,
        lat: photo.lat.clone(),
        lon: photo.lon.clone(),
        accuracy_m: photo.accuracy.clone(),
        withdrawn: entry.meta.withdrawn.is_some(),
    }
}

fn preview_of(named: &NamedPhoto) -> PreviewStatus {
    let (state, reason) = match &named.blob {
        // Until the original has been looked at, what came ahead is shown.
        Some(blob) if blob.preview != "waiting" || !named.early => {
            (blob.preview.clone(), blob.preview_reason.clone())
        }
        _ if named.early => ("early".to_owned(), None),
        _ => ("missing".to_owned(), None),
    };
    let shown = matches!(state.as_str(), "made" | "early");
    let address = |name: &str| shown.then(|| format!("/v1/photos/{}/{name}", named.sha256));
    PreviewStatus { reason, thumbnail: address("thumbnail"), view: address("view"), state }
}

/// Compares what the file claims with what the device signed and measured.
fn compare(photo: &mut PhotoStatus) {
    if !photo.elsewhere.is_empty() {
        photo.flags.push(PhotoFlag::UsedElsewhere);
    }
    let claimed = photo.media_type.strip_prefix("image/");
    if photo.format.as_deref().is_some_and(|format| claimed != Some(format)) {
        photo.flags.push(PhotoFlag::FormatDiffers);
    }
    let Some(exif) = &photo.exif else { return };
    let signed_at = photo.claims.iter().map(|claim| claim.claimed_at_ms).min();
    if signed_at.is_some_and(|signed_at| time_differs(exif, signed_at)) {
        photo.flags.push(PhotoFlag::TimeDiffers);
    }
    let measured = photo.entries.iter().find_map(measured_at);
    if let (Some((lat, lon, accuracy_m)), Some(exif_lat), Some(exif_lon)) = (measured, exif.lat, exif.lon) {
        let apart_m = distance_m((lat, lon), (exif_lat, exif_lon));
        #[expect(clippy::cast_possible_truncation, reason = "no two places are further apart than 20,100 km")]
        let whole_m = apart_m.round() as i64;
        photo.places_apart_m = Some(whole_m);
        if apart_m > PLACES_APART_MAX_M + accuracy_m {
            photo.flags.push(PhotoFlag::PlaceDiffers);
        }
    }
}

/// Whether the camera's time cannot be shortly before the signed moment. Without an offset any on earth is tried.
fn time_differs(exif: &ExifClaims, signed_at: Timestamp) -> bool {
    let Some(local) = exif.taken_local.as_deref().and_then(|text| text.parse::<jiff::civil::DateTime>().ok())
    else {
        return false;
    };
    let Ok(as_utc) = local.to_zoned(jiff::tz::TimeZone::UTC) else { return true };
    let known = exif.offset_minutes.or(exif.inferred_offset_minutes).map(i64::from);
    let (earliest_min, latest_min) = known.map_or((-12 * 60, 14 * 60), |offset| (offset, offset));
    let local_ms = as_utc.timestamp().as_millisecond();
    let late_ms = |offset_min: i64| signed_at.unix_ms() - (local_ms - offset_min * 60_000);
    late_ms(earliest_min) > CAPTURE_LATE_MAX_MS || late_ms(latest_min) < -CLOCKS_APART_MAX_MS
}

fn measured_at(entry: &PhotoEntry) -> Option<(f64, f64, f64)> {
    let number =
        |text: &Option<String>| text.as_deref()?.parse::<f64>().ok().filter(|number| number.is_finite());
    Some((number(&entry.lat)?, number(&entry.lon)?, number(&entry.accuracy_m).unwrap_or(0.0)))
}

/// Metres between two places (latitude and longitude in degrees) on a sphere of the earth's mean radius.
pub(super) fn distance_m(left: (f64, f64), right: (f64, f64)) -> f64 {
    const RADIUS_M: f64 = 6_371_008.8;
    let (lat1, lat2) = (left.0.to_radians(), right.0.to_radians());
    let half = |difference: f64| (difference / 2.0).sin().powi(2);
    let chord = half(lat2 - lat1) + lat1.cos() * lat2.cos() * half((right.1 - left.1).to_radians());
    2.0 * RADIUS_M * chord.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(local: &str, offset_minutes: Option<i32>) -> ExifClaims {
        ExifClaims { taken_local: Some(local.to_owned()), offset_minutes, ..ExifClaims::default() }
    }

    #[test]
    fn the_camera_may_be_a_little_off_but_not_from_another_day() {
        // Signed 2025-11-21 04:40 UTC.
        for (local, offset, differs) in [
            ("2025-11-21T12:35:00", Some(480), false),
            ("2025-11-21T12:45:00", Some(480), false),
            ("2025-11-21T13:00:00", Some(480), true),
            ("2025-11-20T12:45:00", Some(480), false),
            ("2025-11-20T12:00:00", Some(480), true),
            ("2025-11-21T12:35:00", None, false),
            ("2025-11-19T12:00:00", None, true),
            ("2099-01-01T00:00:00", None, true),
        ] {
            assert_eq!(
                time_differs(&taken(local, offset), crate::testing::NOW),
                differs,
                "{local} {offset:?}"
            );
        }
    }

    #[test]
    fn distances_are_those_of_the_globe() {
        let beijing = (39.9042, 116.4074);
        let shanghai = (31.2304, 121.4737);
        assert!((distance_m(beijing, shanghai) - 1_067_000.0).abs() < 3_000.0);
        assert!(distance_m(beijing, beijing) < 0.001);
        assert!((distance_m((0.0, 179.9), (0.0, -179.9)) - 22_239.0).abs() < 10.0);
    }
}
