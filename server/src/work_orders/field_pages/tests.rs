//! The pages of field work and grumbles.

use super::*;
use crate::pages::testing::{HOSTILE, check, shells};

#[test]
fn field_work_and_grumbles_can_be_shown() {
    for shell in shells() {
        let text = || HOSTILE.to_owned();
        let id = || CommandId::from_bytes([1; 16]).to_string();
        let work = FieldWork {
            field_work_id: id(),
            complaint_id: id(),
            visit_id: None,
            provisional_number: text(),
            reason: "complaint_invalid".to_owned(),
            request_json: text(),
            person_id: id(),
            device_id: id(),
            claimed_at_ms: 0,
            received_at_ms: 0,
            linked_to: None,
            linked_by: None,
            linked_at_ms: None,
            rejected_at_ms: Some(0),
            rejected_by: Some(id()),
            rejected_reason: Some(text()),
        };
        let next = Some("/arrivals".to_owned());
        for rejected in [None, Some((text(), 0, text()))] {
            let typed = vec![(text(), text())];
            let rows = vec![FieldWorkRow { work: work.clone(), person: text(), typed, rejected }];
            let refused = Some(Refused { id: id(), number: text(), reason: text(), failure: text() });
            check(&FieldWorkPage {
                shell: shell.clone(),
                rejected: false,
                rows,
                next: next.clone(),
                refused,
            });
        }
        let (rows, refused) = (Vec::new(), None);
        check(&FieldWorkPage { shell: shell.clone(), rejected: true, rows, next: None, refused });
        let grumble = Grumble {
            grumble_id: id(),
            text: text(),
            category: None,
            place: Some(text()),
            person_id: id(),
            device_id: id(),
            claimed_at_ms: 0,
            received_at_ms: 0,
            complaint_id: None,
            settled_by: None,
            settled_at_ms: None,
            settled_note: None,
        };
        check(&GrumblesPage {
            shell: shell.clone(),
            rows: vec![(grumble, text())],
            next,
            failure: Some(text()),
        });
        check(&GrumblesPage { shell, rows: Vec::new(), next: None, failure: None });
    }
}
