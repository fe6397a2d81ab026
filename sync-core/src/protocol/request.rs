//! Requests for things the server owns: the content of a `command` body.

use crate::ids::{ComplaintId, EntryId, VisitId, WorkOrderId};
use crate::knowledge::ArticleRef;
use crate::time::Timestamp;
use minicbor::{Decode, Encode};

/// A typed request. Numbers are part of the format and never reused.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(flat)]
pub enum Request {
    /// The technician takes the work order.
    #[n(1)]
    AcceptWorkOrder {
        /// The work order.
        #[n(0)]
        work_order: WorkOrderId,
    },
    /// The technician cannot take it.
    #[n(2)]
    DeclineWorkOrder {
        /// The work order.
        #[n(0)]
        work_order: WorkOrderId,
        /// Why.
        #[n(1)]
        reason: String,
    },
    /// The technician arrived.
    #[n(3)]
    Arrive {
        /// The visit.
        #[n(0)]
        visit: VisitId,
    },
    /// The technician was there in vain.
    #[n(4)]
    NoAccess {
        /// The visit.
        #[n(0)]
        visit: VisitId,
        /// Code such as `nobody_home`.
        #[n(1)]
        reason: String,
    },
    /// The visit is done; its work order can be reviewed.
    #[n(5)]
    Finish {
        /// The visit.
        #[n(0)]
        visit: VisitId,
        /// Code such as `resolved_on_site`.
        #[n(1)]
        outcome: String,
    },
    /// A complaint met in the field.
    #[n(6)]
    OpenComplaint(#[n(0)] NewComplaint),
    /// A grumble: ten seconds to file, no complaint needed.
    #[n(7)]
    Grumble {
        /// What was heard.
        #[n(0)]
        text: String,
        /// Category code, if it has one.
        #[n(1)]
        category: Option<String>,
        /// Place in words, if it was said.
        #[n(2)]
        place: Option<String>,
    },
    /// A promise made to the customer gets its deadline on the complaint.
    #[n(8)]
    Promise {
        /// The visit it was made on.
        #[n(0)]
        visit: VisitId,
        /// Its entry in the visit document.
        #[n(1)]
        entry: EntryId,
        /// When it is due.
        #[n(2)]
        due: Timestamp,
        /// The version of the article that it rests on.
        #[n(3)]
        relied_on: Option<ArticleRef>,
    },
    /// The contact data of the visit's complaint are others than the card says. What is absent stays.
    #[n(10)]
    CorrectContact {
        /// The visit on which that was found.
        #[n(0)]
        visit: VisitId,
        /// The customer's name.
        #[n(1)]
        name: Option<String>,
        /// The customer's phone.
        #[n(2)]
        phone: Option<String>,
        /// Where the complaint is about.
        #[n(3)]
        address: Option<String>,
        /// Why.
        #[n(4)]
        reason: String,
    },
    /// A question to an expert seat about the complaint of the visit.
    #[n(11)]
    AskExpert {
        /// The visit on which it arose.
        #[n(0)]
        visit: VisitId,
        /// Who is to answer: the code of a discipline.
        #[n(1)]
        skill: String,
        /// What is asked.
        #[n(2)]
        question: String,
    },
    /// The bytes of a photo are lost for good on this device.
    #[n(9)]
    PhotoUnavailable {
        /// The visit.
        #[n(0)]
        visit: VisitId,
        /// Its entry in the visit document.
        #[n(1)]
        entry: EntryId,
        /// Why.
        #[n(2)]
        reason: String,
    },
}

/// Characters of what a customer says.
pub const SUMMARY_CHARS_MAX: usize = 4_000;
/// Characters of a question to an expert seat.
pub const QUESTION_CHARS_MAX: usize = 2_000;
/// Characters of an address.
pub const ADDRESS_CHARS_MAX: usize = 300;
/// Characters of a name or number.
pub const WORD_CHARS_MAX: usize = 100;

/// A complaint born in the field, with the visit that investigates it at once.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct NewComplaint {
    /// Minted by the device.
    #[n(0)]
    pub complaint: ComplaintId,
    /// The visit opened with it, `None` when nobody investigates yet.
    #[n(1)]
    pub visit: Option<VisitId>,
    /// Number given to the customer at once; stays valid as an alias.
    #[n(2)]
    pub provisional_number: String,
    /// `power`, `gas`, `telecom` or `water`.
    #[n(3)]
    pub utility: String,
    /// Category code.
    #[n(4)]
    pub category: String,
    /// What the customer says.
    #[n(5)]
    pub summary: String,
    /// Where.
    #[n(6)]
    pub address: String,
    /// Customer's name, if given.
    #[n(7)]
    pub customer_name: Option<String>,
    /// Customer's phone, if given.
    #[n(8)]
    pub customer_phone: Option<String>,
    /// Meter number, if read.
    #[n(9)]
    pub meter_no: Option<String>,
    /// Whether those who are sent must not learn who complains; absent in requests of older clients.
    #[n(10)]
    pub confidential: Option<bool>,
}

/// A request that this build does not know, or that is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request is unknown to this version")]
pub struct UnknownRequest;

impl Request {
    /// The bytes of a command's `request`.
    pub fn encode(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("encoding into memory cannot fail")
    }

    /// Reads the bytes of a command's `request`.
    ///
    /// # Errors
    /// When they come from a newer version or are damaged; the command is then refused, not lost.
    pub fn decode(bytes: &[u8]) -> Result<Self, UnknownRequest> {
        minicbor::decode(bytes).map_err(|_| UnknownRequest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_of_before_articles_is_read_and_still_written_alike() {
        let (visit, entry) = (VisitId::from_bytes([1; 16]), EntryId::from_bytes([2; 16]));
        let due = Timestamp::from_unix_ms(7);
        let plain = Request::Promise { visit, entry, due, relied_on: None };
        let mut old = vec![0x84, 0x08, 0x50];
        old.extend([1; 16]);
        old.push(0x50);
        old.extend([2; 16]);
        old.push(0x07);
        assert_eq!(Request::decode(&old), Ok(plain));
        let article = crate::ids::ArticleId::from_bytes([3; 16]);
        let resting =
            Request::Promise { visit, entry, due, relied_on: Some(ArticleRef { article, version: 2 }) };
        assert_eq!(Request::decode(&resting.encode()), Ok(resting));
    }
}
