//! What checklists promise.

use super::*;
use crate::complaints::tests::Bureau;
use axum::http::Method;
use serde_json::json;
use std::collections::BTreeSet;
use sync_core::protocol::ItemKind;

#[test]
fn built_in_checklists_are_sound() {
    let codes: BTreeSet<&str> = built_in().iter().map(|template| template.code.as_str()).collect();
    assert_eq!(codes.len(), built_in().len());
    for utility in Utility::ALL {
        assert!(codes.contains(usual_for(*utility)), "{utility}");
    }
    for template in built_in() {
        let items: BTreeSet<&str> = template.items.iter().map(|item| item.code.as_str()).collect();
        assert_eq!(items.len(), template.items.len(), "{}", template.code);
        for item in &template.items {
            assert!(item.code.starts_with(&format!("{}.", template.code)), "{}", item.code);
            assert!(!item.zh.is_empty() && !item.en.is_empty(), "{}", item.code);
            match &item.kind {
                ItemKind::Photo { role } => assert!(CodeTable::PhotoRoles.find(role).is_some(), "{role}"),
                ItemKind::MeterCheck { of } => assert!(!of.is_empty(), "{}", item.code),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn a_new_version_stands_beside_the_old_one() {
    Bureau::for_each_engine(|bureau| async move {
        let body = json!({ "zh": "通用", "en": "General", "items": [
            { "code": "general.seen", "zh": "所见", "en": "Seen", "kind": { "type": "text" }, "required": true } ] });
        let put = async |who: &str, version: u32, body: &serde_json::Value| {
            let path = format!("/v1/checklists/general/versions/{version}");
            bureau.test.call(Method::PUT, &path).header("authorization", who).json(body).send().await
        };
        assert_eq!(put(&bureau.clerk.1, 2, &body).await.status, 403);
        assert_eq!(put(&bureau.lead.1, 1, &body).await.json["code"], "precondition-failed");
        assert_eq!(put(&bureau.lead.1, 2, &json!({ "zh": "x", "en": "x", "items": [] })).await.status, 422);
        assert_eq!(put(&bureau.lead.1, 2, &body).await.status, 201);
        let old = bureau.get("/v1/checklists/general/versions/1").await.json;
        assert_eq!(old["items"][0]["code"], "general.identity");
        let newest = bureau.get("/v1/checklists").await.json;
        let general = newest.as_array().unwrap().iter().find(|c| c["code"] == "general").unwrap();
        assert_eq!((general["version"].as_u64(), general["items"].as_array().unwrap().len()), (Some(2), 1));
        // A restart does not bring the built-in version back.
        let mut tx = bureau.test.app.store.write().await.unwrap();
        publish_built_in(&mut tx, bureau.test.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(bureau.get("/v1/checklists").await.json, newest);
    })
    .await;
}
