//! `fieldloop device …`: devices managed on the server's terminal, on the same database.

use super::history::{self, DeviceAct};
use super::invitations::Invitation;
use super::life::{self, By};
use super::model::{DeviceError, DeviceStatus};
use super::{invite, sql};
use crate::app::App;
use crate::pages::Words;
use crate::people::{self, PeopleError, Role};
use crate::problem::{Language, Problem};
use crate::store::{StoreError, Tx};
use clap::Subcommand;
use jiff::Timestamp as Moment;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use sync_core::ids::DeviceId;
use sync_core::log::fingerprint;
use sync_core::time::Timestamp;

/// Acts that `history` shows at once.
const ACTS_SHOWN: u32 = 50;

/// What can be done with devices.
#[derive(Debug, Subcommand)]
pub enum DeviceCommand {
    /// Invite a device for a person: prints a QR, a link and a code for typing.
    Invite {
        /// Login name of the person.
        login_name: String,
        /// What people shall call the device; default: it names itself.
        #[arg(long, default_value = "", hide_default_value = true)]
        label: String,
        /// No QR.
        #[arg(long)]
        no_qr: bool,
    },
    /// List devices: last contact, version, what is not sent yet, clock.
    List,
    /// Take a device's access away, at once.
    Revoke {
        /// Id or short name (dev-07).
        device: String,
        /// Why: lost, stolen, handed back …
        #[arg(long)]
        reason: String,
    },
    /// Refuse a device until it is resumed: nothing on it is lost.
    Suspend {
        /// Id or short name (dev-07).
        device: String,
        /// Why: under repair, holder on leave …
        #[arg(long)]
        reason: String,
    },
    /// End a suspension.
    Resume {
        /// Id or short name (dev-07).
        device: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Order that a device forgets everything once it has handed over what it holds; revokes it.
    Wipe {
        /// Id or short name (dev-07).
        device: String,
        /// Why: lost, stolen, handed on …
        #[arg(long)]
        reason: String,
        /// Take the order back; the device stays revoked.
        #[arg(long)]
        withdraw: bool,
    },
    /// What happened to a device, newest first.
    History {
        /// Id or short name (dev-07).
        device: String,
        /// Begin before this number of the server log.
        #[arg(long)]
        before: Option<i64>,
    },
    /// Give a device another label.
    Rename {
        /// Id or short name (dev-07).
        device: String,
        /// The label.
        label: String,
    },
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum DeviceCommandError {
    /// The device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The person.
    #[error(transparent)]
    Person(#[from] PeopleError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DeviceCommandError> for Problem {
    fn from(error: DeviceCommandError) -> Self {
        match error {
            DeviceCommandError::Device(error) => error.into(),
            DeviceCommandError::Person(error) => error.into(),
            DeviceCommandError::Store(error) => error.into(),
        }
    }
}

/// Runs a command and returns what the terminal should show.
pub async fn run(
    app: &App,
    command: DeviceCommand,
    language: Language,
) -> Result<String, DeviceCommandError> {
    let zh = language == Language::ZhCn;
    let now = app.clock.now();
    match command {
        DeviceCommand::Invite { login_name, label, no_qr } => {
            let person = people::find_by_login(&mut app.store.read().await?, &login_name).await?;
            let person = person.ok_or(PeopleError::Unknown { who: login_name })?;
            let invitation = invite(app, person.person_id, &label, None).await?;
            let mut text = invitation_text(&invitation, !no_qr, now, zh);
            if !person.roles.iter().any(|grant| grant.role == Role::Technician) {
                text += &no_technician(&person.login_name, zh);
            }
            Ok(text)
        }
        DeviceCommand::List => {
            let devices = sql::list(&mut app.store.read().await?, 0, 10_000).await?;
            Ok(devices.iter().map(|device| device_line(device, zh)).collect())
        }
        DeviceCommand::Revoke { device, reason } => {
            let name = act(app, &device, async |tx, id, by| life::revoke(tx, id, &reason, by).await).await?;
            Ok(if zh {
                format!("✓ {name} 已撤销：下一次请求起生效，已送达的内容保留\n")
            } else {
                format!("✓ {name} is revoked from its next request on; what it sent stays\n")
            })
        }
        DeviceCommand::Suspend { device, reason } => {
            let name = act(app, &device, async |tx, id, by| life::suspend(tx, id, &reason, by).await).await?;
            Ok(if zh {
                format!("✓ {name} 已暂停：下一次请求起生效，设备上的内容保留待恢复\n")
            } else {
                format!("✓ {name} is suspended from its next request on; what it holds waits on it\n")
            })
        }
        DeviceCommand::Resume { device, reason } => {
            let name = act(app, &device, async |tx, id, by| life::resume(tx, id, &reason, by).await).await?;
            Ok(if zh { format!("✓ {name} 已恢复\n") } else { format!("✓ {name} is resumed\n") })
        }
        DeviceCommand::Wipe { device, reason, withdraw: true } => {
            let name =
                act(app, &device, async |tx, id, by| life::withdraw_wipe(tx, id, &reason, by).await).await?;
            Ok(if zh {
                format!("✓ {name} 的清除命令已撤回；设备仍为已撤销\n")
            } else {
                format!("✓ {name} need not wipe itself; it stays revoked\n")
            })
        }
        DeviceCommand::Wipe { device, reason, withdraw: false } => {
            let name =
                act(app, &device, async |tx, id, by| life::order_wipe(tx, id, &reason, by).await).await?;
            Ok(if zh {
                format!("✓ {name} 已撤销，将在下次联系时先移交内容、再自行清除并确认\n")
            } else {
                format!(
                    "✓ {name} is revoked; at its next contact it hands over what it holds, wipes itself and confirms\n"
                )
            })
        }
        DeviceCommand::History { device, before } => {
            let mut tx = app.store.read().await?;
            let device = sql::find_by_name(&mut tx, &device).await?.device_id;
            let before = before.unwrap_or(i64::MAX);
            let acts = history::acts(&mut tx, device, before, ACTS_SHOWN).await?;
            let words = Words::new(language);
            Ok(acts.iter().map(|act| act_line(act, words)).collect())
        }
        DeviceCommand::Rename { device, label } => {
            let mut tx = app.store.write().await?;
            let device = sql::find_by_name(&mut tx, &device).await?;
            sql::rename(&mut tx, device.device_id, &label, None, now).await?;
            tx.commit().await?;
            let label = label.trim();
            Ok(format!("✓ {} → {label}\n", device.name()))
        }
    }
}

/// One act on a device in a transaction of its own; returns the device's short name.
async fn act(
    app: &App,
    which: &str,
    run: impl AsyncFnOnce(&mut Tx, DeviceId, By) -> Result<(), DeviceError>,
) -> Result<String, DeviceCommandError> {
    let mut tx = app.store.write().await?;
    let device = sql::find_by_name(&mut tx, which).await?;
    run(&mut tx, device.device_id, By::terminal(app.clock.now())).await?;
    tx.commit().await?;
    Ok(device.name())
}

/// Number, time, what was done, and why; beside the words the kind by which the server log knows it.
fn act_line(act: &DeviceAct, words: Words) -> String {
    let reason = act.reason.as_deref().map(|reason| format!("  ({reason})")).unwrap_or_default();
    let what = words.code("log", &act.kind);
    format!("{:>8}  {}  {what} · {}{reason}\n", act.log_index, time(act.at), act.kind)
}

fn invitation_text(invitation: &Invitation, qr: bool, now: Timestamp, zh: bool) -> String {
    let mut text = String::new();
    if qr && let Ok(code) = QrCode::new(invitation.link.as_bytes()) {
        // Dark modules are drawn as blanks on a dark terminal; every scanner reads both.
        text += &code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
        text.push('\n');
    }
    let minutes = invitation.expires_at.since_ms(now) / 60_000;
    let (name, link, code) = (&invitation.person_name, &invitation.link, &invitation.code);
    if zh {
        text +=
            &format!("  人员  {name}\n  链接  {link}\n  登记码  {code}\n  {minutes} 分钟内有效，仅限一次\n");
    } else {
        text +=
            &format!("  For   {name}\n  Link  {link}\n  Code  {code}\n  good for {minutes} minutes, once\n");
    }
    text
}

/// Whoever is invited without being a technician should not find out on site.
fn no_technician(login_name: &str, zh: bool) -> String {
    if zh {
        format!(
            "! 此人没有技术员角色，设备会被拒绝：fieldloop user role {login_name} technician …（写出全部角色）\n"
        )
    } else {
        format!(
            "! This person is no technician, the device will be refused: fieldloop user role {login_name} technician … \
             (with all other roles)\n"
        )
    }
}

/// Who has which device, what it last told, and below how to recognise it.
fn device_line(status: &DeviceStatus, zh: bool) -> String {
    let device = &status.device;
    let said = match &status.last_contact {
        Some((at, contact)) => {
            let (at, offset_s) = (time(*at), contact.clock_offset_ms / 1000);
            let (version, envelopes, photos) =
                (&contact.app_version, contact.outbox_envelopes, contact.outbox_photos);
            if zh {
                format!("最近 {at} · 版本 {version} · 待发 {envelopes} 条/{photos} 张 · 时钟 {offset_s:+} 秒")
            } else {
                format!(
                    "seen {at} · version {version} · unsent {envelopes} acts/{photos} photos · clock {offset_s:+} s"
                )
            }
        }
        None if zh => "尚未同步".to_owned(),
        None => "not seen yet".to_owned(),
    };
    let mut lines = vec![format!("{}  {} · {}", device.name(), device.label, status.person_name), said];
    let mut tell = |zh_word, en_word, at, reason: &str| {
        let word = if zh { zh_word } else { en_word };
        lines.push(format!("! {word} {} ({reason})", time(at)));
    };
    if let Some(suspended) = &device.suspended {
        tell("已暂停", "suspended", suspended.at, &suspended.reason);
    }
    if let Some(at) = device.person_disabled {
        let why = if zh {
            "设备被拒绝，恢复人员后即可使用"
        } else {
            "its devices are refused until access is given back"
        };
        tell("人员已停用", "person without access since", at, why);
    }
    if let Some(at) = device.forked {
        let why = if zh {
            "文件夹被复制并在两处使用；请为每个可信之处重新发出邀请，然后撤销此设备"
        } else {
            "its folder was copied and used in two places; invite each honest place anew, then revoke this device"
        };
        tell("日志分叉", "log forked", at, why);
    }
    if let Some(revoked) = &device.revoked {
        tell("已撤销", "revoked", revoked.at, &revoked.reason);
    }
    match (&device.wipe, device.wiped) {
        (Some(wipe), None) => tell("清除命令", "wipe ordered", wipe.asked_at, &wipe.reason),
        (wipe, Some(at)) => {
            tell("已清除", "wiped", at, wipe.as_ref().map_or("", |wipe| wipe.reason.as_str()));
        }
        (None, None) => {}
    }
    if !device.person_is_technician {
        lines.push(
            if zh {
                "! 人员不具有技术员角色，设备被拒绝"
            } else {
                "! its person is no technician: the device is refused"
            }
            .to_owned(),
        );
    }
    lines.push(format!("{} · {}", fingerprint(&device.key), device.device_id));
    lines.join("\n        ") + "\n"
}

fn time(at: Timestamp) -> String {
    let moment = Moment::from_millisecond(at.unix_ms());
    moment
        .map_or_else(|_| at.unix_ms().to_string(), |moment| moment.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}
