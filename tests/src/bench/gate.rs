//! What the gate costs for one changed visit, in this process: signatures, then everything that a
//! merge worker does with it.

use crate::process;
use crate::report::Report;
use crate::work;
use std::hint::black_box;
use sync_core::ids::{DeviceId, PersonId, ServerId, VisitId};
use sync_core::log::{Envelope, SigningKey};
use sync_core::merge::{Author, Limits, MergeJob, MergeOutcome, MergeUnit, judge};
use sync_core::testing::Rng;
use sync_core::testing::fleet::Device;

const RUNS: u32 = 400;

/// Measures a visit of a day's 30 edits in 6 saves.
pub(crate) fn measure(report: &mut Report) -> anyhow::Result<()> {
    let mut rng = Rng::new(7);
    let visit = VisitId::from_bytes(rng.bytes());
    let (id, person) = (DeviceId::from_bytes(rng.bytes()), PersonId::from_bytes(rng.bytes()));
    let key = SigningKey::from_seed(&rng.bytes());
    let public = key.public();
    let mut device = Device::with_identity(id, person, key, ServerId::from_bytes(rng.bytes()), 1);
    device.take_on(visit);
    work::fill(&mut device, visit, &mut rng);
    let before = device.log.len();
    let first = judge(&job(&device, visit, None, 0), &Limits::default())?;
    let base =
        first.saved.ok_or_else(|| anyhow::anyhow!("the first record was refused: {:?}", first.results))?;
    work::edit(&mut device, visit, 6, &mut rng);
    let job = job(&device, visit, Some(base.to_vec()), before);

    let verify = milliseconds(|| {
        for envelope in &device.log[before..] {
            black_box(
                Envelope::open(envelope.cose(), *envelope.salt(), envelope.body_bytes().to_vec())
                    .is_ok_and(|envelope| envelope.is_signed_by(&public)),
            );
        }
    });
    report.row(
        "envelopes of one changed visit: 6 opened, hashed, signatures checked",
        format!("{verify:.2} ms"),
        "",
    );
    let merge = milliseconds(|| {
        black_box(judge(&job, &Limits::default()).map(|outcome: MergeOutcome| outcome.heads.len()).ok());
    });
    report.row(
        "merge of one changed visit: load, judge, apply, save, load, compare, view",
        format!("{merge:.2} ms"),
        "",
    );
    Ok(())
}

fn job(device: &Device, visit: VisitId, base: Option<Vec<u8>>, from: usize) -> MergeJob {
    let unit = |(reference, envelope): (u64, &Envelope)| {
        let body = envelope.body().ok()?;
        let change = body.change()?.clone();
        Some(MergeUnit {
            reference,
            author: Author::Device { device: device.id, generation: change.generation },
            person: device.person,
            photos: change.photos.iter().map(|photo| photo.sha256).collect(),
            chunks: change.chunks,
            approved: false,
        })
    };
    let units = (0..).zip(&device.log[from..]).filter_map(unit).collect();
    MergeJob { visit, base: base.map(Into::into), units, open_paths: Vec::new() }
}

/// Processor milliseconds of one run, so that other work on the machine does not count.
fn milliseconds(mut run: impl FnMut()) -> f64 {
    let before = process::cpu_seconds(std::process::id());
    (0..RUNS).for_each(|_| run());
    (process::cpu_seconds(std::process::id()) - before) * 1000.0 / f64::from(RUNS)
}
