//! The trial merge: apply on a copy, save, load, compare. Only what came through this whole
//! is ever stored.
//!
//! Loading makes every change anew from its operations and compares the heads, so a change that is
//! not encoded as Automerge encodes it, and has another hash therefore, does not come through either.

use super::job::{QuarantineReason as Reason, Refusal};
use super::ledger::refuse;
use super::limits::Limits;
use crate::document::apply_on_copy;
use automerge::{Automerge, Change, ReadDoc};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Merges changes into a copy of a document; gives it as it was loaded again, and its bytes.
pub(super) type Trial<'a> =
    dyn Fn(&Automerge, Vec<Change>, &Limits) -> Result<(Automerge, Vec<u8>), Refusal> + 'a;

/// The trial of every job.
pub(super) fn try_merge(
    document: &Automerge,
    changes: Vec<Change>,
    limits: &Limits,
) -> Result<(Automerge, Vec<u8>), Refusal> {
    let failed = |detail: &str| Refusal { reason: Reason::TrialFailed, detail: detail.to_owned() };
    let count = document.stats().num_changes + changes.len() as u64;
    let merged = apply_on_copy(document, changes).map_err(|detail| failed(&detail))?;
    let saved =
        catch_unwind(AssertUnwindSafe(|| merged.save_nocompress())).map_err(|_| failed("saving panicked"))?;
    if saved.len() as u64 > limits.document_bytes_max {
        return refuse(Reason::DocumentFull, "bytes of the document");
    }
    let loaded = catch_unwind(AssertUnwindSafe(|| Automerge::load(&saved)));
    let Ok(Ok(loaded)) = loaded else { return Err(failed("the saved document cannot be loaded")) };
    let same = loaded.get_heads() == merged.get_heads() && loaded.stats().num_changes == count;
    if same { Ok((loaded, saved)) } else { Err(failed("the loaded document is another one")) }
}
