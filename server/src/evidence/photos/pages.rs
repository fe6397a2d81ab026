//! One photo as a page: large, turned and enlarged, with what was signed, what came, and what the file claims.
//!
//! Turning and enlarging are links, so they work without scripts; a script only spares the round trip.

use super::api::{ROLES, check_reason, send_original};
use super::given_up::{DECLARERS, give_up};
use super::model::{PhotoEntry, PhotoStage, PhotoStatus, distance_m};
use super::{photos_of, sql};
use crate::app::App;
use crate::auth::OfficeAuth;
use crate::complaints;
use crate::complaints::model::Complaint;
use crate::complaints::phrases::Phrases;
use crate::evidence::ExifClaims;
use crate::pages::{PageRoutes, Policy, Posted, Shell, Viewer, Words, page, see_other, unprocessable};
use crate::problem::{self, Problem};
use crate::routing::{get, post};
use crate::store::Tx;
use crate::work_orders::model::VisitPlan;
use crate::work_orders::reachable_visit;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeMap;
use sync_core::codes::CodeTable;
use sync_core::ids::BlobHash;

/// Places further apart than this are not those of one visit.
const FAR_M: f64 = 50_000.0;
/// Visits of one photo that are looked at.
const VISITS_MAX: usize = 50;
/// Quarter turns and enlargements that are offered.
const TURNS: [u16; 4] = [0, 90, 180, 270];
const ZOOMS: [u16; 3] = [1, 2, 4];

/// The pages of this capability.
pub(crate) fn pages(routes: PageRoutes) -> PageRoutes {
    routes
        .page("/photos/{sha256}", Policy::Roles(ROLES), get(show_photo))
        .page("/photos/{sha256}/original", Policy::Roles(ROLES), get(show_plain).post(open_original))
        .page("/photos/{sha256}/unavailable", Policy::Roles(DECLARERS), post(declare))
}

/// How the picture is shown.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    pub(super) turn: u16,
    pub(super) zoom: u16,
}

impl Look {
    /// Only what is offered.
    fn checked(self) -> Self {
        let turn = if TURNS.contains(&self.turn) { self.turn } else { 0 };
        let zoom = if ZOOMS.contains(&self.zoom) { self.zoom } else { 1 };
        Self { turn, zoom }
    }

    fn turned(self) -> Self {
        Self { turn: (self.turn + 90) % 360, ..self }
    }

    fn zoomed(self, larger: bool) -> Self {
        let place = ZOOMS.iter().position(|zoom| *zoom == self.zoom).unwrap_or_default();
        let place = if larger { (place + 1).min(ZOOMS.len() - 1) } else { place.saturating_sub(1) };
        Self { zoom: ZOOMS[place], ..self }
    }

    fn query(self) -> String {
        format!("?turn={}&zoom={}", self.turn, self.zoom)
    }
}

/// Label and value.
type Fact = (String, String);

/// One photo.
#[derive(Debug, Template)]
#[template(path = "evidence/photo.html")]
pub(super) struct PhotoPage {
    pub(super) shell: Shell,
    pub(super) sha256: String,
    pub(super) title: String,
    pub(super) state: String,
    pub(super) class: &'static str,
    /// What the comparison of the hashes says, as a sentence.
    pub(super) hash: String,
    pub(super) found_sha256: Option<String>,
    pub(super) flags: Vec<String>,
    /// Address of the large picture.
    pub(super) image: Option<String>,
    pub(super) is_early: bool,
    pub(super) look: Look,
    pub(super) signed: Vec<Fact>,
    pub(super) exif: Vec<Fact>,
    pub(super) exif_flags: Vec<String>,
    pub(super) places: Vec<Fact>,
    pub(super) distances: Vec<Fact>,
    /// Whether two places are so far apart that one of them cannot be right.
    pub(super) far: bool,
    /// Why there is no picture.
    pub(super) no_picture: Option<String>,
    /// The records whose visits name it.
    pub(super) named_on: Vec<Fact>,
    /// Photos of the same visit before and after it.
    pub(super) beside: (Option<String>, Option<String>),
    pub(super) has_original: bool,
    /// Whether this person may say that it will not come.
    pub(super) may_give_up: bool,
    pub(super) reason: String,
    pub(super) failure: Option<String>,
}

impl PhotoPage {
    fn left(&self) -> String {
        self.look.turned().turned().turned().query()
    }

    fn right(&self) -> String {
        self.look.turned().query()
    }

    fn larger(&self) -> String {
        self.look.zoomed(true).query()
    }

    fn smaller(&self) -> String {
        self.look.zoomed(false).query()
    }
}

async fn show_photo(
    State(app): State<App>,
    viewer: Viewer,
    Path(sha256): Path<BlobHash>,
    Query(look): Query<Look>,
) -> Result<Response, Problem> {
    Ok(page(&photo_page(&app, &viewer, sha256, look.checked()).await?))
}

/// Leads from the address of the form to the photo: somebody opened it by hand.
async fn show_plain(_: Viewer, Path(sha256): Path<BlobHash>) -> Response {
    see_other(&format!("/photos/{sha256}"), None)
}

#[derive(Debug, Deserialize)]
struct OriginalForm {
    #[serde(default)]
    reason: String,
}

async fn open_original(
    State(app): State<App>,
    Path(sha256): Path<BlobHash>,
    posted: Posted<OriginalForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    if check_reason(&form.reason).is_ok() {
        return send_original(&app, &viewer.office, &sha256, &form.reason).await;
    }
    let mut page = photo_page(&app, &viewer, sha256, Look::default().checked()).await?;
    page.failure = Some(viewer.w().t("photo-reason-needed"));
    page.reason = form.reason;
    Ok(unprocessable(&page))
}

/// Says that the photo will not come.
async fn declare(
    State(app): State<App>,
    Path(sha256): Path<BlobHash>,
    posted: Posted<OriginalForm>,
) -> Result<Response, Problem> {
    let Posted { viewer, form } = posted;
    let key = match give_up(&app, &viewer.office, &sha256, &form.reason).await {
        Ok(()) => return Ok(see_other(&format!("/photos/{sha256}"), Some("photo-given-up"))),
        Err(problem) if problem.kind().code == problem::BODY_INVALID.code => "photo-reason-needed",
        Err(problem) if problem.kind().code == problem::PHOTO_ARRIVED.code => "photo-came-after-all",
        Err(problem) => return Err(problem),
    };
    let mut page = photo_page(&app, &viewer, sha256, Look::default().checked()).await?;
    page.failure = Some(viewer.w().t(key));
    page.reason = form.reason;
    Ok(unprocessable(&page))
}

async fn photo_page(app: &App, viewer: &Viewer, sha256: BlobHash, look: Look) -> Result<PhotoPage, Problem> {
    let mut tx = app.store.read().await?;
    let unknown = || Problem::new(&problem::PHOTO_UNKNOWN);
    let visit = reachable_naming(&mut tx, &viewer.office, &sha256).await?.ok_or_else(unknown)?;
    let mut list = photos_of(app, &mut tx, visit.id).await?.photos;
    let place = list.iter().position(|photo| photo.sha256 == sha256).ok_or_else(unknown)?;
    let hash_at = |place: Option<usize>| Some(list.get(place?)?.sha256.to_string());
    let beside = (hash_at(place.checked_sub(1)), hash_at(place.checked_add(1)));
    let photo = list.swap_remove(place);
    let complaint = match visit.complaint {
        Some(id) => complaints::find(&mut tx, id).await?,
        None => None,
    };
    let named_on = named_on(&mut tx, &viewer.office, &sha256).await?;
    let phrases = Phrases::of(&mut tx, viewer.w()).await?;
    let signed = signed(&phrases, &photo);
    let mut shown =
        describe(&phrases, viewer.shell.clone(), &photo, complaint.as_ref(), (signed, beside, look));
    shown.may_give_up &= Policy::Roles(DECLARERS).admits(&viewer.office.roles);
    shown.named_on = named_on;
    Ok(shown)
}

/// Address and number of every complaint within reach whose visits name the photo, oldest first.
async fn named_on(
    tx: &mut Tx,
    auth: &OfficeAuth,
    sha256: &BlobHash,
) -> Result<Vec<(String, String)>, Problem> {
    let mut complaints = BTreeMap::new();
    for visit in sql::visits_of(tx, sha256).await?.into_iter().take(VISITS_MAX) {
        let Ok(visit) = reachable_visit(tx, auth, ROLES, visit).await else { continue };
        let Some(id) = visit.complaint else { continue };
        if let Some(found) = complaints::find(tx, id).await? {
            complaints.insert(found.ordinal, (format!("/complaints/{}", found.id), found.number));
        }
    }
    Ok(complaints.into_values().collect())
}

/// The first visit within reach that names the photo. Bytes that no envelope names are nobody's to look at.
pub(super) async fn reachable_naming(
    tx: &mut Tx,
    auth: &OfficeAuth,
    sha256: &BlobHash,
) -> Result<Option<VisitPlan>, Problem> {
    auth.require(ROLES)?;
    for visit in sql::visits_of(tx, sha256).await? {
        if let Ok(visit) = reachable_visit(tx, auth, ROLES, visit).await {
            return Ok(Some(visit));
        }
    }
    Ok(None)
}

/// Who signed for it, when, and what they wrote about it.
fn signed(phrases: &Phrases, photo: &PhotoStatus) -> Vec<Fact> {
    let w = phrases.w;
    let mut facts = Vec::new();
    for entry in &photo.entries {
        facts.push((w.t("photo-role"), phrases.coded(CodeTable::PhotoRoles, &entry.role)));
        facts.extend(entry.caption.clone().map(|caption| (w.t("photo-caption"), caption)));
        facts.extend(entry.taken_at_ms.map(|at| (w.t("photo-taken"), w.time(at))));
    }
    for claim in &photo.claims {
        let person = claim.person.name.clone().unwrap_or_else(|| w.t("record-unknown"));
        let device = claim.device.label.clone().unwrap_or_default();
        facts.push((w.t("photo-signed-by"), format!("{person} · {device}")));
        facts.push((w.t("photo-signed-at"), w.time(claim.claimed_at_ms)));
    }
    facts.extend(photo.received_at_ms.map(|at| (w.t("photo-received"), w.time(at))));
    facts.extend(photo.unavailable_reason.clone().map(|reason| (w.t("photo-lost"), reason)));
    if let Some(by) = &photo.unavailable_by {
        let person = by.name.clone().unwrap_or_else(|| w.t("record-unknown"));
        let at = photo.unavailable_at_ms.map(|at| w.time(at)).unwrap_or_default();
        facts.push((w.t("photo-lost-by"), format!("{person} · {at}")));
    }
    facts.push((w.t("photo-size"), format!("{} KB · {}", photo.size_bytes / 1024, photo.media_type)));
    if let (Some(width), Some(height)) = (photo.width_px, photo.height_px) {
        facts.push((w.t("photo-pixels"), format!("{width} × {height}")));
    }
    facts
}

/// Puts everything that is known about a photo into words.
pub(super) fn describe(
    phrases: &Phrases,
    shell: Shell,
    photo: &PhotoStatus,
    complaint: Option<&Complaint>,
    (signed, beside, look): (Vec<Fact>, (Option<String>, Option<String>), Look),
) -> PhotoPage {
    let w = phrases.w;
    let (places, distances, far) = places(w, photo, complaint);
    let role = photo.entries.first().map(|entry| phrases.coded(CodeTable::PhotoRoles, &entry.role));
    let (class, hash) = match photo.state {
        PhotoStage::Whole => ("good", w.t("photo-hash-matches")),
        PhotoStage::Damaged => ("bad", w.t("photo-hash-differs")),
        PhotoStage::Unavailable => ("bad", w.t("photo-hash-never")),
        _ => ("warn", w.t("photo-hash-waits")),
    };
    PhotoPage {
        sha256: photo.sha256.to_string(),
        title: role.unwrap_or_else(|| w.t("record-photo")),
        state: w.code("photo-state", photo.state.as_str()),
        class,
        hash,
        found_sha256: photo.found_sha256.map(|hash| hash.to_string()),
        flags: photo.flags.iter().map(|flag| w.code("photo-flag", flag.as_str())).collect(),
        image: photo.preview.view.clone(),
        no_picture: photo.preview.reason.as_deref().map(|reason| w.code("no-picture", reason)),
        is_early: photo.preview.state == "early",
        look,
        signed,
        exif: photo.exif.as_ref().map(|exif| exif_facts(w, exif)).unwrap_or_default(),
        exif_flags: exif_flags(w, photo),
        places,
        distances,
        far,
        named_on: Vec::new(),
        beside,
        has_original: photo.state == PhotoStage::Whole,
        may_give_up: !matches!(photo.state, PhotoStage::Whole | PhotoStage::Unavailable),
        reason: String::new(),
        failure: None,
        shell,
    }
}

fn exif_facts(w: Words, exif: &ExifClaims) -> Vec<Fact> {
    let offset = |minutes: i32| format!("UTC{:+03}:{:02}", minutes / 60, minutes.abs() % 60);
    let mut facts = Vec::new();
    facts.extend(exif.taken_local.clone().map(|taken| (w.t("photo-exif-taken"), taken.replace('T', " "))));
    facts.extend(exif.offset_minutes.map(|minutes| (w.t("photo-exif-offset"), offset(minutes))));
    facts.extend(exif.inferred_offset_minutes.map(|minutes| (w.t("photo-exif-inferred"), offset(minutes))));
    facts.extend(exif.gps_at_ms.map(|at| (w.t("photo-exif-gps"), w.time(at))));
    facts.extend(exif.camera.clone().map(|camera| (w.t("photo-exif-camera"), camera)));
    facts
}

fn exif_flags(w: Words, photo: &PhotoStatus) -> Vec<String> {
    let flags = photo.exif.iter().flat_map(|exif| &exif.flags);
    flags.map(|flag| w.code("exif-flag", flag.as_str())).collect()
}

/// Where people on site, the file and the address say it was, and how far these are apart.
fn places(w: Words, photo: &PhotoStatus, complaint: Option<&Complaint>) -> (Vec<Fact>, Vec<Fact>, bool) {
    let device = photo.entries.iter().find_map(measured);
    let exif = photo.exif.as_ref().and_then(|exif| exif.lat.zip(exif.lon));
    let address = complaint.and_then(|known| {
        let (lat, lon) = known.intake.position.as_ref()?;
        Some((lat.parse().ok()?, lon.parse().ok()?))
    });
    let named = [
        (w.t("photo-place-device"), device),
        (w.t("photo-place-exif"), exif),
        (w.t("photo-place-address"), address),
    ];
    let said = |(lat, lon): (f64, f64)| format!("{lat:.5}, {lon:.5}");
    let places = named.iter().filter_map(|(label, place)| place.map(|place| (label.clone(), said(place))));
    let (mut distances, mut far) = (Vec::new(), false);
    for (first, second) in [(0, 1), (0, 2), (1, 2)] {
        let ((one, from), (other, to)) = (&named[first], &named[second]);
        if let (Some(from), Some(to)) = (from, to) {
            let metres = distance_m(*from, *to);
            far |= metres > FAR_M;
            distances.push((w.ab("photo-between", one, other), length(metres)));
        }
    }
    (places.collect(), distances, far)
}

/// A length as people say it.
fn length(metres: f64) -> String {
    match metres {
        near if near < 1_000.0 => format!("{near:.0} m"),
        some if some < 10_000.0 => format!("{:.1} km", some / 1_000.0),
        far => format!("{:.0} km", far / 1_000.0),
    }
}

fn measured(entry: &PhotoEntry) -> Option<(f64, f64)> {
    let number = |text: &Option<String>| text.as_deref()?.parse::<f64>().ok();
    Some((number(&entry.lat)?, number(&entry.lon)?))
}
