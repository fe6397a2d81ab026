//! What work orders, assignments and commands promise.

use super::commands::{FieldCommand, handle};
use crate::complaints::tests::Bureau;
use crate::devices::tests::a_device;
use crate::exchange::members;
use crate::store::statement;
use axum::http::Method;
use serde_json::{Value, json};
use sync_core::ids::{CommandId, ComplaintId, DeviceId, EntryId, PersonId, VisitId};
use sync_core::protocol::{AssignmentCard, CardCustomer, CommandOutcome, NewComplaint, Request};

/// A technician with a device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Technician {
    pub(crate) person: PersonId,
    pub(crate) device: DeviceId,
}

impl Technician {
    pub(crate) async fn of(bureau: &Bureau, name: &str) -> Self {
        let (device, _) = a_device(&bureau.test, name).await;
        let mut tx = bureau.test.app.store.read().await.unwrap();
        let known = crate::devices::find(&mut tx, device).await.unwrap().unwrap();
        Self { person: known.person_id, device }
    }

    /// Sends a command an hour after it was recorded, as the exchange would hand it over.
    pub(crate) async fn ask(self, bureau: &Bureau, request: Request) -> CommandOutcome {
        let app = &bureau.test.app;
        let now = app.clock.now();
        let command = FieldCommand {
            id: CommandId::from_entropy(now, app.entropy.bytes()),
            device: self.device,
            person: self.person,
            claimed_at: now.plus_ms(-3_600_000),
            received_at: now,
        };
        let mut tx = app.store.write().await.unwrap();
        let outcome = handle(&mut tx, &command, &request).await.unwrap();
        tx.commit().await.unwrap();
        outcome
    }

    /// The card of a visit in this person's pack.
    async fn card(self, bureau: &Bureau, visit: VisitId) -> Option<AssignmentCard> {
        const SQL: &str = "SELECT json FROM pack_items WHERE audience = $1 AND pack_key = $2";
        let mut tx = bureau.test.app.store.read().await.unwrap();
        let (audience, key) = (format!("person/{}", self.person), format!("assignment/{visit}"));
        let json: Option<Option<String>> =
            statement(SQL).bind(audience).bind(key).value_if_any(&mut tx).await.unwrap();
        json.flatten().map(|json| serde_json::from_str(&json).unwrap())
    }
}

/// A complaint with a work order and a visit for today.
pub(crate) struct Dispatched {
    pub(crate) complaint: String,
    pub(crate) order: String,
    pub(crate) visit: VisitId,
}

impl Dispatched {
    pub(crate) async fn of(bureau: &Bureau) -> Self {
        Self::about(bureau, &json!({})).await
    }

    /// The same about a complaint with these fields changed.
    pub(crate) async fn about(bureau: &Bureau, changes: &Value) -> Self {
        let complaint = bureau.complaint(changes).await["complaint_id"].as_str().unwrap().to_owned();
        let order = bureau.post(&format!("/v1/complaints/{complaint}/work-orders"), &json!({})).await;
        assert_eq!(order.status, 201, "{}", order.json);
        let order = order.json["work_order_id"].as_str().unwrap().to_owned();
        let form = json!({ "planned_on": "2025-11-21" });
        let visit = bureau.post(&format!("/v1/work-orders/{order}/visits"), &form).await;
        assert_eq!(visit.status, 201, "{}", visit.json);
        let visit = visit.json["visit_id"].as_str().unwrap().parse().unwrap();
        Self { complaint, order, visit }
    }

    pub(crate) async fn send(&self, bureau: &Bureau, technician: Technician) -> Value {
        let path = format!("/v1/visits/{}/assignments/{}", self.visit, technician.person);
        let answer = bureau.call(Method::PUT, &path).send().await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        answer.json
    }

    async fn take_off(&self, bureau: &Bureau, technician: Technician) {
        let path = format!("/v1/visits/{}/assignments/{}?reason=sick", self.visit, technician.person);
        let answer = bureau.call(Method::DELETE, &path).send().await;
        assert_eq!(answer.status, 200, "{}", answer.json);
    }

    async fn record(&self, bureau: &Bureau) -> Value {
        bureau.get(&format!("/v1/complaints/{}", self.complaint)).await.json
    }

    fn order_id(&self) -> sync_core::ids::WorkOrderId {
        self.order.parse().unwrap()
    }
}

async fn crew(bureau: &Bureau, visit: VisitId) -> Vec<PersonId> {
    let mut tx = bureau.test.app.store.read().await.unwrap();
    members::of_visit(&mut tx, visit).await.unwrap()
}

fn refusal(outcome: &CommandOutcome) -> &str {
    match outcome {
        CommandOutcome::Refused { reason, .. } => reason,
        CommandOutcome::Done { .. } => "done",
    }
}

#[tokio::test]
async fn who_is_sent_carries_the_card_and_the_card_follows_its_sources() {
    Bureau::for_each_engine(|bureau| async move {
        let dispatched = Dispatched::of(&bureau).await;
        let (zhang, wang) = (Technician::of(&bureau, "zhang").await, Technician::of(&bureau, "wang").await);
        dispatched.send(&bureau, zhang).await;
        dispatched.send(&bureau, zhang).await;
        dispatched.send(&bureau, wang).await;
        let mut both = [zhang.person, wang.person];
        both.sort();
        assert_eq!(crew(&bureau, dispatched.visit).await, both);
        let card = zhang.card(&bureau, dispatched.visit).await.unwrap();
        assert_eq!((card.number.as_str(), card.state.as_str()), ("C-2025-0001", "assigned"));
        assert_eq!((card.checklist.as_str(), card.crew.len()), ("meter-accuracy", 2));
        assert_eq!(card.customer.phone.as_deref(), Some("138 0013 8000"));
        assert_eq!(dispatched.record(&bureau).await["state"], "assigned");
        let patch = json!({ "customer_phone": "139 0000 1111" });
        bureau
            .call(Method::PATCH, &format!("/v1/complaints/{}", dispatched.complaint))
            .json(&patch)
            .send()
            .await;
        let card = wang.card(&bureau, dispatched.visit).await.unwrap();
        assert_eq!(card.customer.phone.as_deref(), Some("139 0000 1111"));
        dispatched.take_off(&bureau, zhang).await;
        assert_eq!(crew(&bureau, dispatched.visit).await, [wang.person]);
        assert_eq!(zhang.card(&bureau, dispatched.visit).await, None);
        assert_eq!(wang.card(&bureau, dispatched.visit).await.unwrap().crew, [wang.person]);
        dispatched.send(&bureau, zhang).await;
        assert_eq!(crew(&bureau, dispatched.visit).await, both, "sent again");
        let clerk = format!("/v1/visits/{}/assignments/{}", dispatched.visit, bureau.clerk.0);
        assert_eq!(bureau.call(Method::PUT, &clerk).send().await.json["code"], "person-not-sendable");
    })
    .await;
}

#[tokio::test]
async fn commands_move_the_visit_and_the_complaint_on() {
    Bureau::for_each_engine(|bureau| async move {
        let dispatched = Dispatched::of(&bureau).await;
        let zhang = Technician::of(&bureau, "zhang").await;
        dispatched.send(&bureau, zhang).await;
        let (work_order, visit) = (dispatched.order_id(), dispatched.visit);
        zhang.ask(&bureau, Request::AcceptWorkOrder { work_order }).await;
        assert_eq!(zhang.card(&bureau, visit).await.unwrap().state, "accepted");
        zhang.ask(&bureau, Request::Arrive { visit }).await;
        let entry = EntryId::from_bytes([5; 16]);
        let due = bureau.test.app.clock.now().plus_ms(86_400_000);
        zhang.ask(&bureau, Request::Promise { visit, entry, due, relied_on: None }).await;
        zhang.ask(&bureau, Request::PhotoUnavailable { visit, entry, reason: "卡坏了".into() }).await;
        let done = Request::Finish { visit, outcome: "resolved_on_site".into() };
        assert_eq!(zhang.ask(&bureau, done).await, CommandOutcome::Done { reference: None });
        let record = dispatched.record(&bureau).await;
        assert_eq!(record["state"], "investigated");
        assert_eq!(record["work_orders"][0]["state"], "done");
        assert_eq!(record["visits"][0]["state"], "finished");
        assert_eq!(record["visits"][0]["outcome"], "resolved_on_site");
        assert_eq!(record["visits"][0]["promises"][0]["kept_at_ms"], Value::Null);
        let path = format!("/v1/visits/{visit}/promises/{entry}/fulfilment");
        assert_eq!(bureau.call(Method::POST, &path).send().await.status, 204);
        let unknown = format!("/v1/visits/{visit}/promises/{}/fulfilment", EntryId::from_bytes([6; 16]));
        assert_eq!(bureau.call(Method::POST, &unknown).send().await.status, 404);
        let finished =
            record["timeline"].as_array().unwrap().iter().find(|e| e["kind"] == "finished").unwrap();
        assert_eq!(finished["recorded_offline"], true);
        assert_eq!(finished["device"]["device_id"], json!(zhang.device));
        assert_eq!(finished["person"]["person_id"], json!(zhang.person));
        let late = Request::NoAccess { visit, reason: "nobody_home".into() };
        assert_eq!(refusal(&zhang.ask(&bureau, late).await), "visit_state");
    })
    .await;
}

#[tokio::test]
async fn a_declined_work_order_goes_back_to_the_office() {
    Bureau::for_each_engine(|bureau| async move {
        let dispatched = Dispatched::of(&bureau).await;
        let (zhang, wang) = (Technician::of(&bureau, "zhang").await, Technician::of(&bureau, "wang").await);
        dispatched.send(&bureau, zhang).await;
        let work_order = dispatched.order_id();
        assert_eq!(
            refusal(&wang.ask(&bureau, Request::AcceptWorkOrder { work_order }).await),
            "not_assigned"
        );
        let decline = Request::DeclineWorkOrder { work_order, reason: "车坏了".into() };
        assert_eq!(refusal(&zhang.ask(&bureau, decline.clone()).await), "done");
        assert!(crew(&bureau, dispatched.visit).await.is_empty());
        let record = dispatched.record(&bureau).await;
        assert_eq!(record["work_orders"][0]["state"], "declined");
        assert_eq!(record["visits"][0]["assignments"][0]["end_reason"], "declined: 车坏了");
        assert_eq!(refusal(&zhang.ask(&bureau, decline.clone()).await), "reassigned");
        dispatched.send(&bureau, wang).await;
        wang.ask(&bureau, Request::Arrive { visit: dispatched.visit }).await;
        assert_eq!(refusal(&wang.ask(&bureau, decline).await), "visit_begun");
    })
    .await;
}

#[tokio::test]
async fn work_of_somebody_who_lost_the_visit_is_noted_and_ends_nothing() {
    Bureau::for_each_engine(|bureau| async move {
        let dispatched = Dispatched::of(&bureau).await;
        let (zhang, wang) = (Technician::of(&bureau, "zhang").await, Technician::of(&bureau, "wang").await);
        let visit = dispatched.visit;
        dispatched.send(&bureau, zhang).await;
        dispatched.take_off(&bureau, zhang).await;
        dispatched.send(&bureau, wang).await;
        let finish = Request::Finish { visit, outcome: "resolved_on_site".into() };
        assert_eq!(refusal(&zhang.ask(&bureau, finish).await), "done");
        let record = dispatched.record(&bureau).await;
        assert_eq!(
            (&record["visits"][0]["state"], &record["state"]),
            (&json!("planned"), &json!("assigned"))
        );
        let entry = record["timeline"].as_array().unwrap().iter().find(|e| e["kind"] == "finished").unwrap();
        assert_eq!(entry["detail"]["late"], true);
        let strangers = Technician::of(&bureau, "li").await.ask(&bureau, Request::Arrive { visit }).await;
        assert_eq!(refusal(&strangers), "not_assigned");
        let unknown = Request::Arrive { visit: VisitId::from_bytes([1; 16]) };
        assert_eq!(refusal(&wang.ask(&bureau, unknown).await), "visit_unknown");
    })
    .await;
}

pub(crate) fn born_in_the_field(n: u8, category: &str) -> NewComplaint {
    NewComplaint {
        complaint: ComplaintId::from_bytes([n; 16]),
        visit: Some(VisitId::from_bytes([n; 16])),
        provisional_number: format!("P-07-{n:03}"),
        utility: "power".into(),
        category: category.into(),
        summary: "邻居家电表也走得快".into(),
        address: "梧桐路 14 号".into(),
        customer_name: Some("王强".into()),
        customer_phone: None,
        meter_no: Some("B778899".into()),
        confidential: None,
    }
}

#[tokio::test]
async fn a_complaint_born_in_the_field_keeps_its_provisional_number() {
    Bureau::for_each_engine(|bureau| async move {
        let zhang = Technician::of(&bureau, "zhang").await;
        let new = born_in_the_field(7, "power.BIZ.metering");
        let opened = CommandOutcome::Done { reference: Some("C-2025-0001".into()) };
        assert_eq!(zhang.ask(&bureau, Request::OpenComplaint(new.clone())).await, opened);
        assert_eq!(zhang.ask(&bureau, Request::OpenComplaint(new)).await, opened, "repeated");
        let record = bureau.get("/v1/complaints/P-07-007").await.json;
        assert_eq!((&record["number"], &record["state"]), (&json!("C-2025-0001"), &json!("assigned")));
        assert_eq!((&record["channel"], &record["aliases"][0]), (&json!("field"), &json!("P-07-007")));
        assert_eq!(record["opened_on"]["device_id"], json!(zhang.device));
        let visit = &record["visits"][0];
        assert_eq!((&visit["origin"], &visit["state"]), (&json!("field"), &json!("on_site")));
        assert!(visit["arrived"]["claimed_at_ms"].is_i64(), "who opens it is there: {visit:#}");
        let card = zhang.card(&bureau, VisitId::from_bytes([7; 16])).await.unwrap();
        assert_eq!((card.number.as_str(), card.work_order), ("C-2025-0001", None));
        assert_eq!(card.aliases, ["P-07-007"]);
        let mut taken = born_in_the_field(8, "power.BIZ.metering");
        taken.provisional_number = "P-07-007".into();
        assert_eq!(refusal(&zhang.ask(&bureau, Request::OpenComplaint(taken)).await), "number_taken");
    })
    .await;
}

#[tokio::test]
async fn refused_field_work_waits_until_it_is_linked() {
    Bureau::for_each_engine(|bureau| async move {
        let zhang = Technician::of(&bureau, "zhang").await;
        let complaint = bureau.complaint(&json!({})).await["complaint_id"].as_str().unwrap().to_owned();
        let visit = VisitId::from_bytes([9; 16]);
        let refused = zhang.ask(&bureau, Request::OpenComplaint(born_in_the_field(9, "power.NEW"))).await;
        assert_eq!(refusal(&refused), "category_unknown");
        assert_eq!(crew(&bureau, visit).await, [zhang.person], "the visit stays its author's");
        zhang.ask(&bureau, Request::Finish { visit, outcome: "resolved_on_site".into() }).await;
        let waiting = bureau.get("/v1/field-work").await.json;
        let item = &waiting["items"][0];
        assert_eq!(
            (&item["reason"], &item["typed"]["meter_no"]),
            (&json!("category_unknown"), &json!("B778899"))
        );
        let work = format!("/v1/field-work/{}", item["field_work_id"].as_str().unwrap());
        let reject = async |reason: &str| {
            bureau.post(&format!("{work}/rejection"), &json!({ "reason": reason })).await.status
        };
        assert_eq!([reject(" ").await, reject("a prank").await, reject("twice").await], [422, 204, 409]);
        assert!(bureau.get("/v1/field-work").await.json["items"].as_array().unwrap().is_empty(), "set aside");
        let path = format!("{work}/link");
        let to = json!({ "complaint_id": complaint, "reason": "same house" });
        let no_reason = json!({ "complaint_id": complaint, "reason": " " });
        assert_eq!(bureau.post(&path, &no_reason).await.json["errors"][0]["pointer"], "/reason");
        let linked = bureau.post(&path, &to).await;
        assert_eq!(linked.status, 200, "{}", linked.json);
        assert_eq!(linked.json["linked_reason"], "same house");
        assert_eq!(bureau.post(&path, &to).await.status, 200, "repeated");
        assert!(bureau.get("/v1/field-work").await.json["items"].as_array().unwrap().is_empty());
        let record = bureau.get("/v1/complaints/P-07-009").await.json;
        assert_eq!((&record["number"], &record["state"]), (&json!("C-2025-0001"), &json!("investigated")));
        assert_eq!(record["visits"][0]["visit_id"], json!(visit));
        let timeline = record["timeline"].as_array().unwrap();
        let event = timeline.iter().find(|entry| entry["kind"] == "field_work_linked").unwrap();
        assert_eq!((&event["reason"], &event["visit_id"]), (&json!("same house"), &json!(visit)));
    })
    .await;
}

#[tokio::test]
async fn grumbles_wait_in_the_queue_of_prevention() {
    Bureau::for_each_engine(|bureau| async move {
        let zhang = Technician::of(&bureau, "zhang").await;
        let grumble = |text: &str| Request::Grumble {
            text: text.into(),
            category: Some("power.PQ".into()),
            place: Some("东关".into()),
        };
        assert_eq!(refusal(&zhang.ask(&bureau, grumble("晚上老跳闸")).await), "done");
        assert_eq!(refusal(&zhang.ask(&bureau, grumble(" \u{0}")).await), "text_missing");
        let queue = bureau.get("/v1/grumbles").await.json;
        assert_eq!(queue["items"].as_array().unwrap().len(), 1);
        let path = format!("/v1/grumbles/{}/settlement", queue["items"][0]["grumble_id"].as_str().unwrap());
        assert_eq!(bureau.post(&path, &json!({ "note": "已列入改造" })).await.status, 204);
        assert_eq!(bureau.post(&path, &json!({ "note": "再次" })).await.json["code"], "grumble-unknown");
        assert!(bureau.get("/v1/grumbles").await.json["items"].as_array().unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_visit_that_has_not_begun_can_be_called_off() {
    Bureau::for_each_engine(|bureau| async move {
        let dispatched = Dispatched::of(&bureau).await;
        let zhang = Technician::of(&bureau, "zhang").await;
        dispatched.send(&bureau, zhang).await;
        let path = format!("/v1/visits/{}/cancellation", dispatched.visit);
        let answer = bureau.post(&path, &json!({ "reason": "客户改期" })).await;
        assert_eq!(answer.json["state"], "cancelled", "{}", answer.json);
        let record = dispatched.record(&bureau).await;
        assert_eq!(record["work_orders"][0]["state"], "planned", "nobody declined");
        assert!(crew(&bureau, dispatched.visit).await.is_empty());
        let told = {
            let mut tx = bureau.test.app.store.read().await.unwrap();
            super::cancellations(&mut tx, &[dispatched.visit]).await.unwrap()
        };
        let told = &told[&dispatched.visit];
        assert_eq!((told.reason.as_str(), told.at), ("客户改期", bureau.test.app.clock.now()));
        assert!(!told.by.is_empty());
        // They were there without a network: what they did stays on record, the visit stays called off.
        let visit = dispatched.visit;
        zhang.ask(&bureau, Request::Arrive { visit }).await;
        zhang.ask(&bureau, Request::Finish { visit, outcome: "normal".into() }).await;
        let visit = &dispatched.record(&bureau).await["visits"][0];
        assert!(visit["arrived"]["claimed_at_ms"].is_i64() && visit["ended"]["claimed_at_ms"].is_i64());
        assert_eq!((&visit["state"], &visit["outcome"]), (&json!("cancelled"), &json!("normal")));
        let again = format!("/v1/visits/{}/assignments/{}", dispatched.visit, zhang.person);
        assert_eq!(bureau.call(Method::PUT, &again).send().await.json["code"], "visit-state");
    })
    .await;
}

#[tokio::test]
async fn who_asked_not_to_be_named_stands_on_no_card_and_in_no_words_of_it() {
    Bureau::for_each_engine(|bureau| async move {
        let zhang = Technician::of(&bureau, "zhang").await;
        let words = json!({ "confidential": true, "summary": "李梅（138 0013 8000）说抄表员没来过", "remedy_sought": "不要让抄表员知道" });
        let sent = Dispatched::about(&bureau, &words).await;
        sent.send(&bureau, zhang).await;
        let card = zhang.card(&bureau, sent.visit).await.unwrap();
        assert!(card.confidential);
        assert_eq!(card.customer, CardCustomer::default());
        assert_eq!(card.summary, "▇▇（▇▇）说抄表员没来过");
        assert_eq!(card.address, "梧桐路 12 号 3 单元 602", "the matter is there");
        let record = sent.record(&bureau).await;
        assert_eq!(record["customer"]["name"], "李梅", "the office knows: {record}");
        assert_eq!(record["confidential"], true);

        let ask = json!({ "skill": "metering", "question": "李女士家的表要换吗？" });
        crate::sections::tests::with_rules(&bureau).await;
        let asked = bureau.post(&format!("/v1/complaints/{}/expert-requests", sent.complaint), &ask).await;
        assert_eq!(asked.status, 201, "{}", asked.json);
        let card = zhang.card(&bureau, sent.visit).await.unwrap();
        assert_eq!(card.expert_requests[0].question, "▇▇家的表要换吗？");

        // Asked for later, it is taken from those who carry the card already; and the other way round.
        let open = Dispatched::of(&bureau).await;
        open.send(&bureau, zhang).await;
        let before = zhang.card(&bureau, open.visit).await.unwrap();
        assert_eq!((before.confidential, before.customer.name.as_deref()), (false, Some("李梅")));
        for (confidential, name) in [(true, None), (false, Some("李梅"))] {
            let path = format!("/v1/complaints/{}", open.complaint);
            let version = open.record(&bureau).await["version"].clone();
            let patch = bureau.call(Method::PATCH, &path).header("if-match", format!("\"{version}\""));
            let answer = patch.json(&json!({ "confidential": confidential })).send().await;
            assert_eq!(answer.status, 200, "{}", answer.json);
            let card = zhang.card(&bureau, open.visit).await.unwrap();
            assert_eq!((card.confidential, card.customer.name.as_deref()), (confidential, name));
        }
    })
    .await;
}
