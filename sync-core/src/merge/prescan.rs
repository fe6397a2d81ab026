//! What a change chunk says of itself, read with our own bounded reader before Automerge sees it.
//!
//! Automerge 0.12 expands run lengths from the wire without a limit, inflates before it
//! checks, and never compares the checksum of a single change. So every length is added up
//! here first, in one pass without allocation proportional to what the chunk claims.
//! Only plain change chunks (type 1) with the columns that our edits need pass: no compressed
//! chunks, no documents, no bundles, no marks, no message, no trailing bytes.

use super::limits::Limits;
use crate::document::hash_of;
use crate::ids::ChangeHash;
use automerge::Change;
use std::panic::{AssertUnwindSafe, catch_unwind};

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const CHANGE_CHUNK: u8 = 1;

/// What a chunk says of itself. Nothing of it is checked against a document yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Hash of the chunk; its first four bytes are the chunk's checksum.
    pub hash: ChangeHash,
    /// The changes its author says to have seen.
    pub deps: Vec<ChangeHash>,
    /// Who says to have made it, any length.
    pub actor: Vec<u8>,
    /// Its place among its actor's changes.
    pub seq: u64,
    /// Counter of its first operation.
    pub start_op: u64,
    /// Its maker's clock in seconds.
    pub time_s: i64,
    /// Other actors that it names.
    pub other_actors: Vec<Vec<u8>>,
    /// How many operations it holds.
    pub ops: u64,
}

/// Why a chunk is not even decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrescanError {
    /// It does not begin like an Automerge chunk, or ends too early or too late.
    #[error("not a whole Automerge chunk: {what}")]
    Malformed {
        /// Which part.
        what: &'static str,
    },
    /// It is a document, a compressed change or a bundle.
    #[error("chunk type {found} is not taken from devices, only plain changes are")]
    ChunkType {
        /// Its type.
        found: u8,
    },
    /// The checksum is not the one of the contents.
    #[error("the checksum does not match the contents")]
    Checksum,
    /// It claims more than the gate takes.
    #[error("{what}: {found} is more than {max}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much it claims.
        found: u64,
        /// The limit.
        max: u64,
    },
    /// It uses a part of the format that no edit of a visit document uses.
    #[error("{what} is not used in visit documents")]
    Unused {
        /// Which part.
        what: &'static str,
    },
}

use PrescanError::{ChunkType, Malformed, TooMuch, Unused};

fn at_most(what: &'static str, found: u64, max: u64) -> Result<u64, PrescanError> {
    if found <= max { Ok(found) } else { Err(TooMuch { what, found, max }) }
}

/// Reads what a chunk says of itself.
///
/// # Errors
/// When it is no plain change chunk, claims more than `limits` allow, or its checksum is wrong.
pub fn prescan(chunk: &[u8], limits: &Limits) -> Result<Scan, PrescanError> {
    at_most("bytes in a chunk", chunk.len() as u64, limits.chunk_bytes_max)?;
    let mut reader = Reader { rest: chunk, what: "header" };
    if reader.take(4)? != MAGIC {
        return Err(reader.malformed());
    }
    let checksum = reader.take(4)?;
    let kind = reader.byte()?;
    if kind != CHANGE_CHUNK {
        return Err(ChunkType { found: kind });
    }
    if reader.unsigned()? != reader.rest.len() as u64 {
        return Err(Malformed { what: "length" });
    }
    let hash = hash_of(chunk);
    if hash.as_bytes()[..4] != *checksum {
        return Err(PrescanError::Checksum);
    }
    contents(&mut reader, hash, limits)
}

fn contents(reader: &mut Reader<'_>, hash: ChangeHash, limits: &Limits) -> Result<Scan, PrescanError> {
    reader.what = "dependencies";
    let count = at_most("dependencies", reader.unsigned()?, limits.change_deps_max)?;
    let mut deps = Vec::new();
    for _ in 0..count {
        let bytes = reader.take(32)?.try_into().map_err(|_| reader.malformed())?;
        deps.push(ChangeHash::from_bytes(bytes));
    }
    reader.what = "actor";
    let actor = reader.prefixed()?.to_vec();
    reader.what = "counters";
    let (seq, start_op, time_s) = (reader.unsigned()?, reader.unsigned()?, reader.signed()?);
    reader.what = "message";
    if !reader.prefixed()?.is_empty() {
        return Err(Unused { what: "a commit message" });
    }
    reader.what = "other actors";
    let count = at_most("other actors", reader.unsigned()?, limits.change_actors_max)?;
    let mut other_actors = Vec::new();
    for _ in 0..count {
        other_actors.push(reader.prefixed()?.to_vec());
    }
    let ops = columns(reader, limits)?;
    if !reader.rest.is_empty() {
        return Err(Unused { what: "a footer" });
    }
    Ok(Scan { hash, deps, actor, seq, start_op, time_s, other_actors, ops })
}

/// How the values of a column are laid out.
#[derive(Clone, Copy)]
enum Layout {
    /// Runs of unsigned numbers.
    Unsigned,
    /// Runs of signed differences.
    Delta,
    /// Runs of texts.
    Text,
    /// Run lengths, alternating between no and yes.
    Boolean,
    /// Bytes whose lengths another column holds.
    Raw,
}

const INSERT: u64 = 0x34;
const ACTION: u64 = 0x42;
const VALUE_META: u64 = 0x56;
const VALUE: u64 = 0x57;
const PRED_COUNT: u64 = 0x70;
const PRED_ACTOR: u64 = 0x71;
const PRED_COUNTER: u64 = 0x73;

/// The columns that edits of a visit document have; marks have two more.
fn layout(spec: u64) -> Option<(Layout, &'static str)> {
    Some(match spec {
        0x01 => (Layout::Unsigned, "column of object actors"),
        0x02 => (Layout::Unsigned, "column of object counters"),
        0x11 => (Layout::Unsigned, "column of element actors"),
        0x13 => (Layout::Delta, "column of element counters"),
        0x15 => (Layout::Text, "column of keys"),
        INSERT => (Layout::Boolean, "column of inserts"),
        ACTION => (Layout::Unsigned, "column of actions"),
        VALUE_META => (Layout::Unsigned, "column of value kinds"),
        VALUE => (Layout::Raw, "column of values"),
        PRED_COUNT => (Layout::Unsigned, "column of predecessor counts"),
        PRED_ACTOR => (Layout::Unsigned, "column of predecessor actors"),
        PRED_COUNTER => (Layout::Delta, "column of predecessor counters"),
        _ => return None,
    })
}

/// Adds up the run lengths of every column; gives the number of operations.
fn columns(reader: &mut Reader<'_>, limits: &Limits) -> Result<u64, PrescanError> {
    reader.what = "columns";
    let count = at_most("columns", reader.unsigned()?, 12)?;
    let mut specs = Vec::new();
    for _ in 0..count {
        specs.push((reader.unsigned()?, reader.unsigned()?));
    }
    if !specs.is_sorted_by(|a, b| a.0 < b.0) {
        return Err(reader.malformed());
    }
    let (mut ops, mut preds, mut pred_rows) = (0, 0, 0);
    for (spec, bytes) in specs {
        let (layout, what) = layout(spec).ok_or(Unused { what: "one of the columns" })?;
        reader.what = what;
        let bytes = usize::try_from(bytes).map_err(|_| reader.malformed())?;
        let mut column = Reader { rest: reader.take(bytes)?, what };
        let max = if spec == PRED_ACTOR || spec == PRED_COUNTER {
            limits.change_preds_max
        } else {
            limits.change_ops_max
        };
        let tally = column.tally(layout, max)?;
        match spec {
            ACTION => ops = tally.rows,
            PRED_COUNT => preds = tally.sum,
            PRED_ACTOR | PRED_COUNTER => pred_rows = pred_rows.max(tally.rows),
            VALUE_META => {
                at_most("bytes of values", tally.value_bytes, limits.chunk_bytes_max)?;
            }
            _ => {}
        }
    }
    at_most("predecessors", preds, limits.change_preds_max)?;
    if pred_rows > preds {
        return Err(Malformed { what: "column of predecessor counters" });
    }
    if ops == 0 {
        return Err(Malformed { what: "column of actions" });
    }
    Ok(ops)
}

/// What a column adds up to.
#[derive(Default)]
struct Tally {
    /// Its rows.
    rows: u64,
    /// The sum of its values, where they are unsigned.
    sum: u64,
    /// The sum of its values shifted by four: lengths, where they are value kinds.
    value_bytes: u64,
}

struct Reader<'a> {
    rest: &'a [u8],
    /// What is being read, for errors.
    what: &'static str,
}

impl<'a> Reader<'a> {
    fn malformed(&self) -> PrescanError {
        Malformed { what: self.what }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], PrescanError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(self.malformed())?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, PrescanError> {
        Ok(self.take(1)?[0])
    }

    /// Bytes with their length before them.
    fn prefixed(&mut self) -> Result<&'a [u8], PrescanError> {
        let count = usize::try_from(self.unsigned()?).map_err(|_| self.malformed())?;
        self.take(count)
    }

    /// Unsigned LEB128, at most 64 bits.
    fn unsigned(&mut self) -> Result<u64, PrescanError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(self.malformed());
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.malformed())
    }

    /// Signed LEB128, at most 64 bits.
    fn signed(&mut self) -> Result<i64, PrescanError> {
        let mut value = 0_i64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if byte & 0x40 != 0 && shift + 7 < 64 {
                    value |= -1 << (shift + 7);
                }
                return Ok(value);
            }
        }
        Err(self.malformed())
    }

    fn tally(&mut self, layout: Layout, rows_max: u64) -> Result<Tally, PrescanError> {
        let mut tally = Tally::default();
        if let Layout::Raw = layout {
            return Ok(tally);
        }
        while !self.rest.is_empty() {
            if let Layout::Boolean = layout {
                let run = self.unsigned()?;
                self.rows(&mut tally, run, rows_max)?;
                continue;
            }
            match self.signed()? {
                0 => {
                    let run = self.unsigned()?;
                    self.rows(&mut tally, run, rows_max)?;
                }
                run if run > 0 => {
                    self.rows(&mut tally, run.unsigned_abs(), rows_max)?;
                    self.value(&mut tally, layout, run.unsigned_abs())?;
                }
                run => {
                    self.rows(&mut tally, run.unsigned_abs(), rows_max)?;
                    for _ in 0..run.unsigned_abs() {
                        self.value(&mut tally, layout, 1)?;
                    }
                }
            }
        }
        Ok(tally)
    }

    fn rows(&self, tally: &mut Tally, run: u64, rows_max: u64) -> Result<(), PrescanError> {
        tally.rows = at_most(self.what, tally.rows.saturating_add(run), rows_max)?;
        Ok(())
    }

    fn value(&mut self, tally: &mut Tally, layout: Layout, times: u64) -> Result<(), PrescanError> {
        match layout {
            Layout::Unsigned => {
                let value = self.unsigned()?;
                tally.sum = tally.sum.saturating_add(value.saturating_mul(times));
                tally.value_bytes = tally.value_bytes.saturating_add((value >> 4).saturating_mul(times));
            }
            Layout::Delta => {
                self.signed()?;
            }
            Layout::Text => {
                self.prefixed()?;
            }
            Layout::Boolean | Layout::Raw => {}
        }
        Ok(())
    }
}

/// Decodes a chunk that passes the pre-scan with default limits.
pub(crate) fn decode_change(chunk: &[u8]) -> Result<Change, String> {
    let scan = prescan(chunk, &Limits::default()).map_err(|error| error.to_string())?;
    decode_scanned(chunk, &scan)
}

/// Decodes a chunk that was pre-scanned, and checks that Automerge read the same.
pub(super) fn decode_scanned(chunk: &[u8], scan: &Scan) -> Result<Change, String> {
    let decoded = catch_unwind(AssertUnwindSafe(|| Change::from_bytes(chunk.to_vec())));
    let change = decoded.map_err(|_| "automerge panicked".to_owned())?.map_err(|error| error.to_string())?;
    let same = ChangeHash::from(change.hash()) == scan.hash
        && change.len() as u64 == scan.ops
        && change.seq() == scan.seq
        && change.actor_id().to_bytes() == scan.actor;
    if same { Ok(change) } else { Err("automerge reads it otherwise than its columns add up".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::birth_chunk;
    use crate::ids::VisitId;

    #[test]
    fn a_chunk_says_what_automerge_reads() {
        let chunk = birth_chunk(VisitId::from_bytes([9; 16]));
        let scan = prescan(&chunk, &Limits::default()).unwrap();
        let change = decode_scanned(&chunk, &scan).unwrap();
        assert_eq!(scan.ops, change.len() as u64);
        assert_eq!(scan.start_op, change.start_op().get());
        assert_eq!(scan.time_s, change.timestamp());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_get_an_answer(kind in 0..4_u8, body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let mut chunk = [&MAGIC[..], &[0; 4], &[kind, u8::try_from(body.len()).unwrap_or(0)]].concat();
            if body.len() > 127 {
                chunk[9] = 0x80 | (body.len() % 128) as u8;
                chunk.push(1);
            }
            chunk.extend_from_slice(&body);
            let hash = hash_of(&chunk);
            chunk[4..8].copy_from_slice(&hash.as_bytes()[..4]);
            let _ = prescan(&chunk, &Limits::default());
            let _ = prescan(&body, &Limits::default());
        }
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_refused() {
        let chunk = birth_chunk(VisitId::from_bytes([9; 16]));
        for end in 0..chunk.len() {
            assert!(prescan(&chunk[..end], &Limits::default()).is_err());
        }
        for bit in 0..chunk.len() * 8 {
            let mut flipped = chunk.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(prescan(&flipped, &Limits::default()).is_err());
        }
    }
}
