//! `field enrol`: this device gets its identity.

use super::Outcome;
use super::standing::warn_about_clock;
use crate::cli::EnrolArgs;
use crate::client::{Client, ClientError};
use crate::ctx::Ctx;
use crate::failure::{Exit, Explain as _, Failure, Told};
use crate::i18n::say;
use crate::store::{Identity, KeptActs, NewIdentity, Store, StoreError, Tombstone};
use crate::sync::report_wipe;
use crate::sync_failure::host;
use serde_json::json;
use sync_core::log::{SigningKey, fingerprint};
use sync_core::protocol::{EarlierIdentity, EnrolmentRequest, enrolment_proof_input};
use sync_core::time::Timestamp;

/// Longest name of a device that a server takes.
const NAME_CHARS_MAX: usize = 80;

/// Where an invitation leads, and its secret.
struct Invitation {
    base: String,
    code: String,
}

/// Enrols this device.
pub(crate) async fn run(ctx: &mut Ctx, args: &EnrolArgs) -> Outcome {
    let invitation = read(ctx, args)?;
    if let Some(tombstone) = Tombstone::find(&ctx.home)?.filter(|tombstone| !tombstone.is_reported()) {
        // The last occasion to say so: the key of the old identity goes. The new one needs nothing of it.
        let _ = report_wipe(&ctx.home, &ctx.machine, tombstone, ctx.words.lang.tag()).await;
    }
    // Made before the invitation is spent, so that a full disk does not cost one.
    let store = Store::open_or_create(ctx.home.clone(), ctx.machine.clone()).await?;
    if let Some(identity) = store.find_identity().await? {
        may_replace(ctx, &store, &identity).await?;
    }
    let kept = store.kept_acts().await?;
    // A server that lost this device in a restore takes it back as what it was: then nothing has to be said anew.
    let lost = store.lost_identity().await?.filter(|_| kept.is_some());
    let key = match &lost {
        Some(_) => store.key()?,
        None => SigningKey::from_seed(&ctx.machine.bytes()),
    };
    let proof = key.sign(&enrolment_proof_input(&invitation.code, &key.public()));
    let request = EnrolmentRequest {
        code: invitation.code,
        public_key: data_encoding::HEXLOWER.encode(key.public().as_bytes()),
        proof: data_encoding::HEXLOWER.encode(&proof),
        label: args.name.clone().unwrap_or_else(machine_name).chars().take(NAME_CHARS_MAX).collect(),
        app_version: env!("CARGO_PKG_VERSION").to_owned(),
        person_id: kept.as_ref().map(|kept| kept.person),
        earlier: lost.map(|lost| EarlierIdentity { server_id: lost.server, device_id: lost.device }),
    };
    let client = Client::new(&invitation.base, ctx.words.lang.tag())?;
    let answer = client.enrol(&request).await.map_err(|error| refused(ctx, &error, kept))?;
    let (here, server_time) = (ctx.now(), Timestamp::from_unix_ms(answer.server_time_ms));
    let shown = fingerprint(&key.public());
    let taken_up = answer.taken_up.clone();
    let identity = store.adopt(NewIdentity { server_url: invitation.base, answer, key }).await?;
    let machine = ctx.machine.clone();
    store.update_sync_state(|state| state.compare_clocks(&machine, here, server_time)).await?;
    let carried = store.carry_over(&taken_up).await?;
    tell(ctx, &identity, &shown, here.since_ms(server_time), carried);
    warn_about_clock(ctx, &store.sync_state().await?);
    Ok(Exit::Ok)
}

/// Why the server did not enrol this device. A sync would not try it again.
fn refused(ctx: &Ctx, error: &ClientError, kept: Option<KeptActs>) -> Told {
    if let (ClientError::Problem { problem }, Some(kept)) = (error, kept)
        && problem.code == "invitation-of-another"
    {
        return kept.of_other_person().explain(&ctx.words);
    }
    let told = error.explain(&ctx.words);
    if told.exit == Exit::Unreachable {
        return Told { hints: vec![say!(ctx.words, "enrol-again-hint")], ..told };
    }
    told
}

fn read(ctx: &Ctx, args: &EnrolArgs) -> Result<Invitation, Failure> {
    let typed = args.invitation.trim();
    if !typed.contains("://") {
        if args.server.is_none() && !ctx.interactive {
            let what = say!(ctx.words, "usage-missing", arguments = "--server");
            return Err(Failure::usage("missing-value", what).hint(say!(ctx.words, "enrol-code-hint")));
        }
        let question = say!(ctx.words, "enrol-ask-server");
        let server = ctx.need(args.server.as_deref(), "--server", &question)?;
        let base = if server.contains("://") { server } else { format!("https://{server}") };
        return Ok(Invitation { base: base.trim_end_matches('/').to_owned(), code: typed.to_owned() });
    }
    let (link, code) = typed.split_once('#').filter(|(_, code)| !code.is_empty()).ok_or_else(|| {
        Failure::usage("invitation-cut", say!(ctx.words, "enrol-cut")).hint(say!(ctx.words, "enrol-cut-hint"))
    })?;
    let link = link.trim_end_matches('/');
    let base = link.strip_suffix("/enrol").unwrap_or(link);
    Ok(Invitation { base: base.to_owned(), code: code.to_owned() })
}

/// A device that works is not enrolled again by accident. What it recorded is kept either way.
async fn may_replace(ctx: &Ctx, store: &Store, identity: &Identity) -> Result<(), Failure> {
    let state = store.sync_state().await?;
    let refused = state
        .last_failure
        .as_deref()
        .is_some_and(|code| matches!(code, "device-revoked" | "device-not-enrolled" | "other-server"));
    let broken =
        matches!(store.check_binding().await, Err(StoreError::Copied { .. })) || store.key().is_err();
    let name = identity.device_name.clone();
    if state.enrol_again || refused || broken {
        return Ok(());
    }
    if ctx.confirm(&say!(ctx.words, "enrol-confirm", device = name.clone()))? {
        return Ok(());
    }
    Err(Failure::new("already-enrolled", say!(ctx.words, "enrol-already", device = name))
        .hint(say!(ctx.words, "enrol-already-hint")))
}

fn tell(ctx: &mut Ctx, identity: &Identity, shown: &str, offset_ms: i64, carried: u64) {
    ctx.out.event(
        "enrolled",
        json!({
            "server": identity.server_url, "device_id": identity.device, "device": identity.device_name,
            "person_id": identity.person, "person": identity.person_name, "staff_no": identity.staff_no,
            "fingerprint": shown, "clock_offset_ms": offset_ms, "reissued": carried,
        }),
    );
    let person = match identity.staff_no.as_str() {
        "" => identity.person_name.clone(),
        staff_no => format!("{} ({staff_no})", identity.person_name),
    };
    let (server, device) = (host(&identity.server_url), identity.device_name.clone());
    ctx.out.done(&say!(ctx.words, "enrol-done", device = device, person = person, server = server));
    ctx.out.note(&say!(ctx.words, "enrol-key", fingerprint = shown));
    if carried > 0 {
        ctx.out.note(&say!(ctx.words, "enrol-carried", count = carried));
    }
    ctx.out.next(&say!(ctx.words, "next-step", command = "field sync"));
}

/// What the machine calls itself.
fn machine_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "field".to_owned(),
        name => name.to_owned(),
    }
}
