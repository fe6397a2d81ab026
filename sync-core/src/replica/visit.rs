//! One visit document on a device, with the device's own saves that are not settled yet.

use crate::document::{ApplyError, LoadError, VisitDocument};
use crate::ids::{ChangeHash, EnvelopeHash, VisitId};
use crate::log::{ChangeBody, DetachedPart, Envelope, PhotoClaim};
use crate::protocol::{VisitDigest, WholeDocument, visit_digest};
use std::collections::BTreeSet;

/// A visit document as one device holds it.
#[derive(Debug, Clone)]
pub struct VisitReplica {
    /// The document with everything this device knows, its own unsettled saves included.
    pub document: VisitDocument,
    /// Generation of the actor this device writes with.
    pub generation: u64,
    /// Own saves that the server has not merged, in the order of their sequences.
    pub unsettled: Vec<OwnSave>,
}

/// One save of this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnSave {
    /// Its envelope.
    pub envelope: EnvelopeHash,
    /// The envelope's sequence.
    pub sequence: u64,
    /// Hash and bytes of each change in it.
    pub changes: Vec<(ChangeHash, Vec<u8>)>,
    /// Photos that it names.
    pub photos: Vec<PhotoClaim>,
    /// Detached parts that it carries.
    pub parts: Vec<DetachedPart>,
    /// What became of it.
    pub fate: SaveFate,
}

/// What became of an unsettled save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveFate {
    /// Not sent, or not judged yet.
    Waiting,
    /// Kept by the server in quarantine; a person decides.
    Refused {
        /// The reason code.
        reason: String,
    },
}

impl VisitReplica {
    /// A visit that nobody has written yet.
    pub fn birth(visit: VisitId) -> Self {
        Self { document: VisitDocument::birth(visit), generation: 0, unsettled: Vec::new() }
    }

    /// Notes an own save that was sealed as `envelope`; its changes are in the document already,
    /// or are applied now (a reissue, a store read again).
    ///
    /// # Errors
    /// When its changes do not fit this document.
    pub fn record(&mut self, envelope: &Envelope) -> Result<(), ApplyError> {
        let Ok(body) = envelope.body() else { return Ok(()) };
        let Some(change) = body.change() else { return Ok(()) };
        self.keep(change)?;
        self.note(envelope);
        Ok(())
    }

    /// Notes an own save behind the others, whether or not its changes fit this document: what they build on may have
    /// been lost. A save that was noted before stays as it is.
    pub fn note(&mut self, envelope: &Envelope) {
        let sequence = envelope.header().sequence;
        let Ok(body) = envelope.body() else { return };
        let Some(change) = body.change() else { return };
        if self.unsettled.iter().any(|save| save.sequence == sequence) {
            return;
        }
        let changes = change.chunks.iter().filter_map(|chunk| {
            let decoded = automerge::Change::from_bytes(chunk.to_vec()).ok()?;
            Some((decoded.hash().into(), chunk.to_vec()))
        });
        let save = OwnSave {
            envelope: envelope.hash(),
            sequence,
            changes: changes.collect(),
            photos: change.photos.clone(),
            parts: change.parts.clone(),
            fate: SaveFate::Waiting,
        };
        self.unsettled.push(save);
    }

    /// Takes in a save of somebody else. Known changes are skipped.
    ///
    /// # Errors
    /// When something it builds on is missing: the digest will differ and the next exchange
    /// repairs it.
    pub fn keep(&mut self, change: &ChangeBody) -> Result<(), ApplyError> {
        let chunks: Vec<&[u8]> = change.chunks.iter().map(|chunk| chunk.as_slice()).collect();
        self.document.apply(&chunks)
    }

    /// Replaces the accepted part by the server's; own waiting saves are applied on top.
    ///
    /// # Errors
    /// When the server's bytes are no document of this visit.
    pub fn replace(&mut self, whole: &WholeDocument) -> Result<(), LoadError> {
        let mut document = VisitDocument::load(&whole.saved)?;
        if document.visit() != self.document.visit() {
            return Err(LoadError::NotBorn);
        }
        for save in self.unsettled.iter().filter(|save| save.fate == SaveFate::Waiting) {
            let chunks: Vec<&[u8]> = save.changes.iter().map(|(_, bytes)| bytes.as_slice()).collect();
            // A save that no longer fits stays in the log; the server's verdict on it comes anyway.
            let _ = document.apply(&chunks);
        }
        self.document = document;
        Ok(())
    }

    /// Notes that the server merged the save with this sequence.
    pub fn settle_merged(&mut self, sequence: u64) {
        self.unsettled.retain(|save| save.sequence != sequence);
    }

    /// Notes that the server refused the save with this sequence; false when it is not ours or
    /// was known before.
    pub fn settle_refused(&mut self, sequence: u64, reason: &str) -> bool {
        let waiting = |save: &&mut OwnSave| save.sequence == sequence && save.fate == SaveFate::Waiting;
        match self.unsettled.iter_mut().find(waiting) {
            Some(save) => {
                save.fate = SaveFate::Refused { reason: reason.to_owned() };
                true
            }
            None => false,
        }
    }

    /// Heads of what the server has accepted, as far as this device knows: everything but its
    /// own unsettled changes.
    pub fn accepted_heads(&self) -> Vec<ChangeHash> {
        if self.unsettled.is_empty() {
            return self.document.heads();
        }
        let mine: BTreeSet<ChangeHash> = self.unsettled_hashes().collect();
        let mut heads = BTreeSet::new();
        let mut open = self.document.heads();
        let mut seen: BTreeSet<ChangeHash> = open.iter().copied().collect();
        let mut covered = BTreeSet::new();
        while let Some(hash) = open.pop() {
            if !mine.contains(&hash) {
                heads.insert(hash);
                continue;
            }
            for dep in self.document.change_info(&hash).map(|info| info.deps).unwrap_or_default() {
                if seen.insert(dep) {
                    open.push(dep);
                }
            }
        }
        // A head reached through an own change may lie behind another head: drop what is covered.
        let mut behind: Vec<ChangeHash> = heads.iter().copied().collect();
        let mut visited = BTreeSet::new();
        while let Some(hash) = behind.pop() {
            for dep in self.document.change_info(&hash).map(|info| info.deps).unwrap_or_default() {
                covered.insert(dep);
                if visited.insert(dep) {
                    behind.push(dep);
                }
            }
        }
        heads.difference(&covered).copied().collect()
    }

    /// Digest of the accepted part, to compare with the server's.
    pub fn accepted_digest(&self) -> VisitDigest {
        visit_digest(self.document.visit(), &self.accepted_heads())
    }

    pub(super) fn unsettled_hashes(&self) -> impl Iterator<Item = ChangeHash> + '_ {
        self.unsettled.iter().flat_map(|save| save.changes.iter().map(|(hash, _)| *hash))
    }
}
