//! What the pages of the knowledge base promise.

use super::Changed;
use super::article::{self, ArticlePage, May};
use super::edit::{self, EditPage, Preview};
use super::list::{ArticleLine, ListPage};
use crate::complaints::pages::sections::Options;
use crate::complaints::tests::Bureau;
use crate::knowledge::bodies::ArticleList;
use crate::knowledge::difference::Line;
use crate::pages::testing::{Browser, HOSTILE, check, shells};
use crate::testing::TestApp;

fn hostile() -> String {
    HOSTILE.to_owned()
}

fn changes() -> Vec<Changed> {
    let lines = vec![Line::Same(hostile()), Line::Gone(hostile()), Line::New(hostile())];
    vec![Changed { part: hostile(), lines }]
}

#[test]
fn every_page_can_be_rendered() {
    let pairs = || vec![(hostile(), hostile())];
    let texts = || vec![("zh-CN", hostile(), hostile()), ("en", hostile(), hostile())];
    for shell in shells() {
        for (list, rows) in ArticleList::ALL.iter().flat_map(|list| [(*list, 0), (*list, 1)]) {
            let line = || ArticleLine {
                id: hostile(),
                number: hostile(),
                title: hostile(),
                kind: hostile(),
                categories: hostile(),
                validity: hostile(),
                standing: ("good", hostile()),
                waits: true,
                changed: hostile(),
            };
            let (q, next) = (hostile(), Some("/knowledge?after=x".to_owned()));
            check(&ListPage {
                shell: shell.clone(),
                list,
                q,
                rows: (0..rows).map(|_| line()).collect(),
                next,
            });
        }
        let all = May { write: true, approve: true, own: true, withdraw: true };
        for (may, before) in
            [(May::default(), None), (all, Some((1, changes()))), (all, Some((1, Vec::new())))]
        {
            check(&ArticlePage {
                shell: shell.clone(),
                id: hostile(),
                number: hostile(),
                version: 1,
                kind: hostile(),
                title: hostile(),
                standing: ("info", hostile()),
                text_version: 2,
                texts: texts(),
                changes: hostile(),
                facts: pairs(),
                source: before.is_some().then(|| (hostile(), hostile())),
                before,
                versions: vec![(2, ("", hostile()), hostile())],
                acts: vec![(hostile(), Some(hostile()), hostile())],
                promises: 2,
                may,
                typed: article::Typed::default(),
                failure: Some(hostile()),
            });
        }
        for (article, against) in [(None, None), (Some((hostile(), hostile())), Some((1, changes())))] {
            let preview = Some(Preview { texts: texts(), against });
            check(&EditPage {
                source: article.is_none().then(|| (hostile(), hostile())),
                shell: shell.clone(),
                article,
                kinds: pairs(),
                visibilities: pairs(),
                categories: vec![Options { title: hostile(), options: pairs() }],
                regions: pairs(),
                typed: edit::Typed { body_zh: hostile(), ..edit::Typed::default() },
                preview,
                failure: Some(hostile()),
            });
        }
    }
}

fn version(html: &str) -> String {
    html.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_article_is_written_previewed_approved_by_another_and_who_was_slower_keeps_their_words() {
    let bureau = Bureau::of(TestApp::sqlite().await).await;
    let (clerk, lead) =
        (Browser::of(&bureau.test, &bureau.clerk.1), Browser::of(&bureau.test, &bureau.lead.1));
    let form = clerk.get("/knowledge/new").await;
    for words in ["<optgroup label=", "value=\"power.BIZ.metering\"", "Technicians and the office"] {
        assert!(form.html().contains(words), "{words}: {}", form.html());
    }
    let fields = |body: &'static str, version: &'static str, act: &'static str| {
        [
            ("kind", "faq"),
            ("version", version),
            ("title_zh", "误差退费多久到账"),
            ("body_zh", body),
            ("categories", "power.BIZ.metering"),
            ("visibility", "technician"),
            ("valid_from", "2025-11-01"),
            ("act", act),
        ]
    };
    let preview = clerk.post("/knowledge/new", &fields("一个月内到账。", "0", "preview")).await;
    assert!(preview.html().contains("<bdi>一个月内到账。</bdi>"), "{}", preview.html());
    let wrong = clerk.post("/knowledge/new", &fields("", "0", "save")).await;
    assert!(wrong.status == 422 && wrong.html().contains("误差退费多久到账\""), "{}", wrong.html());
    let made = clerk.post("/knowledge/new", &fields("一个月内到账。", "0", "save")).await;
    let here = made.location().split('?').next().unwrap().to_owned();
    let own = clerk.get(&here).await;
    assert!(own.html().contains("Draft") && !own.html().contains("/approval\""), "{}", own.html());
    let start = lead.get("/").await;
    assert!(start.html().contains("Articles to approve"), "{}", start.html());
    let page = lead.get(&here).await;
    let at = version(page.html());
    let done =
        lead.post(&format!("{here}/approval"), &[("version", at.as_str()), ("article_version", "1")]).await;
    assert_eq!(done.location(), format!("{here}?said=article-approved"), "{}", done.html());
    assert!(lead.get("/knowledge?q=%E9%80%80%E8%B4%B9").await.html().contains("误差退费多久到账"));
    assert!(lead.get("/knowledge?q=%E8%B4%B9%E9%80%80").await.html().contains("No article contains"));

    let draft = format!("{here}/draft");
    let begun = clerk.get(&draft).await;
    assert!(begun.html().contains("一个月内到账。</textarea>"), "{}", begun.html());
    let shown = clerk.post(&draft, &fields("约半年到账。", "2", "preview")).await;
    for words in ["Different from version 1", "<del><bdi>一个月内到账。</bdi></del>", "约半年到账。"]
    {
        assert!(shown.html().contains(words), "{words}: {}", shown.html());
    }
    let saved = clerk.post(&draft, &fields("约半年到账。", "2", "save")).await;
    assert_eq!(saved.location(), format!("{here}?said=article-written"), "{}", saved.html());
    let slower = lead.post(&draft, &fields("三个月到账。", "2", "save")).await;
    assert_eq!(slower.status, 412);
    for words in ["三个月到账。</textarea>", "<del><bdi>约半年到账。</bdi></del>", "meanwhile"] {
        assert!(slower.html().contains(words), "{words}: {}", slower.html());
    }
    assert_eq!(version(slower.html()), "3");
    let reviewer = Browser::of(&bureau.test, &bureau.reviewer.1);
    let mute = reviewer.post(&format!("{here}/withdrawal"), &[("version", "3"), ("reason", " ")]).await;
    assert_eq!(mute.status, 422, "{}", mute.html());
    let gone = reviewer.post(&format!("{here}/withdrawal"), &[("version", "3"), ("reason", "取消")]).await;
    assert_eq!(gone.location(), format!("{here}?said=article-withdrawn"), "{}", gone.html());
    assert!(reviewer.get("/knowledge?list=withdrawn").await.html().contains("误差退费多久到账"));
}
