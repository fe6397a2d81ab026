//! The tables `people` and `person_roles`. Every change leaves its entry in the server log.

use super::model::{Grant, NewPerson, PeopleError, Person, Role, check_text, fold_login};
use crate::audit::{self, Detail, EntryKind, NewEntry};
use crate::problem::Language;
use crate::store::{StoreError, Tx, assembled, statement};
use sqlx_macros::FromRow;
use sync_core::ids::PersonId;
use sync_core::time::Timestamp;

const COLUMNS: &str =
    "person_id, login_name, display_name, staff_number, password_hash, disabled_at_ms, version";

#[derive(FromRow)]
struct PersonRow {
    person_id: String,
    login_name: String,
    display_name: String,
    staff_number: String,
    password_hash: Option<String>,
    disabled_at_ms: Option<i64>,
    version: i64,
}

/// Somebody who is offered for choosing.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Offered {
    /// Who.
    pub(crate) person_id: String,
    /// Name.
    pub(crate) display_name: String,
    /// Number in the utility; may be empty.
    pub(crate) staff_number: String,
}

/// Creates an account without a password.
pub async fn create(
    tx: &mut Tx,
    person_id: PersonId,
    new: &NewPerson,
    by: Option<PersonId>,
    now: Timestamp,
) -> Result<Person, PeopleError> {
    const SQL: &str = "INSERT INTO people (person_id, login_name, display_name, staff_number, created_at_ms, \
        version) VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (login_name) DO NOTHING";
    let login_name = fold_login(&new.login_name)?;
    let display_name = check_text("display_name", &new.display_name, 1..=80)?;
    let staff_number = check_text("staff_number", &new.staff_number, 0..=40)?;
    let id = person_id.to_string();
    let inserted = statement(SQL)
        .bind(&id)
        .bind(&login_name)
        .bind(display_name)
        .bind(staff_number)
        .bind(now.unix_ms())
        .execute(tx)
        .await?;
    if inserted == 0 {
        return Err(PeopleError::LoginTaken { login_name });
    }
    insert_roles(tx, person_id, &new.roles).await?;
    record(tx, EntryKind::PERSON_CREATED, person_id, by, now, roles_text(&new.roles)).await?;
    must_find(tx, person_id).await
}

/// The person with this id.
pub async fn find(tx: &mut Tx, person_id: PersonId) -> Result<Option<Person>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM people WHERE person_id = $1");
    Ok(find_row(tx, sql, person_id.to_string()).await?.map(|(person, _)| person))
}

/// The person with this login name.
pub async fn find_by_login(tx: &mut Tx, login_name: &str) -> Result<Option<Person>, PeopleError> {
    Ok(find_with_hash(tx, login_name).await?.map(|(person, _)| person))
}

/// The person with this login name and the hash of the password.
pub(super) async fn find_with_hash(
    tx: &mut Tx,
    login_name: &str,
) -> Result<Option<(Person, Option<String>)>, PeopleError> {
    let Ok(login_name) = fold_login(login_name) else { return Ok(None) };
    let sql = format!("SELECT {COLUMNS} FROM people WHERE login_name = $1");
    Ok(find_row(tx, sql, login_name).await?)
}

async fn find_row(
    tx: &mut Tx,
    sql: String,
    key: String,
) -> Result<Option<(Person, Option<String>)>, StoreError> {
    let row: Option<PersonRow> = assembled(sql).bind(key).row_if_any(tx).await?;
    let Some(row) = row else { return Ok(None) };
    let hash = row.password_hash.clone();
    let mut person = to_person(row)?;
    person.roles = roles_of(tx, person.person_id).await?;
    Ok(Some((person, hash)))
}

/// People after this login name, in the order of their login names.
pub async fn list(tx: &mut Tx, after: &str, limit: u32) -> Result<Vec<Person>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM people WHERE login_name > $1 ORDER BY login_name LIMIT $2");
    let rows: Vec<PersonRow> = assembled(sql).bind(after).bind(i64::from(limit)).rows(tx).await?;
    let mut people = Vec::with_capacity(rows.len());
    for row in rows {
        let mut person = to_person(row)?;
        person.roles = roles_of(tx, person.person_id).await?;
        people.push(person);
    }
    Ok(people)
}

/// Everybody with an account, in the order of their names: id and name.
pub(crate) async fn names(tx: &mut Tx) -> Result<Vec<(String, String)>, StoreError> {
    const SQL: &str = "SELECT person_id, display_name FROM people ORDER BY display_name, person_id LIMIT $1";
    statement(SQL).bind(NAMES_MAX).rows(tx).await
}

/// Most people who are offered as a filter.
const NAMES_MAX: i64 = 2_000;

/// Most people who are offered for choosing.
const OFFERED_MAX: i64 = 500;

/// Everybody who may be sent to a site, in the order of their names.
pub(crate) async fn technicians(tx: &mut Tx) -> Result<Vec<Offered>, StoreError> {
    const SQL: &str = "SELECT p.person_id, p.display_name, p.staff_number FROM people p \
        WHERE p.disabled_at_ms IS NULL AND EXISTS (SELECT 1 FROM person_roles r \
        WHERE r.person_id = p.person_id AND r.role = 'technician') ORDER BY p.display_name, p.person_id LIMIT $1";
    statement(SQL).bind(OFFERED_MAX).rows(tx).await
}

/// Everybody who works with complaints in the office, in the order of their names.
pub(crate) async fn office_people(tx: &mut Tx) -> Result<Vec<Offered>, StoreError> {
    const SQL: &str = "SELECT p.person_id, p.display_name, p.staff_number FROM people p \
        WHERE p.disabled_at_ms IS NULL AND EXISTS (SELECT 1 FROM person_roles r WHERE r.person_id = p.person_id \
        AND r.role IN ('clerk', 'reviewer', 'lead')) ORDER BY p.display_name, p.person_id LIMIT $1";
    statement(SQL).bind(OFFERED_MAX).rows(tx).await
}

/// Everybody with an account in use who has this role, with where it holds, in the order of their ids.
pub(crate) async fn holders_of(tx: &mut Tx, role: Role) -> Result<Vec<(PersonId, Grant)>, StoreError> {
    const SQL: &str = "SELECT r.person_id, r.unit, r.region FROM person_roles r JOIN people p \
        ON p.person_id = r.person_id WHERE p.disabled_at_ms IS NULL AND r.role = $1 \
        ORDER BY r.person_id, r.unit, r.region LIMIT $2";
    let rows: Vec<(String, String, String)> =
        statement(SQL).bind(role.as_str()).bind(NAMES_MAX).rows(tx).await?;
    rows.into_iter()
        .map(|(id, unit, region)| {
            Ok((
                StoreError::parse_column("person_roles", "person_id", &id, &id)?,
                Grant { role, unit, region },
            ))
        })
        .collect()
}

/// Most organisation units that are offered for choosing.
const UNITS_MAX: i64 = 500;

/// The organisation units that somebody's roles name, in their order.
pub(crate) async fn units(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "SELECT DISTINCT unit FROM person_roles WHERE unit <> '' ORDER BY unit LIMIT $1";
    statement(SQL).bind(UNITS_MAX).values(tx).await
}

/// Whether somebody's roles name this organisation unit.
pub(crate) async fn works_somebody_for(tx: &mut Tx, unit: &str) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT unit FROM person_roles WHERE unit <> '' AND unit = $1 LIMIT 1";
    let found: Option<String> = statement(SQL).bind(unit).value_if_any(tx).await?;
    Ok(found.is_some())
}

/// Changes display name and staff number. `version` guards against overwriting somebody else's change.
pub async fn update(
    tx: &mut Tx,
    person_id: PersonId,
    (display_name, staff_number): (&str, &str),
    version: Option<i64>,
    by: Option<PersonId>,
    now: Timestamp,
) -> Result<Person, PeopleError> {
    const SQL: &str = "UPDATE people SET display_name = $2, staff_number = $3 WHERE person_id = $1";
    let display_name = check_text("display_name", display_name, 1..=80)?;
    let staff_number = check_text("staff_number", staff_number, 0..=40)?;
    raise_version(tx, person_id, version).await?;
    let id = person_id.to_string();
    statement(SQL).bind(id).bind(display_name).bind(staff_number).execute(tx).await?;
    crate::work_orders::refresh_colleagues_of(tx, person_id).await?;
    let detail = Detail::new().with("changed", "name or staff number");
    record(tx, EntryKind::PERSON_CHANGED, person_id, by, now, detail).await?;
    must_find(tx, person_id).await
}

/// Replaces the roles of a person.
pub async fn set_roles(
    tx: &mut Tx,
    person_id: PersonId,
    roles: &[Grant],
    version: Option<i64>,
    by: Option<PersonId>,
    now: Timestamp,
) -> Result<Person, PeopleError> {
    const DELETE: &str = "DELETE FROM person_roles WHERE person_id = $1";
    raise_version(tx, person_id, version).await?;
    let id = person_id.to_string();
    statement(DELETE).bind(id).execute(tx).await?;
    insert_roles(tx, person_id, roles).await?;
    require_administrator(tx).await?;
    record(tx, EntryKind::PERSON_CHANGED, person_id, by, now, roles_text(roles)).await?;
    must_find(tx, person_id).await
}

/// Sets the hash of a new password and ends all sessions of the person.
pub async fn set_password(
    tx: &mut Tx,
    person_id: PersonId,
    hash: &str,
    by: Option<PersonId>,
    now: Timestamp,
) -> Result<(), PeopleError> {
    replace_hash(tx, person_id, hash, by, now).await?;
    Ok(super::sessions::end_all(tx, person_id, now).await?)
}

/// Sets a password and leaves the sessions alone.
pub(super) async fn replace_hash(
    tx: &mut Tx,
    person_id: PersonId,
    hash: &str,
    by: Option<PersonId>,
    now: Timestamp,
) -> Result<(), PeopleError> {
    const SQL: &str = "UPDATE people SET password_hash = $2 WHERE person_id = $1";
    raise_version(tx, person_id, None).await?;
    let id = person_id.to_string();
    statement(SQL).bind(id).bind(hash).execute(tx).await?;
    Ok(record(tx, EntryKind::PASSWORD_SET, person_id, by, now, Detail::new()).await?)
}

/// Remembers the language of a person's pages: a matter of taste that raises no version and enters no log.
pub(super) async fn set_language(
    tx: &mut Tx,
    person_id: PersonId,
    language: Language,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE people SET language = $2 WHERE person_id = $1";
    let id = person_id.to_string();
    let tag = language.tag();
    statement(SQL).bind(id).bind(tag).execute(tx).await?;
    Ok(())
}

/// Takes a person's access away and ends their sessions. Repeating it keeps the first time.
pub async fn disable(
    tx: &mut Tx,
    person_id: PersonId,
    by: Option<PersonId>,
    now: Timestamp,
) -> Result<(), PeopleError> {
    if must_find(tx, person_id).await?.disabled_at.is_some() {
        return Ok(());
    }
    set_disabled(tx, person_id, Some(now)).await?;
    require_administrator(tx).await?;
    super::sessions::end_all(tx, person_id, now).await?;
    Ok(record(tx, EntryKind::PERSON_DISABLED, person_id, by, now, Detail::new()).await?)
}

/// Gives a person's access back.
pub async fn enable(
    tx: &mut Tx,
    person_id: PersonId,
    by: Option<PersonId>,
    now: Timestamp,
) -> Result<(), PeopleError> {
    if must_find(tx, person_id).await?.disabled_at.is_none() {
        return Ok(());
    }
    set_disabled(tx, person_id, None).await?;
    Ok(record(tx, EntryKind::PERSON_ENABLED, person_id, by, now, Detail::new()).await?)
}

async fn set_disabled(tx: &mut Tx, person_id: PersonId, at: Option<Timestamp>) -> Result<(), PeopleError> {
    const SQL: &str = "UPDATE people SET disabled_at_ms = $2 WHERE person_id = $1";
    raise_version(tx, person_id, None).await?;
    let (id, at_ms) = (person_id.to_string(), at.map(Timestamp::unix_ms));
    statement(SQL).bind(id).bind(at_ms).execute(tx).await?;
    Ok(crate::planned::technicians_changed(tx).await?)
}

async fn must_find(tx: &mut Tx, person_id: PersonId) -> Result<Person, PeopleError> {
    find(tx, person_id).await?.ok_or_else(|| PeopleError::Unknown { who: person_id.to_string() })
}

/// Compare-and-set: the row changes only if it is the one that was read.
async fn raise_version(tx: &mut Tx, person_id: PersonId, expected: Option<i64>) -> Result<(), PeopleError> {
    const SQL: &str = "UPDATE people SET version = version + 1 \
        WHERE person_id = $1 AND version = coalesce($2, version)";
    let id = person_id.to_string();
    let changed = statement(SQL).bind(id).bind(expected).execute(tx).await?;
    if changed == 0 {
        must_find(tx, person_id).await?;
        return Err(PeopleError::Changed);
    }
    Ok(())
}

/// Refuses a state in which nobody could manage people any more. Before the first administrator all is allowed.
async fn require_administrator(tx: &mut Tx) -> Result<(), PeopleError> {
    const SQL: &str = "SELECT CAST(count(*) AS BIGINT), \
        CAST(coalesce(sum(CASE WHEN p.disabled_at_ms IS NULL AND r.role IS NOT NULL THEN 1 ELSE 0 END), 0) AS BIGINT) \
        FROM people p LEFT JOIN person_roles r ON r.person_id = p.person_id AND r.role = 'administrator'";
    let (people, administrators): (i64, i64) = statement(SQL).row(tx).await?;
    if people > 0 && administrators == 0 {
        return Err(PeopleError::LastAdministrator);
    }
    Ok(())
}

async fn insert_roles(tx: &mut Tx, person_id: PersonId, roles: &[Grant]) -> Result<(), PeopleError> {
    const SQL: &str = "INSERT INTO person_roles (person_id, role, unit, region) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (person_id, role, unit, region) DO NOTHING";
    if roles.len() > 50 {
        return Err(PeopleError::Invalid { field: "roles", expected: "at most 50 roles" });
    }
    let id = person_id.to_string();
    for grant in roles {
        let unit = check_text("roles", &grant.unit, 0..=80)?;
        let region = check_text("roles", &grant.region, 0..=80)?;
        let role = grant.role.as_str();
        statement(SQL).bind(&id).bind(role).bind(unit).bind(region).execute(tx).await?;
    }
    Ok(crate::planned::technicians_changed(tx).await?)
}

/// What a person may do.
pub(crate) async fn roles_of(tx: &mut Tx, person_id: PersonId) -> Result<Vec<Grant>, StoreError> {
    const SQL: &str =
        "SELECT role, unit, region FROM person_roles WHERE person_id = $1 ORDER BY role, unit, region";
    let id = person_id.to_string();
    let rows: Vec<(String, String, String)> = statement(SQL).bind(&id).rows(tx).await?;
    rows.into_iter()
        .map(|(role, unit, region)| {
            let role: Role = StoreError::parse_column("person_roles", "role", &id, &role)?;
            Ok(Grant { role, unit, region })
        })
        .collect()
}

fn to_person(row: PersonRow) -> Result<Person, StoreError> {
    let person_id = StoreError::parse_column("people", "person_id", &row.person_id, &row.person_id)?;
    Ok(Person {
        person_id,
        login_name: row.login_name,
        display_name: row.display_name,
        staff_number: row.staff_number,
        has_password: row.password_hash.is_some(),
        disabled_at: row.disabled_at_ms.map(Timestamp::from_unix_ms),
        version: row.version,
        roles: Vec::new(),
    })
}

fn roles_text(roles: &[Grant]) -> Detail {
    let roles: Vec<String> = roles.iter().map(Grant::to_string).collect();
    Detail::new().with("roles", roles.join(" "))
}

pub(super) async fn record(
    tx: &mut Tx,
    kind: EntryKind,
    about: PersonId,
    by: Option<PersonId>,
    now: Timestamp,
    detail: Detail,
) -> Result<(), StoreError> {
    let entry = NewEntry::new(kind, now).by(by).detail(detail.with("person", about));
    audit::append(tx, &entry).await.map(drop)
}
