//! The bar of the photo lane; off a terminal a line per photo, for scripts an event.

use crate::ctx::Ctx;
use crate::i18n::say;
use crate::render;
use crate::store::PhotoRow;
use crate::sync::{PhotoEnd, PhotoWatch};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// How often scripts are told about one photo.
const EVENT_EVERY: Duration = Duration::from_secs(1);
/// What the bar shows: photos, name, bytes, rate, remaining time.
const TEMPLATE: &str =
    "↑ {prefix}  {msg}  {bar:24}  {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta}";
/// The same without the name, for a terminal that does not hold it.
const TEMPLATE_NARROW: &str =
    "↑ {prefix} {wide_bar} {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}";
/// Columns that the bar with a name takes.
const NAMED_COLUMNS: u16 = 110;

/// Shows how photos travel.
pub(super) struct Progress<'c> {
    ctx: &'c mut Ctx,
    bar: Option<ProgressBar>,
    total: usize,
    ended: usize,
    /// Bytes of photos that have ended.
    behind: u64,
    told: Instant,
}

impl<'c> Progress<'c> {
    pub(super) fn new(ctx: &'c mut Ctx, photos: &[PhotoRow]) -> Self {
        let bytes = photos.iter().map(|photo| photo.blob.size_bytes).sum();
        let bar = (ctx.out.bars && !photos.is_empty()).then(|| {
            let narrow = ctx.out.columns.is_some_and(|columns| columns < NAMED_COLUMNS);
            let template = if narrow { TEMPLATE_NARROW } else { TEMPLATE };
            let style = ProgressStyle::with_template(template).expect("the templates are constant");
            ProgressBar::new(bytes).with_style(style.progress_chars("━╸ "))
        });
        Self { ctx, bar, total: photos.len(), ended: 0, behind: 0, told: Instant::now() }
    }

    /// Takes the bar away.
    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn event(&mut self, photo: &PhotoRow, sent: u64) {
        let blob = &photo.blob;
        let fields = json!({
            "kind": "photo", "sha256": blob.sha256, "visit": photo.visit, "sent": sent, "total": blob.size_bytes,
        });
        self.ctx.out.event("progress", fields);
        self.told = Instant::now();
    }
}

impl PhotoWatch for Progress<'_> {
    fn begins(&mut self, photo: &PhotoRow, offset: u64) {
        if let Some(bar) = &self.bar {
            bar.set_prefix(format!("{}/{}", self.ended + 1, self.total));
            bar.set_message(photo.blob.original_name.clone());
            bar.set_position(self.behind + offset);
            // What was there before must not count as speed.
            bar.reset_eta();
        }
        self.event(photo, offset);
    }

    fn moved(&mut self, photo: &PhotoRow, offset: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(self.behind + offset);
        }
        if self.told.elapsed() >= EVENT_EVERY {
            self.event(photo, offset);
        }
    }

    fn ended(&mut self, photo: &PhotoRow, end: &PhotoEnd) {
        let blob = &photo.blob;
        self.ended += 1;
        self.behind += blob.size_bytes;
        if let Some(bar) = &self.bar {
            bar.set_position(self.behind);
        }
        let name = blob.original_name.clone();
        let (code, line) = match end {
            PhotoEnd::Arrived(_) | PhotoEnd::Had => {
                self.event(photo, blob.size_bytes);
                let size = render::bytes(blob.size_bytes);
                let line = say!(
                    self.ctx.words,
                    "sync-photo",
                    number = self.ended,
                    total = self.total,
                    file = name,
                    size = size
                );
                if self.bar.is_none() {
                    self.ctx.out.note(&line);
                }
                return;
            }
            PhotoEnd::Refused(code, title) => {
                let known = self.ctx.words.code("photo-refusal", code);
                let reason = if known == *code { title.clone() } else { known };
                ("photo-refused", say!(self.ctx.words, "sync-photo-refused", file = name, reason = reason))
            }
            PhotoEnd::Lost => ("photo-lost", say!(self.ctx.words, "sync-photo-lost", file = name)),
        };
        if let Some(bar) = &self.bar {
            bar.suspend(|| self.ctx.out.warn(code, &line));
        } else {
            self.ctx.out.warn(code, &line);
        }
    }
}
