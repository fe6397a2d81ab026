//! `field doctor`: is everything sound, and what to do where it is not.

use super::Outcome;
use super::status::{clock_words, refused};
use crate::cli::DoctorArgs;
use crate::client::Client;
use crate::ctx::Ctx;
use crate::failure::{Exit, Failure};
use crate::i18n::say;
use crate::machine::disk_free_bytes;
use crate::render;
use crate::store::{BlobRow, BlobState, COPY_LOST, Store, StoreError};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the server may take to answer; a technician waits for this.
const SERVER_TIMEOUT: Duration = Duration::from_secs(5);
/// Less free space than this is a finding.
const DISK_FREE_MIN: u64 = 100_000_000;

/// What was found about one thing.
struct Finding {
    code: &'static str,
    sound: bool,
    text: String,
    /// Whether `--fix` helps.
    mendable: bool,
}

/// Checks, and repairs where that is asked for.
pub(crate) async fn run(ctx: &mut Ctx, args: &DoctorArgs) -> Outcome {
    let store = match ctx.store().await {
        // Nobody is sent here again from here.
        Err(StoreError::Database(error)) => {
            let what = say!(ctx.words, "store-damaged", error = error.to_string());
            return Err(Failure::new("store-damaged", what).hint(say!(ctx.words, "doctor-damaged-hint")));
        }
        store => store?,
    };
    let mut findings = vec![place(ctx, &store, args.fix).await?, key(ctx, &store)];
    findings.push(database(ctx, &store).await?);
    findings.push(chain(ctx, &store).await?);
    findings.push(documents(ctx, &store, args.fix).await?);
    findings.push(photos(ctx, &store).await?);
    findings.push(clock(ctx, &store).await?);
    findings.push(disk(ctx, &store));
    findings.push(server(ctx, &store).await?);
    let refused = refused(&ctx.words, &store.sync_state().await?);
    findings.extend(refused.map(|(_, text)| bad("access", text)));
    let (mut sound, mut mendable) = (true, false);
    for finding in findings {
        ctx.out.event(
            "check",
            json!({ "check": finding.code, "sound": finding.sound, "message": finding.text }),
        );
        let mark = if finding.sound { "✓" } else { "✗" };
        ctx.out.data(&format!("{mark} {}", finding.text));
        // A server out of reach, or one that refuses, is no damage to this device.
        sound &= finding.sound || matches!(finding.code, "server" | "access");
        mendable |= !finding.sound && finding.mendable;
    }
    if mendable && !args.fix {
        ctx.out.next(&say!(ctx.words, "next-step", command = "field doctor --fix"));
    }
    Ok(if sound { Exit::Ok } else { Exit::Failed })
}

fn good(code: &'static str, text: String) -> Finding {
    Finding { code, sound: true, text, mendable: false }
}

fn bad(code: &'static str, text: String) -> Finding {
    Finding { code, sound: false, text, mendable: false }
}

/// The store is where it was enrolled.
async fn place(ctx: &Ctx, store: &Store, fix: bool) -> Result<Finding, StoreError> {
    let found = match store.check_binding().await {
        Err(StoreError::Copied { .. }) if fix => store.accept_move().await,
        other => other,
    };
    Ok(match found {
        Ok(()) => good("place", say!(ctx.words, "doctor-place-ok")),
        Err(StoreError::Copied { belongs_to }) => {
            let place = belongs_to
                .map_or_else(|| say!(ctx.words, "store-another-machine"), |path| path.display().to_string());
            let copied = say!(ctx.words, "store-copied", place = place);
            if store.may_accept_move().await? {
                Finding { mendable: true, ..bad("place", copied) }
            } else {
                bad("place", format!("{copied} {}", say!(ctx.words, "store-copied-hint")))
            }
        }
        Err(StoreError::Restored { .. }) => bad("place", say!(ctx.words, "ready-restored")),
        Err(error) => return Err(error),
    })
}

fn key(ctx: &Ctx, store: &Store) -> Finding {
    match store.key() {
        Ok(_) => good("key", say!(ctx.words, "doctor-key-ok")),
        Err(_) => {
            bad("key", say!(ctx.words, "store-key", file = store.home().key_file().display().to_string()))
        }
    }
}

async fn database(ctx: &Ctx, store: &Store) -> Result<Finding, StoreError> {
    Ok(match store.integrity().await? {
        None => good("database", say!(ctx.words, "doctor-database-ok")),
        Some(problem) => bad("database", say!(ctx.words, "store-damaged", error = problem)),
    })
}

/// Every own envelope can be read, is signed by this device and follows on the one before.
async fn chain(ctx: &Ctx, store: &Store) -> Result<Finding, StoreError> {
    let (count, broken) = store.verify_chain().await?;
    Ok(match broken {
        None => good("chain", say!(ctx.words, "doctor-chain-ok", count = count)),
        Some(sequence) => bad("chain", say!(ctx.words, "doctor-chain-broken", sequence = sequence)),
    })
}

async fn documents(ctx: &Ctx, store: &Store, fix: bool) -> Result<Finding, StoreError> {
    let (mut count, mut damaged) = (0, 0);
    for row in store.visits().await? {
        count += 1;
        if store.document(row.visit).await.is_ok() {
            continue;
        }
        if fix {
            store.rebuild_document(row.visit).await?;
        } else {
            damaged += 1;
        }
    }
    Ok(match damaged {
        0 => good("documents", say!(ctx.words, "doctor-documents-ok", count = count)),
        damaged => Finding {
            mendable: true,
            ..bad("documents", say!(ctx.words, "doctor-documents-damaged", count = damaged))
        },
    })
}

/// Every photo that has not arrived is here, byte for byte; one that was declared lost may be missing.
async fn photos(ctx: &Ctx, store: &Store) -> Result<Finding, StoreError> {
    let undeclared = |blob: &BlobRow| match blob.state {
        BlobState::Waiting | BlobState::Refused => true,
        BlobState::Unavailable => blob.reason.as_deref() == Some(COPY_LOST),
        BlobState::Arrived => false,
    };
    let photos = store.photos(None).await?;
    let open: BTreeMap<_, _> = photos
        .iter()
        .filter(|photo| undeclared(&photo.blob))
        .map(|photo| (photo.blob.sha256, &photo.blob))
        .collect();
    let lost: Vec<&str> =
        open.values().filter(|blob| !blob.is_whole()).map(|blob| blob.original_name.as_str()).collect();
    if !lost.is_empty() {
        let (count, files) = (lost.len(), lost.join(", "));
        return Ok(bad("photos", say!(ctx.words, "doctor-photos-lost", count = count, files = files)));
    }
    Ok(match open.values().filter(|blob| blob.state == BlobState::Refused).count() {
        0 => good("photos", say!(ctx.words, "doctor-photos-ok", count = open.len())),
        count => bad("photos", say!(ctx.words, "status-photos-refused", count = count)),
    })
}

async fn clock(ctx: &Ctx, store: &Store) -> Result<Finding, StoreError> {
    let (sound, text) = clock_words(ctx, &store.sync_state().await?);
    Ok(Finding { sound, ..good("clock", text) })
}

fn disk(ctx: &Ctx, store: &Store) -> Finding {
    let free = disk_free_bytes(&store.home().data).unwrap_or(u64::MAX);
    let text = say!(ctx.words, "status-disk", free = render::bytes(free));
    if free >= DISK_FREE_MIN {
        return good("disk", text);
    }
    let needed = say!(ctx.words, "doctor-disk-low", needed = render::bytes(DISK_FREE_MIN));
    bad("disk", format!("{text}{needed}"))
}

async fn server(ctx: &Ctx, store: &Store) -> Result<Finding, StoreError> {
    let base = store.identity().await?.server_url;
    let server = crate::sync_failure::host(&base);
    let asked = async { Client::new(&base, ctx.words.lang.tag())?.is_alive().await };
    let alive = matches!(tokio::time::timeout(SERVER_TIMEOUT, asked).await, Ok(Ok(())));
    Ok(if alive {
        good("server", say!(ctx.words, "doctor-server-ok", server = server))
    } else {
        bad("server", say!(ctx.words, "doctor-server-away", server = server))
    })
}
