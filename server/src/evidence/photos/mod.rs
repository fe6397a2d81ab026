//! The photos of a visit as the office sees them: what was signed, what has arrived, what the file claims.
//!
//! Capture time, place and distance are evidence, not truth: what the device claimed, what the file claims and what was
//! inferred stand side by side, and what does not fit together is flagged for the reviewer.

mod api;
mod given_up;
mod model;
#[cfg(test)]
mod page_tests;
mod pages;
mod sql;
#[cfg(test)]
mod tests;

pub(super) use api::routes;
pub use given_up::{GivenUp, given_up};
pub use model::{PhotoEntry, PhotoFlag, PhotoList, PhotoStage, PhotoStatus, PreviewStatus, SignedClaim};
pub(crate) use pages::pages;

use crate::app::App;
use crate::complaints::Names;
use crate::exchange::visits;
use crate::store::{StoreError, Tx};
use crate::work_orders;
use model::Unavailable;
use sync_core::ids::VisitId;

/// The photos of a visit with everything known about them, in the order of their capture.
pub async fn photos_of(app: &App, tx: &mut Tx, visit: VisitId) -> Result<PhotoList, StoreError> {
    let named = sql::named(tx, visit).await?;
    let elsewhere = sql::elsewhere(tx, visit).await?;
    let mut progress = sql::progress(tx, visit).await?;
    for upload in &mut progress {
        upload.bytes = app.evidence.uploads.received_bytes(&upload.upload_id).await;
    }
    let view = visits::view(tx, visit).await?;
    let mut unavailable: Vec<Unavailable> =
        given_up(tx, visit).await?.into_iter().map(Unavailable::of_office).collect();
    let declared = work_orders::photo_declarations(tx, visit).await?;
    unavailable.extend(declared.into_iter().filter_map(Unavailable::of_technician));
    let known = model::Known { named, elsewhere, progress, view: view.as_ref(), unavailable };
    let mut list = model::assemble(visit, &known);
    name_people(tx, &mut list).await?;
    Ok(list)
}

/// Fills in the names of people and devices, each looked up once.
async fn name_people(tx: &mut Tx, list: &mut PhotoList) -> Result<(), StoreError> {
    let mut names = Names::default();
    for photo in &mut list.photos {
        for claim in &mut photo.claims {
            claim.person = names.person(tx, claim.person.person_id).await?;
            claim.device = names.device(tx, claim.device.device_id).await?;
        }
        for entry in &mut photo.entries {
            entry.by = names.person(tx, entry.by.person_id).await?;
        }
        if let Some(by) = &mut photo.unavailable_by {
            *by = names.person(tx, by.person_id).await?;
        }
    }
    Ok(())
}
