//! An act in the making: what a closure may do before anything is written.

use super::Identity;
use crate::machine::Machine;
use std::cell::Cell;
use sync_core::document::{Edit, VisitView};
use sync_core::ids::{BlobHash, CommandId, EntryId, EnvelopeHash, VisitId};
use sync_core::log::{Command, DetachedPart};
use sync_core::protocol::Request;
use sync_core::time::Timestamp;

/// An edit of one visit document and what goes with it. Dropping it, or
/// returning an error from the closure, forgets it.
pub struct Act<'a> {
    pub(super) edit: Edit<'a>,
    pub(super) before: &'a VisitView,
    pub(super) machine: &'a Machine,
    pub(super) identity: &'a Identity,
    pub(super) visit: VisitId,
    pub(super) now: Timestamp,
    pub(super) parts: Vec<DetachedPart>,
    pub(super) commands: Vec<Command>,
    pub(super) current: Option<Option<VisitId>>,
    pub(super) undoes: Vec<EnvelopeHash>,
    pub(super) minted: Cell<u16>,
}

impl<'a> Act<'a> {
    /// The edit of the visit document.
    pub fn edit(&mut self) -> &mut Edit<'a> {
        &mut self.edit
    }

    /// The document as it was before this act.
    pub fn before(&self) -> &VisitView {
        self.before
    }

    /// The visit.
    pub fn visit(&self) -> VisitId {
        self.visit
    }

    /// Who this device is.
    pub fn identity(&self) -> &Identity {
        self.identity
    }

    /// When this act happens, by the device's clock: the same for everything in it.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A fresh id for an entry.
    pub fn new_entry(&self) -> EntryId {
        let mut entropy: [u8; 10] = self.machine.bytes();
        // Entries of one act share their time: the count keeps them in the order of being minted.
        let count = self.minted.get();
        self.minted.set(count.wrapping_add(1));
        entropy[..2].copy_from_slice(&count.to_be_bytes());
        EntryId::from_entropy(self.now, entropy)
    }

    /// Keeps a text beside the document; yields its id and the commitment that the document holds.
    pub fn part(&mut self, text: impl Into<String>) -> (EntryId, BlobHash) {
        let part = DetachedPart { id: self.new_entry(), salt: self.machine.bytes(), text: text.into() };
        let (id, commitment) = (part.id, BlobHash::from_bytes(part.commitment()));
        self.parts.push(part);
        (id, commitment)
    }

    /// Asks the server for something, after what this act writes.
    pub fn command(&mut self, request: &Request) -> CommandId {
        let command = Command {
            id: CommandId::from_entropy(self.now, self.machine.bytes()),
            request: request.encode().into(),
        };
        let id = command.id;
        self.commands.push(command);
        id
    }

    /// Makes a visit the current one, or none, together with this act.
    pub fn set_current(&mut self, visit: Option<VisitId>) {
        self.current = Some(visit);
    }

    /// Says that this act takes back what an earlier envelope wrote.
    pub fn undoes(&mut self, hash: EnvelopeHash) {
        self.undoes.push(hash);
    }
}
