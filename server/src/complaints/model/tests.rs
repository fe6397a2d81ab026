//! States, deadlines and numbers of complaints.

use super::*;

#[test]
fn each_step_fits_only_where_it_makes_sense() {
    use Act::*;
    use State::*;
    for (state, act, expected) in [
        (State::Received, Accept, Some(Accepted)),
        (Accepted, Accept, Some(Accepted)),
        (Closed, Accept, None),
        (State::Received, Assign, Some(Assigned)),
        (Reopened, Assign, Some(Assigned)),
        (Answered, Assign, Some(Answered)),
        (Closed, Assign, None),
        (Withdrawn, Assign, None),
        (Assigned, Investigate, Some(Investigated)),
        (Answered, Investigate, Some(ReturnVisited)),
        (Assigned, Review, None),
        (Investigated, Review, Some(Reviewed)),
        (Accepted, Review, None),
        (Accepted, ReviewWithoutVisit, Some(Reviewed)),
        (Assigned, ReviewWithoutVisit, Some(Reviewed)),
        (Investigated, Act::Rework, Some(State::Rework)),
        (Answered, Act::Rework, None),
        (Reviewed, Answer, Some(Answered)),
        (Investigated, Answer, None),
        (Reviewed, Close, None),
        (Answered, Close, Some(Closed)),
        (Closed, Close, Some(Closed)),
        (Closed, Withdraw, None),
        (Assigned, Withdraw, Some(Withdrawn)),
        (Withdrawn, Reopen, Some(Reopened)),
        (Assigned, Reopen, None),
        (Closed, LateWork, Some(Reopened)),
        (Assigned, LateWork, Some(Assigned)),
    ] {
        assert_eq!(next_state(state, act).ok(), expected, "{act:?} when {state}");
    }
}

#[test]
fn every_step_may_be_repeated() {
    for act in
        [Act::Accept, Act::Assign, Act::Investigate, Act::Review, Act::Rework, Act::Answer, Act::Withdraw]
    {
        for state in State::ALL {
            let Ok(once) = next_state(*state, act) else { continue };
            if act != Act::Investigate {
                assert_eq!(next_state(once, act), Ok(once), "{act:?} from {state}");
            }
        }
    }
}

#[test]
fn numbers_have_four_digits_or_more() {
    for (year, place, text) in
        [(2026, 417, "C-2026-0417"), (2026, 1, "C-2026-0001"), (2026, 12345, "C-2026-12345")]
    {
        assert_eq!(number_text(year, place), text);
    }
}

#[test]
fn a_phone_number_is_known_however_it_is_written() {
    for (phone, digits) in [
        ("+86 138-0013-8000", Some("13800138000")),
        ("13800138000", Some("13800138000")),
        ("(010) 8288 1234", Some("01082881234")),
        ("110", None),
        ("", None),
    ] {
        assert_eq!(phone_digits(phone).as_deref(), digits, "{phone}");
    }
}
