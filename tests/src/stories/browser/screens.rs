//! Pictures of pages for the documents.

use crate::harness::Browser;
use data_encoding::BASE64;
use serde_json::json;
use std::path::PathBuf;

/// Most bytes of one picture.
const BYTES_MAX: usize = 45_000;
/// Most bytes of a picture of a long page.
const BYTES_OF_LONG_MAX: usize = 130_000;
/// Pixels from top to bottom from which on a page is long; the picture of a list ends before, between two rows.
const LONG: u64 = 1500;
/// Pages that are shown in Chinese, too, on a wide and on a narrow screen. The others are shown in English: two pictures
/// of each would be twice the bytes and tell nothing more.
const IN_CHINESE: [&str; 8] = [
    "start",
    "queue",
    "complaints-id",
    "conflicts-conflict_id",
    "complaints-new",
    "visits-id-history",
    "devices",
    "photos-sha256",
];

/// Pages that only work without scripts, or look like another one.
const LIKE_OTHERS: [&str; 3] = ["queue-news", "complaints-id-news", "photos-sha256-original"];

/// A folder for pictures.
pub(super) struct Screens(PathBuf);

impl Screens {
    /// The folder that `FIELDLOOP_SCREENS` names.
    pub(super) fn wanted() -> Option<Self> {
        std::env::var_os("FIELDLOOP_SCREENS").map(|folder| Self(PathBuf::from(folder)))
    }

    /// Takes a picture of the page that is open, if there should be one in this language and width.
    pub(super) async fn take(&self, browser: &Browser, name: &str, language: &str, width: u32) {
        if LIKE_OTHERS.contains(&name) {
            return;
        }
        let begins_at = top_of(name);
        let name = match width {
            1200 if language == "en" || IN_CHINESE.contains(&name) => format!("{name}.{language}.webp"),
            _ if language == "zh-CN" && IN_CHINESE.contains(&name) => {
                format!("{name}.{language}.narrow.webp")
            }
            _ => return,
        };
        let top = "return Math.round(document.querySelector(arguments[0]).offsetTop)";
        let top = browser.run(top, &json!([begins_at])).await.as_u64().unwrap_or(0);
        let whole = browser.run("return document.documentElement.scrollHeight", &json!([])).await;
        let whole = whole.as_u64().unwrap_or(900).max(900);
        let end = if whole - top > LONG { end_of_row(browser, top + LONG).await } else { whole };
        let height = end - top;
        let bytes_max = if height > LONG { BYTES_OF_LONG_MAX } else { BYTES_MAX };
        for (scale, quality) in [(0.8, 50), (0.8, 30), (0.7, 30), (0.6, 30), (0.5, 25), (0.4, 20)] {
            let picture = browser.chromium(
                "Page.captureScreenshot",
                json!({
                    "format": "webp", "quality": quality, "captureBeyondViewport": true,
                    "clip": { "x": 0, "y": top, "width": width, "height": height, "scale": scale },
                }),
            );
            let picture = picture.await;
            let picture = picture["data"].as_str().expect("a picture is text in base 64").as_bytes();
            let bytes = BASE64.decode(picture).expect("a picture is text in base 64");
            if bytes.len() <= bytes_max {
                std::fs::write(self.0.join(&name), bytes).expect("the folder of pictures can be written");
                return;
            }
        }
        panic!("{name} does not fit into {bytes_max} bytes");
    }
}

/// The lower edge of the last row of a list that ends above this while the list goes on; else that of the page.
async fn end_of_row(browser: &Browser, most: u64) -> u64 {
    let script = "for (const list of document.querySelectorAll('tbody')) {
            const ends = [...list.rows].map((row) => row.getBoundingClientRect().bottom + scrollY);
            const above = ends.filter((end) => end <= arguments[0]);
            if (above.length > 0 && above.length < ends.length) return Math.round(Math.max(...above));
        }
        return document.documentElement.scrollHeight";
    browser.run(script, &json!([most])).await.as_u64().unwrap_or(most)
}

/// Where a picture begins.
fn top_of(name: &str) -> &'static str {
    if name == "record-visits" { "#visits" } else { "html" }
}
