//! Mutated changes with a right checksum, as anybody can make them: whatever they are, the
//! gate answers, and what it gives can be loaded.

use super::*;
use crate::document::{MeterCheck, SharedText};

/// How many mutants one run tries.
const MUTANTS: u64 = 3_000;

/// The generator of the mutants (xorshift64*): the same ones in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).expect("a length fits");
        usize::try_from(self.next() % end).expect("it is below a length")
    }
}

fn seeds() -> (VisitDocument, Vec<Vec<u8>>) {
    let mut base = VisitDocument::birth(VISIT);
    commit(&mut base, 1, |edit| {
        edit.answer("a", "yes").unwrap();
        edit.append_text(SharedText::Note, "seal broken").unwrap();
        edit.add_finding(entry(1), &finding("表位 3-602")).unwrap();
    });
    let check = MeterCheck {
        method: "pulse".into(),
        inputs: [("n".to_owned(), "10".to_owned())].into(),
        class: Some("2".into()),
        profile: None,
        meter_no: None,
    };
    let mut chunks = Vec::new();
    for second in 0..3 {
        let mut doc = base.clone();
        let chunk = commit(&mut doc, 1, |edit| match second {
            0 => edit.add_meter_check(entry(2), &check).unwrap(),
            1 => {
                edit.answer("a", false).unwrap();
                edit.answer("b", 12).unwrap();
                edit.propose(crate::document::ProposalField::Verdict, Some("partly")).unwrap();
            }
            _ => {
                edit.rewrite_text(SharedText::Note, "the seal was broken, 铅封").unwrap();
                edit.withdraw(crate::document::Container::Findings, entry(1), "x").unwrap();
            }
        });
        chunks.push(chunk.bytes);
    }
    (base, chunks)
}

fn mutate(dice: &mut Dice, chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut body = contents(&chunks[dice.below(chunks.len())]).to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(body.len());
        match dice.below(7) {
            0 => body[at] ^= 1 << dice.below(8),
            1 => body[at] = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xff][dice.below(7)],
            2 => {
                body.remove(at);
            }
            3 => body.insert(at, u8::try_from(dice.below(256)).expect("a byte")),
            4 => {
                let end = (at + dice.below(8)).min(body.len());
                let copy = body[at..end].to_vec();
                body.splice(at..at, copy);
            }
            5 => {
                body.splice(at..at, [0xff, 0xff, 0xff, 0xff, 0x0f]);
            }
            _ => {
                let other = contents(&chunks[dice.below(chunks.len())]);
                let from = dice.below(other.len());
                let end = (from + dice.below(16)).min(other.len());
                body.splice(at..at, other[from..end].iter().copied());
            }
        }
        if body.is_empty() {
            break;
        }
    }
    seal(1, &body)
}

#[test]
fn whatever_a_mutant_is_the_gate_answers_and_the_document_stays_loadable() {
    let (base, chunks) = seeds();
    let mut honest = base.clone();
    let good = commit(&mut honest, 3, |edit| edit.answer("honest", 1).unwrap());
    let mut dice = Dice(0x5eed);
    let mut accepted = 0;
    for _ in 0..MUTANTS {
        let mutant = mutate(&mut dice, &chunks);
        let outcome = run(Some(&base), vec![unit(1, &[&mutant]), unit(3, &[&good.bytes])]);
        assert!(is_accepted(&outcome.results[1].1));
        let doc = merged(&outcome);
        assert_eq!(doc.view().answers["honest"].shown, crate::document::Scalar::Int(1));
        accepted += u64::from(is_accepted(&outcome.results[0].1));
    }
    // Most harmless mutants change a letter of a value: few, but the generator must find some.
    assert!((1..MUTANTS / 2).contains(&accepted), "{accepted} mutants accepted");
}
