use super::edit::{EditPage, Typed as EditTyped};
use super::event::{EventPage, May, Typed};
use super::list::{EventLine, ListPage};
use crate::pages::testing::{HOSTILE, check, shells};
use crate::planned::bodies::PlannedList;

fn hostile() -> String {
    HOSTILE.to_owned()
}

#[test]
fn every_page_can_be_rendered() {
    for shell in shells() {
        for (list, rows) in [(PlannedList::Coming, 1), (PlannedList::Over, 0)] {
            let line = || EventLine {
                id: hostile(),
                number: hostile(),
                kind: hostile(),
                utility: hostile(),
                place: hostile(),
                when: hostile(),
                standing: ("info", hostile()),
                due: Some(("bad", hostile())),
            };
            let rows = (0..rows).map(|_| line()).collect();
            check(&ListPage { shell: shell.clone(), list, rows, next: Some(hostile()) });
        }
        let all = May { write: true, submit: true, judge: true, own: true, announce: true, cancel: true };
        for (may, held) in [(May::default(), None), (all, Some(hostile()))] {
            check(&EventPage {
                shell: shell.clone(),
                id: hostile(),
                number: hostile(),
                version: 1,
                event_version: 2,
                kind: hostile(),
                standing: ("info", hostile()),
                due: Some(("bad", hostile())),
                is_late: may.submit,
                wordings: vec![("zh-CN", hostile()), ("en", hostile())],
                held,
                facts: vec![(hostile(), hostile())],
                acts: vec![(hostile(), Some(hostile()), hostile(), true)],
                may,
                typed: Typed::default(),
                failure: Some(hostile()),
            });
        }
        for event in [None, Some((hostile(), hostile()))] {
            let regions = if event.is_none() { Vec::new() } else { vec![(hostile(), hostile())] };
            let typed = EditTyped { wording_zh: hostile(), ..EditTyped::default() };
            check(&EditPage { shell: shell.clone(), event, regions, typed, failure: Some(hostile()) });
        }
    }
}
