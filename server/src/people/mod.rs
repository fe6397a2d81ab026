//! Persons: accounts, roles with their scopes, and sessions of those who work in the office.
//!
//! Technicians are people, too: their devices act for them. Passwords are hashed with argon2id, session tokens are
//! stored as hashes only. The last administrator can be neither disabled nor deprived of the role.

mod api;
mod attempts;
pub mod cli;
mod kept_forms;
mod model;
mod pages;
mod password;
mod phone;
mod sessions;
mod sign_in;
mod sql;
#[cfg(test)]
pub(crate) mod tests;

pub use api::routes;
pub use attempts::{Limit, count_failure, is_exhausted};
pub(crate) use kept_forms::{KeptForm, author_of_form, keep_form, kept_form};
pub use model::{Grant, NewPerson, PeopleError, Person, Role, RoleError};
pub(crate) use pages::pages;
pub use password::{PasswordPlaces, generate_password};
pub use phone::has_phone;
#[cfg(test)]
pub(crate) use sessions::token_hash;
pub use sessions::{COOKIE, OpenSession, find_session};
pub(crate) use sessions::{form_token, touch as touch_session};
pub(crate) use sign_in::{
    change_password, choose_language, cookie_of, end_other_sessions, no_cookie, sign_in, sign_out,
};
pub(crate) use sql::roles_of;
pub(crate) use sql::{Offered, holders_of, names, office_people, technicians, units, works_somebody_for};
pub use sql::{create, disable, enable, find, find_by_login, list, set_password, set_roles, update};
