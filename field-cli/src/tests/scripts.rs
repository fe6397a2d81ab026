//! What scripts read when something is typed wrong, and what people read in its place.

use super::Desk;
use crate::i18n::Lang;

#[tokio::test]
async fn a_wrong_command_line_is_a_json_line_for_scripts_and_has_no_english_placeholders() {
    let desk = Desk::new(Lang::ZhCn).await;
    for line in [&["--json", "bogus"][..], &["visit", "start", "--json"], &["meter", "--json"]] {
        let answer = desk.run(line).await;
        let json: serde_json::Value = serde_json::from_str(answer.text.trim()).expect("one JSON line");
        assert_eq!((answer.exit, &json["event"]), (2, &"error".into()), "{json}");
    }
    desk.ok(&["visit", "start", "0417"]).await;
    for line in [&["answer", "appearance_ok"][..], &["answer", "load", "maybe"], &["hazard", "add"]] {
        let text = desk.run(line).await.text;
        assert!(!text.contains("<VALUE>") && !text.contains("<CODE>"), "{text}");
    }
}
